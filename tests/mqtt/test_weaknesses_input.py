"""What a hostile or broken broker sends, and errors that are none of the network's: mqtt_as's weaknesses W10 to W15.

Oracle: MQTT 3.1.1, sections beside the bytes. Each test is one that fails on a defective client: see defects.py.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

from burstkit import burst, ways
from clientkit import FakeBroker, Peer, both, run
from serverkit import CONNACK, PINGRESP, PUBACK, SUBACK, take_burst

_MESSAGE = b"\x30\5\0\1aXY"  # 3.3: topic a, payload XY

# In each, whoever miscounts finds a message, or waits for bytes that never come.
BROKEN = {
    "w10": [b"\x30" + b"\xff" * 6 + _MESSAGE, b"\x40\x80\x80\x80\x80\0" + _MESSAGE],  # 2.2.3: at most four bytes
    "w12": [b"\x30\5\0\x50abc", b"\x30\4\0\3ab", b"\x32\5\0\3abc", b"\x30\1\0"],  # 3.3.2
    "w13": [b"\xf0\7" + _MESSAGE, b"\0\7" + _MESSAGE, b"\x82\7" + _MESSAGE, b"\x50\2\0\1" + _MESSAGE],  # 2.2.1, no QoS 2
}

LIVES_ON = """
    import asyncio, sys
    from kit import client, main

    async def go():
        c = client(queue_len=9)
        downs = 0
        await c.connect(quick=True)
        for n in range(int(sys.argv[3])):
            await c.down.wait()
            c.down.clear()
            await c.up.wait()
            c.up.clear()
        await c.publish("alive", "", qos=1)
        print("messages", c.queue._n)
        await c.disconnect()
    from mqtt import keep
    keep.getrandbits = lambda n: 0  # no waits between connections
    main(go, 6)
