"""A broker that does what it is told, wrong things above all: it answers packet by packet, and keeps what it was sent."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 8, 12, 14  # packet types, MQTT 3.1.1 table 2.1


@dataclass(frozen=True)
class Record:
    """A PUBLISH with QoS 1 as it came."""

    topic: str
    pid: int
    dup: bool
    payload: bytes


@dataclass
class Connection:
    """What came on one connection. filters: subscribed to."""

    kinds: list[int] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    filters: list[str] = field(default_factory=list)

    def readings(self) -> list[Record]:
        """The records among what was published."""
        return [record for record in self.records if record.topic.endswith(("/readings", "/history"))]


class ScriptedBroker:
    """Listens on localhost. A context manager; the attributes may change between two wakes.

    port: TCP; 0: any.
    code: CONNACK's. mute: packet types that it does not answer. answers: how many more it gives before it falls silent, None:
    no end. refuse: filters that SUBACK refuses. extra: sent before a PINGRESP. modern: it speaks MQTT 5. reason: of MQTT 5's
    PUBACK.
    """

    def __init__(self, port: int = 0, modern: bool = False) -> None:
        self.modern = modern
        self.reason = 0
        self.code = 0
        self.mute: set[int] = set()
        self.answers: int | None = None
        self.refuse: set[str] = set()
        self.extra = b""
        self.connections: list[Connection] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def last(self) -> Connection:
        """The connection that came last."""
        return self.connections[-1]

    def __enter__(self) -> ScriptedBroker:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # ends the accept() that the thread is in
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections.append(Connection())
            threading.Thread(target=self._talk, args=(peer, self.connections[-1]), daemon=True).start()

    def _talk(self, peer: socket.socket, seen: Connection) -> None:
        with peer, peer.makefile("rb") as stream, contextlib.suppress(OSError, IndexError):
            while True:
                first = stream.read(1)[0]
                body = stream.read(_length(stream))
                seen.kinds.append(first >> 4)
                answer = self._answer(first, body, seen)
                if answer and first >> 4 not in self.mute and self.answers != 0:
                    self.answers = self.answers and self.answers - 1
                    peer.sendall(answer)
                if first >> 4 == CONNECT and self.code:
                    return  # MQTT 3.1.1 section 3.2.2.3: a server that refuses closes the connection

    def _answer(self, first: int, body: bytes, seen: Connection) -> bytes:
        kind = first >> 4
        skip = int(self.modern)  # the length of the properties, of which there are none
        if kind == CONNECT:
            return bytes((0x20, 2 + skip, 0, self.code)) + bytes(skip)
        if kind == PUBLISH:
            length = int.from_bytes(body[:2], "big")
            pid = int.from_bytes(body[2 + length : 4 + length], "big")
            seen.records.append(Record(body[2 : 2 + length].decode(), pid, bool(first & 8), body[4 + length + skip :]))
            if self.modern and first & 6 and self.reason:
                return b"\x40\3" + body[2 + length : 4 + length] + bytes((self.reason,))
            return b"\x40\2" + body[2 + length : 4 + length] if first & 6 else b""
        if kind == SUBSCRIBE:
            rest, codes = body[2 + skip :], b""
            while rest:
                length = int.from_bytes(rest[:2], "big")
                seen.filters.append(rest[2 : 2 + length].decode())
                codes += b"\x80" if seen.filters[-1] in self.refuse else b"\1"
                rest = rest[3 + length :]
            return bytes((0x90, 2 + skip + len(codes))) + body[:2] + bytes(skip) + codes
        return self.extra + b"\xd0\0" if kind == PINGREQ else b""


def _length(stream: object) -> int:
    size = shift = 0
    while True:
        byte = stream.read(1)[0]  # type: ignore[attr-defined]
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return size
