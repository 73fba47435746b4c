"""The client and a link or a broker that goes away: mqtt_as's weaknesses W8, W9 and W26."""

from __future__ import annotations

import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from clientkit import FakeBroker, Peer, Program, both, run
from paho.mqtt.enums import CallbackAPIVersion

from brokers import Mosquitto


@both
@pytest.mark.parametrize("present", [0, 1])
def test_w26_unacknowledged_messages_go_out_again_after_a_reconnect(interpreter: str, present: int, tmp_path: Path) -> None:
    seen: list[bytes] = []

    def dies(peer: Peer) -> None:
        peer.accept()
        seen.extend((peer.expect(0x30), peer.expect(0x30)))

    def lives(peer: Peer) -> None:
        peer.accept(present)
        for _ in range(2):
            seen.append(peer.expect(0x30))
            peer.send(b"\x40\x02" + seen[-1][4:6])
        assert peer.packet() == b"\xe0"

    code = """
        import asyncio
        from kit import client, main

        async def go():
            c = client(clean=False, clean_init=False)
            await c.connect(quick=True)
            await asyncio.gather(c.publish("a", "1", qos=1), c.publish("a", "2", qos=1))
            await c.disconnect()
        main(go)
    """
    with FakeBroker(dies, lives) as broker:
        run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    dup = 8 if present else 0
    assert [p[0] for p in seen] == [0x32, 0x32, 0x32 | dup, 0x32 | dup]
    assert [p[1:] for p in seen[:2]] == [p[1:] for p in seen[2:]]  # the same identifiers, in the same order


@both
def test_w08_a_broker_outage_leaves_the_network_alone_and_backs_off(interpreter: str, tmp_path: Path) -> None:
    moments: list[float] = []

    def refuse(peer: Peer) -> None:
        moments.append(time.monotonic())
        if len(moments) in (1, 3):
            peer.accept()
            if len(moments) == 3:
                peer.until_closed()

    code = """
        from kit import Fixed, HOST, PORT, main, until
        from mqtt.client import MQTTClient

        async def go():
            net = Fixed()
            c = MQTTClient({"client_id": "x", "server": HOST, "port": PORT}, net)
            await c.connect(quick=True)
            await until(lambda: not c.isconnected())
            await until(c.isconnected, 14)
            await c.disconnect()
            print(net.calls)
        main(go)
    """
    with FakeBroker(refuse) as broker:
        assert "[]" in run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    assert broker.connections == 3


@both
def test_w09_the_end_of_the_stream_is_noticed_at_once(interpreter: str, tmp_path: Path) -> None:
    def leave(peer: Peer) -> None:
        peer.accept()
        time.sleep(0.2)

    code = """
        import asyncio, time
        from kit import client, main

        async def go():
            c = client(queue_len=1)
            await c.connect(quick=True)
            start = time.time()
            await c.down.wait()
            print("noticed", time.time() - start < 1, c.isconnected())
            c.close()
        main(go)
    """
    with FakeBroker(leave, lambda peer: peer.until_closed()) as broker:
        assert "noticed True False" in run(interpreter, tmp_path, code, "127.0.0.1", broker.port)


@both
def test_a_broker_restart_loses_no_qos_1_message(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    got: list[bytes] = []
    code = """
        import asyncio
        from kit import client, main

        async def go():
            c = client(response_time=2)
            await c.connect(quick=True)
            for n in range(20):
                await c.publish("count", str(n), qos=1, retain=False)
                print("sent", n)
                await asyncio.sleep(0.1)
            await c.disconnect()
        main(go, 30)
    """
    program = Program(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)

    def listen() -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.on_message = lambda _client, _data, message: got.append(message.payload)
        client.connect(mosquitto.host, mosquitto.port)
        client.subscribe("count", 1)
        client.loop_start()
        return client

    listeners = [listen()]
    program.wait_line("sent 3")
    mosquitto.stop()
    listeners[0].loop_stop()
    time.sleep(0.5)
    mosquitto.start()
    listeners.append(listen())
    program.finish(30)
    time.sleep(0.3)
    listeners[1].loop_stop()
    # Those of the first life may have been missed by the listener that joined late, none that was sent after it joined.
    assert b"19" in got
    assert sorted({int(n) for n in got}) == list(range(min(map(int, got)), 20))


@both
def test_a_link_that_raises_something_else_ends_the_client_and_hides_nothing(
    interpreter: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """The program's own wifi_connect() with a mistake in it: its traceback is shown, and no call waits for ever."""
    code = """
        import asyncio, errno, gc
        from kit import MQTTClient, client, main, until

        class Own(MQTTClient):
            joins = 0
            async def wifi_connect(self, quick=False):
                self.joins += 1
                if self.joins > 1:
                    raise TypeError("a mistake")

        async def go():
            c = client(Own)
            await c.connect(quick=True)
            c._lost("by the test")
            try:
                await c.publish("t", "m", qos=1)
            except OSError as e:
                print(e.args[0] == errno.ENOTCONN)
            await asyncio.sleep(0.05)
            c.joins = 0
            await c.connect(quick=True)  # and may be begun anew
            await c.publish("t", "m", qos=1)
            await c.disconnect()
            gc.collect()
        main(go)
    """
    output = run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)
    assert "True" in output.splitlines()
    assert "TypeError: a mistake" in output