"""


def breaks_with(streams: list[bytes]) -> list[Callable[[Peer], object]]:
    """One connection for each stream, which the client must close at once, and a good one."""

    def script(stream: bytes) -> Callable[[Peer], object]:
        def breaks(peer: Peer) -> None:
            peer.accept()
            peer._socket.settimeout(2)
            peer.send(stream)
            assert peer.until_closed() == []

        return breaks

    def good(peer: Peer) -> None:
        peer.accept()
        peer.send(b"\x40\2" + peer.expect(0x30)[8:10])
        assert peer.packet() == b"\xe0"

    return [*(script(stream) for stream in streams), good]


def lives_on(interpreter: str, folder: Path, streams: list[bytes]) -> None:
    with FakeBroker(*breaks_with(streams)) as broker:
        output = run(interpreter, folder, LIVES_ON, "127.0.0.1", broker.port, len(streams), timeout=8)
    assert "messages 0" in output
    assert "Traceback" not in output
    assert broker.connections == len(streams) + 1


def ends(way: str, folder: Path, streams: list[bytes]) -> None:
    for stream in streams:
        answers = CONNACK + stream
        with FakeBroker(lambda peer, answers=answers: (take_burst(peer), peer.send(answers), peer.until_closed())) as broker:
            done = burst(way, folder, broker.port, timeout_ms=1500)
            assert done.error == ("MQTTError", 0x81, -1)
            assert done.messages == []
            assert done.ms < 500


@both
def test_w10_a_length_of_five_bytes_closes_the_link(interpreter: str, tmp_path: Path) -> None:
    lives_on(interpreter, tmp_path, BROKEN["w10"])


@ways
def test_w10_a_length_of_five_bytes_ends_the_burst(way: str, tmp_path: Path) -> None:
    ends(way, tmp_path, BROKEN["w10"])


@both
def test_w12_no_message_from_a_topic_longer_than_its_packet(interpreter: str, tmp_path: Path) -> None:
    lives_on(interpreter, tmp_path, BROKEN["w12"])


@ways
def test_w12_a_topic_longer_than_its_packet_ends_the_burst(way: str, tmp_path: Path) -> None:
    ends(way, tmp_path, BROKEN["w12"])


@both
def test_w13_an_unknown_type_closes_the_link_and_its_body_is_no_packet(interpreter: str, tmp_path: Path) -> None:
    lives_on(interpreter, tmp_path, BROKEN["w13"])


@ways
def test_w13_an_unknown_type_ends_the_burst(way: str, tmp_path: Path) -> None:
    ends(way, tmp_path, BROKEN["w13"])


@both
def test_w15_a_malformed_connack_is_a_typed_error(interpreter: str, tmp_path: Path) -> None:
    # 3.2: two bytes, seven reserved bits, no session with a refusal; and nothing else may come first.
    answers = [b"\x20\3\0\0\0", b"\x20\1\0", b"\x20\2\2\0", b"\x20\2\1\5", b"\x21\2\0\0", b"\xd0\0", b"\x40\2\0\1"]

    def answer(data: bytes) -> Callable[[Peer], object]:
        return lambda peer: (peer.expect(0x10), peer.send(data), peer.until_closed())

    code = """
        import sys
        from mqtt.errors import MQTTError
        from kit import client, main

        async def go():
            for _ in range(int(sys.argv[3])):
                try:
                    await client(response_time=0.5).connect(quick=True)
                except MQTTError as e:
                    print("error", e.args, e.code in (0x81, 0x82), e.retry)
        main(go, 6)
    """
    with FakeBroker(*map(answer, answers)) as broker:
        lines = run(interpreter, tmp_path, code, "127.0.0.1", broker.port, len(answers), timeout=8).splitlines()
    assert len(lines) == len(answers)
    assert all(line.startswith("error (-1, ") and line.endswith(" True True") for line in lines), lines


def test_w14_a_message_for_which_there_is_no_memory_costs_one_reconnect(micropython: str, tmp_path: Path) -> None:
    def huge(peer: Peer) -> None:
        peer.accept()
        peer.send(b"\x30\xff\xff\xff\x7f" + b"\0\1a")
        peer.until_closed()

    def good(peer: Peer) -> None:
        peer.accept()
        peer.send(_MESSAGE)
        peer.until_closed()

    code = """
        from kit import client, main

        async def go():
            c = client(queue_len=2, max_packet=1 << 28)
            await c.connect(quick=True)
            print(await c.queue.__anext__())
            c.close()
        main(go, 6)
    """
    with FakeBroker(huge, good) as broker:
        assert "(b'a', b'XY', False)" in run("micropython", tmp_path, code, "127.0.0.1", broker.port, timeout=8)
    assert broker.connections == 2


@both
def test_w14_what_the_network_raises_is_survived_or_told_to_all(interpreter: str, tmp_path: Path) -> None:
    code = """
        from errno import ENOTCONN
        from kit import Fixed, HOST, PORT, main, until
        from mqtt import keep
        from mqtt.client import MQTTClient

        class Moody(Fixed):
            errors = [OSError(-1, "x"), MemoryError()]
            async def connect(self, quick=False):
                if self.errors:
                    raise self.errors.pop(0)
                self.up = True

        async def go():
            keep.getrandbits = lambda n: 0
            net = Moody()
            c = MQTTClient({"client_id": "x", "server": HOST, "port": PORT}, net)
            await c.connect(quick=True)
            net.up = False
            await until(lambda: net.up)
            await until(c.isconnected)
            print("errors left", len(net.errors))
            net.errors.append(KeyError("of the user's own network"))
            net.up = False
            try:
                await c.publish("a", "b", qos=1)
            except OSError as e:
                print("ended", e.args[0] == ENOTCONN, c.isconnected())
        main(go, 6)
    """
    with FakeBroker(lambda peer: (peer.accept(), peer.until_closed())) as broker:
        output = run(interpreter, tmp_path, code, "127.0.0.1", broker.port, timeout=8)
    assert "errors left 0" in output
    assert "ended True False" in output
    assert "of the user's own network" in output  # and it is not silent


@both
def test_w15_whether_a_retry_helps_decides_the_wait(interpreter: str, tmp_path: Path) -> None:
    # 3.2.2.3: 3 may pass by itself; 5 is configuration, the waits between its tries are the longest at once.
    code = """
        from kit import client, main, until
        from mqtt import keep
        import asyncio

        class Recorder:
            def __getattr__(self, name):
                return getattr(asyncio, name)
            def sleep(self, s):
                if not c.isconnected():
                    waits.append(s)
                return asyncio.sleep(min(s, 0.01))

        async def go():
            global c
            keep.asyncio = Recorder()
            keep.getrandbits = lambda n: 512
            c = client()
            await c.connect(quick=True)
            await until(lambda: len(waits) > 5)
            c.close()
            print(waits[1:5])
        waits = []
        main(go, 6)
    """
    codes = [0, 3, 5, 3, 5]

    def answer(code: int) -> Callable[[Peer], object]:
        return lambda peer: (peer.expect(0x10), peer.send(bytes((0x20, 2, 0, code))))

    with FakeBroker(*map(answer, codes)) as broker:
        waits = ast.literal_eval(run(interpreter, tmp_path, code, "127.0.0.1", broker.port, timeout=8))
    assert waits[1] == waits[3] == 32  # half of 64 s, behind the code 5s
    assert waits[0] < 8


@ways
def test_w15_the_burst_tells_the_same(way: str, tmp_path: Path) -> None:
    for code, first in ((5, 0x2002), (0, None)):
        answers = bytes((0x20, 2, 0, code)) + SUBACK + PUBACK + PINGRESP
        with FakeBroker(lambda peer, answers=answers: (take_burst(peer), peer.send(answers), peer.until_closed())) as broker:
            done = burst(way, tmp_path, broker.port, timeout_ms=1500, subscribe=[("c", 1)])
            assert done.error == (("MQTTError", code, first) if code else None)
