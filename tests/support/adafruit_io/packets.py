"""MQTT 3.1.1 on the wire, as far as a broker needs it: packets in, packets out. Source: OASIS mqtt-v3.1.1-os."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 4, 8, 12, 14  # table 2.1


@dataclass
class Connect:
    """A CONNECT, section 3.1. will: (topic, payload) or None."""

    client: str
    keepalive: int
    user: str | None = None
    password: str | None = None
    will: tuple[str, bytes] | None = None


async def read(stream: asyncio.StreamReader) -> tuple[int, int, bytes]:
    """The next packet: type, flags, what follows its length. asyncio.IncompleteReadError at the end."""
    first = (await stream.readexactly(1))[0]
    size = shift = 0
    while True:
        byte = (await stream.readexactly(1))[0]
        size |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return first >> 4, first & 15, await stream.readexactly(size)


def _field(body: bytes, at: int) -> tuple[bytes, int]:
    end = at + 2 + int.from_bytes(body[at : at + 2], "big")
    return body[at + 2 : end], end


def connect(body: bytes) -> Connect:
    """What a CONNECT says. ValueError for another version than 3.1.1."""
    if body[:7] != b"\0\4MQTT\4":
        raise ValueError("version")
    flags = body[7]
    client, at = _field(body, 10)
    found = Connect(client.decode(), int.from_bytes(body[8:10], "big"))
    if flags & 4:
        topic, at = _field(body, at)
        payload, at = _field(body, at)
        found.will = topic.decode(), payload
    if flags & 128:
        user, at = _field(body, at)
        found.user = user.decode()
    if flags & 64:
        password, at = _field(body, at)
        found.password = password.decode()
    return found


def publish(flags: int, body: bytes) -> tuple[str, int, bytes]:
    """Topic, packet identifier (0 with QoS 0), payload of a PUBLISH."""
    topic, at = _field(body, 0)
    pid = 0
    if flags & 6:
        pid = int.from_bytes(body[at : at + 2], "big")
        at += 2
    return topic.decode(), pid, body[at:]


def subscribe(body: bytes) -> tuple[bytes, list[tuple[str, int]]]:
    """Packet identifier, filters with their QoS of a SUBSCRIBE."""
    found = []
    at = 2
    while at < len(body):
        topic, at = _field(body, at)
        found.append((topic.decode(), body[at]))
        at += 1
    return body[:2], found


def message(topic: str, payload: str, pid: int) -> bytes:
    """A PUBLISH to a client. pid: 0 for QoS 0."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + (pid.to_bytes(2, "big") if pid else b"") + payload.encode()
    length, rest = b"", len(body)
    while True:
        rest, byte = rest >> 7, rest & 127
        length += bytes((byte | (128 if rest else 0),))
        if not rest:
            return bytes((PUBLISH << 4 | (2 if pid else 0),)) + length + body
