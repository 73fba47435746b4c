"""What the burst's tests share: a device program that makes one burst, and how it is told apart by the server."""

from __future__ import annotations

import ast
import socket
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from clientkit import Peer, Program

# How a burst can be run: under asyncio on both interpreters, and as a node does it, without an event loop.
WAYS = ("micropython", "cpython", "micropython-blocking")
ways = pytest.mark.parametrize("way", WAYS)

_PROGRAM = """\
import sys
from mqtt.burst import exchange
from time import ticks_diff, ticks_ms

with open("options") as file:
    options = eval(file.read())
answers = options.pop("answers", {})

def on_message(topic, payload, retain, dup):
    print("message", repr((topic, payload, retain, dup)))
    return answers.get(payload)

acked = bytearray(options.pop("acked", None) or len(options.get("publish", ())))
start = ticks_ms()
try:
    if sys.argv[2] == "blocking":
        from mqtt import blocking
        result = blocking.run(exchange("127.0.0.1", port=int(sys.argv[1]), acked=acked, on_message=on_message, **options))
    else:
        import asyncio
        result = asyncio.run(exchange("127.0.0.1", port=int(sys.argv[1]), acked=acked, on_message=on_message, **options))
    print("result", repr(result))
except (OSError, ValueError, TypeError) as error:
    print("error", repr((type(error).__name__, getattr(error, "code", None), error.args and error.args[0])))
print("acked", repr(list(acked)))
print("ms", ticks_diff(ticks_ms(), start))
"""


@dataclass
class Outcome:
    """What a burst came to: its result or its error, what it handed over, its flags and how long it took."""

    result: tuple[bool, bytes, int, bool] | None = None
    error: tuple[str, int | None, Any] | None = None
    messages: list[tuple[bytes, bytes, bool, bool]] = field(default_factory=list)
    acked: list[int] = field(default_factory=list)
    ms: int = 0

    @property
    def payloads(self) -> list[bytes]:
        return [payload for _, payload, _, _ in self.messages]


def burst(way: str, folder: Path, port: int, timeout: float = 20, **options: Any) -> Outcome:
    """Make one burst in a process of its own. options: exchange()'s; answers: {payload: results of on_message}."""
    interpreter, _, how = way.partition("-")
    options.setdefault("client_id", "burst")
    outcome = Outcome()
    program = Program(interpreter, folder, _PROGRAM, port, how or "asyncio", files={"options": repr(options)})
    for line in program.finish(timeout).splitlines():
        word, _, text = line.partition(" ")
        value = ast.literal_eval(text)
        if word == "message":
            outcome.messages.append(value)
        else:
            setattr(outcome, word, value)
    return outcome


def segments(connection: socket.socket) -> int:
    """Data segments that the kernel has received on a connection (Linux: tcpi_data_segs_in of linux/tcp.h)."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160)
    if len(info) < 156:
        pytest.skip("this kernel does not count TCP's data segments")
    return struct.unpack_from("I", info, 152)[0]


def answer(peer: Peer, packet: bytes) -> bool:
    """Answer a client's packet as a server does; False when it was DISCONNECT."""
    kind = packet[0] & 0xF0
    if kind == 0x10:
        peer.send(b"\x20\2\0\0")
    elif kind == 0x30:
        if packet[0] & 6:
            at = 3 + int.from_bytes(packet[1:3], "big")
            peer.send(b"\x40\2" + packet[at : at + 2])
    elif kind == 0x80:
        peer.send(b"\x90\3" + packet[1:3] + b"\1")
    elif kind == 0xC0:
        peer.send(b"\xd0\0")
    return kind != 0xE0


def serve(peer: Peer) -> list[bytes]:
    """A server that behaves, until the client has gone; returns what it was sent."""
    packets = []
    try:
        while True:
            packets.append(peer.packet())
            answer(peer, packets[-1])
    except (EOFError, ConnectionError):
        return packets
