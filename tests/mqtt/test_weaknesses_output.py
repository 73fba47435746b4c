"""What goes out, and the waits around it: mqtt_as's weaknesses W5 and W8 (time), W16, W18 and W19 (bytes), W26 (the burst)."""

from __future__ import annotations

import ast
import time
from contextlib import suppress
from pathlib import Path

import pytest
from burstkit import burst, serve, ways
from clientkit import FakeBroker, Peer, both, run

from brokers import Mosquitto


@both
def test_w05_disconnect_takes_no_fixed_time(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    # mqtt_as waits 100 ms; mosquitto on this machine closes within a few.
    code = """
        import time
        from kit import client, main

        async def go():
            c = client()
            times = []
            for _ in range(5):
                await c.connect(quick=True)
                start = time.time()
                await c.disconnect()
                times.append(time.time() - start)
            print("quick", min(times) < 0.06)
        main(go, 6)
    """
    assert "quick True" in run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port, timeout=8)


@both
def test_w05_the_goodbye_comes_behind_what_is_due(interpreter: str, tmp_path: Path) -> None:
    def late(peer: Peer) -> None:
        peer.accept()
        published = peer.expect(0x30)
        peer._socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            peer.packet()
        peer.send(b"\x40\2" + published[4:6])
        assert peer.packet() == b"\xe0"

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
        main(go, 6)
    """
    with FakeBroker(late) as broker:
        run(interpreter, tmp_path, code, "127.0.0.1", broker.port, timeout=8)


@both
def test_w05_leaving_is_no_outage(interpreter: str, tmp_path: Path) -> None:
    def slow(peer: Peer) -> None:
        peer.accept()
        assert peer.packet() == b"\xe0"
        time.sleep(0.1)

    code = """
        import asyncio
        from kit import client, main

        async def go():
            c = client(queue_len=1)
            await c.connect(quick=True)
            await c.disconnect()
            assert not c.isconnected()
            await asyncio.sleep(0.2)
            print("down", c.down.is_set(), c.isconnected())
        main(go, 6)
    """
    with FakeBroker(slow) as broker:
        assert run(interpreter, tmp_path, code, "127.0.0.1", broker.port, timeout=8) == "down False False"
    assert broker.connections == 1


@both
def test_w08_the_waits_double_up_to_a_minute_and_are_random_below_that(interpreter: str, tmp_path: Path) -> None:
    # Full jitter: anything from 0 to the limit, which doubles. In the program time runs fast, and the dice are loaded.
    code = """
        import asyncio
        from kit import client, main, until
        from mqtt import keep

        class Recorder:
            def __getattr__(self, name):
                return getattr(asyncio, name)
            def sleep(self, s):
                if not c.isconnected():
                    waits.append(s)
                return asyncio.sleep(min(s, 0.005))

        async def go():
            global c
            keep.asyncio = Recorder()
            for name, dice in (("most", lambda bits: (1 << bits) - 1), ("least", lambda bits: 0)):
                keep.getrandbits = dice
                waits.clear()
                c = client(client_id=name)
                await c.connect(quick=True)
                await until(lambda: len(waits) > 8)
                c.close()
                print(waits[:9])
                await asyncio.sleep(0.01)
        waits = []
        main(go, 6)
    """
    known: set[bytes] = set()

    def leaves(peer: Peer) -> None:
        with suppress(EOFError, ConnectionError):  # the last one may be given up
            hello = peer.expect(0x10)
            if hello not in known:
                peer.send(b"\x20\2\0\0")
            known.add(hello)

    with FakeBroker(leaves) as broker:
        output = run(interpreter, tmp_path, code, "127.0.0.1", broker.port, timeout=8)
    most, least = map(ast.literal_eval, output.splitlines())
    assert [round(wait, 1) for wait in most] == [2, 4, 8, 16, 32, 63.9, 63.9, 63.9, 63.9]
    assert least == [0] * 9


@both
def test_w16_every_text_of_a_connection_is_measured_in_bytes(interpreter: str, tmp_path: Path) -> None:
    # 1.5.3: a length counts bytes. Client id, will and user were wrong in mqtt_as too.
    hellos: list[bytes] = []
    code = """
        from kit import client, main

        async def go():
            c = client(client_id="d\\u00fc", user="\\u00fcs", password="\\u00b0", will=("t\\u00fc", "21.5 \\u00b0C", False, 0))
            await c.connect(quick=True)
            c.close()
        main(go, 6)
    """
    with FakeBroker(lambda peer: hellos.append(peer.accept())) as broker:
        run(interpreter, tmp_path, code, "127.0.0.1", broker.port, timeout=8)
    (hello,) = hellos
    assert hello[11:] == b"\0\3d\xc3\xbc" + b"\0\3t\xc3\xbc" + b"\0\x0821.5 \xc2\xb0C" + b"\0\3\xc3\xbcs" + b"\0\2\xc2\xb0"


@both
def test_w18_a_message_of_more_than_two_megabytes_arrives_whole(interpreter: str, tmp_path: Path) -> None:
    # Table 2.4: from 2 097 152 on the remaining length takes four bytes.
    heads: list[bytes] = []
    bodies: list[int] = []

    def takes(peer: Peer) -> None:
        peer.accept()
        for _ in range(2):
            heads.append(peer._exactly(5))
            size = sum((byte & 127) << 7 * n for n, byte in enumerate(heads[-1][1:]))
            body = peer._exactly(size)
            bodies.append(body.count(b"x"))
            peer.send(b"\x40\2" + body[3:5])
        assert peer.packet() == b"\xe0"

    code = """
        from kit import client, main

        async def go():
            c = client()
            await c.connect(quick=True)
            for size in (2097152, 2097153):
                await c.publish("t", b"x" * (size - 5), qos=1)
            await c.disconnect()
        main(go, 12)
    """
    with FakeBroker(takes) as broker:
        run(interpreter, tmp_path, code, "127.0.0.1", broker.port, timeout=14, heap="48M")
    assert heads == [b"\x32\x80\x80\x80\x01", b"\x32\x81\x80\x80\x01"]
    assert bodies == [2097147, 2097148]


@ways
def test_w16_w19_w26_the_bytes_of_a_burst(way: str, tmp_path: Path) -> None:
    # Bytes counted, no password field without a password (3.1.2.9), DUP on what went out before (3.3.1.1).
    taken: list[bytes] = []

    def half(peer: Peer) -> None:
        taken.extend(peer.packet() for _ in range(3))

    with FakeBroker(half, lambda peer: taken.extend(serve(peer))) as broker:
        publish = [("gr\u00fcn", "21.5 \u00b0C", False, 1, 7, False)]
        assert burst(way, tmp_path, broker.port, publish=publish, user="\u00fc").acked == [1]
    body = b"\0\5gr\xc3\xbcn\0\x0721.5 \xc2\xb0C"
    start = b"\x10\0\4MQTT\4\x80\0\x3c\0\5burst\0\2\xc3\xbc"
    assert taken == [start, b"\x32" + body, b"\xc0", start, b"\x3a" + body, b"\xc0", b"\xe0"]
