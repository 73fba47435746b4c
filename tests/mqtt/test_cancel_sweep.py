"""Every call of the client cancelled, or out of time, at each await: nothing half sent, nothing left, still usable (W4).

The broker takes whole packets only, or sees the connection close; its answers come byte by byte. Oracle: MQTT 3.1.1's packets.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from pathlib import Path

import pytest
from clientkit import SCRIPTS, FakeBroker, Peer, Program, both, run

_PACKETS = re.compile(
    rb"\x10\x00\x04MQTT\x04.\x00\x3c\x00|\xc0$|\xe0$"
    rb"|\x30\x00\x01tqos 0$|[\x32\x3a]\x00\x01t..qos 1$|[\x32\x3a]\x00\x01t..x{60000}$|[\x32\x3a]\x00\x05check..fine$"
    rb"|\x82..\x00\x01s\x01$|\xa2..\x00\x01s$",
    re.DOTALL,
)


class Pieces:
    """A broker that answers byte by byte. open: connections not closed yet. packets: how many were taken, whole."""

    def __init__(self) -> None:
        self.open = self.packets = 0
        self._lock = threading.Lock()

    def _say(self, peer: Peer, data: bytes) -> None:
        for at in range(len(data)):
            peer.send(data[at : at + 1])
            time.sleep(0.0003)

    def __call__(self, peer: Peer) -> None:
        peer._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self.open += 1
        try:
            while True:
                packet = peer.packet()
                assert _PACKETS.match(packet), packet[:40]
                self.packets += 1
                kind = packet[0] & 0xF0
                if kind == 0xE0:
                    return
                at = 3 + packet[2] if kind == 0x30 else 1
                if packet[0] != 0x30:
                    self._say(peer, ANSWERS[kind].replace(b"PI", packet[at : at + 2]))
        except (EOFError, ConnectionError):
            pass
        finally:
            with self._lock:
                self.open -= 1


ANSWERS = {0x10: b"\x20\2\0\0", 0x30: b"\x40\2PI", 0x80: b"\x90\3PI\1", 0xA0: b"\xb0\2PI", 0xC0: b"\xd0\0"}


@both
@pytest.mark.parametrize("how", ["cancel", "late", "timeout", "own"])
def test_w04_every_call_stopped_at_every_await(interpreter: str, how: str, tmp_path: Path) -> None:
    pieces = Pieces()
    code = (SCRIPTS / "sweep.py").read_text()
    with FakeBroker(pieces) as broker:
        output = Program(interpreter, tmp_path, code, "127.0.0.1", broker.port, how).finish(70)
        deadline = time.monotonic() + 2
        while pieces.open and time.monotonic() < deadline:
            time.sleep(0.01)
    assert pieces.open == 0
    awaits = {name: int(count) for name, count in re.findall(r"^(\w+) (\d+)$", output, re.MULTILINE)}
    assert len(awaits) == (9 if how == "own" else 14)
    # Most wait for each byte of an answer; fewer where two came together.
    assert awaits.pop("publish0") == (how in ("timeout", "own"))  # these can also be over in the same instant
    assert min(awaits.values()) > 0
    assert awaits["connect"] > 1
    assert awaits["connect_anew"] > 2


@both
@pytest.mark.parametrize("how", ["close", "disconnect"])
def test_w05_a_write_that_is_stuck_ends_with_the_connection(interpreter: str, how: str, tmp_path: Path) -> None:
    # Not after response_time, nor with another error: the socket is closed, and its number may be another one's by then.
    stop = threading.Event()

    def deaf(peer: Peer) -> None:
        peer.accept()
        stop.wait(10)

    code = """
        import asyncio, sys, time
        from errno import ENOTCONN
        from kit import client, main, tasks

        async def go():
            await asyncio.sleep(0.01)
            before = tasks()
            c = client(response_time=3)
            await c.connect(quick=True)
            getattr(c._stream, "sock", c._stream).setsockopt(1, 7, 8192)  # Linux: SOL_SOCKET, SO_SNDBUF
            stuck = asyncio.create_task(c.publish("a", "x" * 600000, qos=1))
            await asyncio.sleep(0.1)
            if sys.argv[3] == "close":
                c.close()
            else:  # it waits for the acknowledgement, out of patience
                task = asyncio.create_task(c.disconnect())
                await asyncio.sleep(0.1)
                task.cancel()
            start = time.time()
            try:
                await stuck
            except OSError as e:
                print("ended", e.args[0] == ENOTCONN, time.time() - start < 0.5)
            await asyncio.sleep(0.01)
            print("left", tasks() - before)
        main(go, 6)
    """
    with FakeBroker(deaf) as broker:
        try:
            output = run(interpreter, tmp_path, code, "127.0.0.1", broker.port, how, timeout=8)
        finally:
            stop.set()
    assert output == "ended True True\nleft 0"
