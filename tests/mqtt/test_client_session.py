"""The client's session, from its start to its end, against real and scripted brokers: mqtt_as's weaknesses W1 and W5."""

from __future__ import annotations

import time
from pathlib import Path

import paho.mqtt.client as paho
from clientkit import FakeBroker, Peer, both, run
from paho.mqtt.enums import CallbackAPIVersion

from brokers import Mosquitto


def publish(broker: Mosquitto, topic: str, *payloads: str, qos: int = 1, retain: bool = False) -> None:
    """Publish from another client and wait until the broker has it."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect(broker.host, broker.port)
    client.loop_start()
    for payload in payloads:
        client.publish(topic, payload, qos, retain).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()


WAKE = """
    import asyncio, sys
    from kit import client, main

    async def wake():
        c = client(client_id=b"sleeper", clean=False, clean_init=False, queue_len=5)
        await c.connect(quick=True)
        print("present", c.session_present)
        await c.subscribe("cmd/#", 1)
        await asyncio.sleep(0.3)
        await c.disconnect()
        while c.queue._n:
            print(await c.queue.__anext__())
    main(wake)
"""


@both
def test_w01_session_present_is_a_good_answer(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    assert "present False" in run(interpreter, tmp_path, WAKE, mosquitto.host, mosquitto.port)
    publish(mosquitto, "cmd/led", "on", "off")
    for _ in range(2):
        output = run(interpreter, tmp_path, WAKE, mosquitto.host, mosquitto.port)
        assert "present True" in output
        if _ == 0:
            assert "(b'cmd/led', b'on', False)\n(b'cmd/led', b'off', False)" in output
        else:
            assert "cmd/led" not in output  # acknowledged the first time


@both
def test_w01_clean_init_discards_the_old_session_and_starts_a_lasting_one(
    interpreter: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    run(interpreter, tmp_path, WAKE, mosquitto.host, mosquitto.port)
    publish(mosquitto, "cmd/led", "stale")
    code = """
        import asyncio, time
        from kit import client, main

        async def go():
            c = client(client_id=b"sleeper", clean=False, clean_init=True, queue_len=5)
            start = time.time()
            await c.connect(quick=True)
            print("present", c.session_present, "quick", time.time() - start < 1.5)
            await c.subscribe("cmd/#", 1)
            await c.disconnect()
            print(c.queue._n, "stale messages")
            await c.connect(quick=True)
            print("then", c.session_present)
            await c.disconnect()
        main(go)
    """
    output = run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)
    assert "present False quick True" in output
    assert "0 stale messages" in output
    assert "then True" in output


@both
def test_w05_after_disconnect_nothing_is_left(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    code = """
        import asyncio
        from errno import ENOTCONN
        from kit import client, main, tasks, until, Fixed

        states = []
        async def wifi(up):
            states.append(up)
        async def connected(c):
            await c.subscribe("x", 1)
            await asyncio.sleep(60)

        async def go():
            c = client(wifi_coro=wifi, connect_coro=connected)
            await asyncio.sleep(0.01)
            before = tasks()
            for _ in range(3):
                await c.connect(quick=True)
                await asyncio.sleep(0.05)
                assert c.isconnected()
                task = asyncio.create_task(c.disconnect())
                await task
                assert c.isconnected() is False
                await asyncio.sleep(0.05)
                assert tasks() == before, tasks()
                for call in (c.publish("a", "b"), c.publish("a", "b", qos=1), c.subscribe("a"), c.unsubscribe("a")):
                    try:
                        await call
                    except OSError as e:
                        assert e.args[0] == ENOTCONN, e
                    else:
                        assert False, "no error"
            assert states == [True] * 3, states  # leaving is no outage
        main(go)
    """
    run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)


@both
def test_w05_disconnect_waits_for_what_is_due_and_ends_what_waits(interpreter: str, tmp_path: Path) -> None:
    def late(peer: Peer) -> None:
        peer.accept()
        puback = peer.expect(0x30)
        time.sleep(0.3)
        peer.send(b"\x40\x02" + puback[4:6])
        assert peer.packet() == b"\xe0"
        peer.close()

    code = """
        import asyncio
        from kit import client, main

        async def go():
            c = client()
            await c.connect(quick=True)
            task = asyncio.create_task(c.publish("a", "b", qos=1))
            await asyncio.sleep(0.05)
            await c.disconnect()
            await task
            print("published")
        main(go)
    """
    with FakeBroker(late) as broker:
        assert "published" in run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    assert broker.connections == 1


@both
def test_a_publish_that_begins_while_connecting_again_waits_without_spinning(
    interpreter: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """disconnect() wakes all who wait for a connection; whoever comes after the next connect() began waits for that one."""
    code = """
        import asyncio
        from kit import Fixed, MQTTClient, client, main

        class Slow(Fixed):
            async def connect(self, quick=False):
                await asyncio.sleep(0.1)
                self.up = True

        async def go():
            c = client(MQTTClient)
            c.link = link = Slow()
            await c.connect(quick=True)
            await c.disconnect()
            link.up = False
            again = asyncio.create_task(c.connect(quick=True))
            await asyncio.sleep(0)
            publishing = asyncio.create_task(c.publish("t", "m", qos=1))
            turns = 0
            while not c.isconnected() and turns < 100:
                await asyncio.sleep(0.01)
                turns += 1
            await again
            await publishing
            print("turns", 5 <= turns < 100)
            await c.disconnect()
        main(go, 5)
    """
    assert "turns True" in run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)
