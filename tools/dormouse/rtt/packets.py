"""What the link has seen: TCP segments out of IPv4 packets, and the network phase that they make."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_TCP = 6
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


@dataclass(frozen=True)
class Segment:
    """One TCP segment. Source of the fields: RFC 791, 3.1; RFC 9293, 3.1.

    at_ns: CLOCK_MONOTONIC when it left its sender; late_ns: how much too late it was handed on. flags: FIN to ACK.
    """

    at_ns: int
    late_ns: int
    from_node: bool
    source: int
    target: int
    sequence: int
    flags: int
    payload: bytes


@dataclass(frozen=True)
class Phase:
    """A client's network phase, seen from outside: from its first SYN to its last segment with data.

    ms: how long. closed_ms: to its last FIN or RST, until when it kept the network; NaN when it sent none.
    segments: with data, sent by the client, each once. repeated: those that were sent again. octets: of data.
    connections: how many it opened. late_ms: the worst that the link itself added.
    """

    ms: float
    closed_ms: float
    segments: int
    repeated: int
    octets: int
    connections: int
    late_ms: float


def segment(came_ns: int, late_ns: int, from_node: bool, packet: bytes) -> Segment | None:
    """An IPv4 packet as a TCP segment; None when it is none."""
    start = (packet[0] & 15) * 4
    total = struct.unpack_from(">H", packet, 2)[0]
    if packet[9] != _TCP or len(packet) < start + 20:
        return None
    source, target, sequence = struct.unpack_from(">HHI", packet, start)
    data = start + (packet[start + 12] >> 4) * 4
    return Segment(came_ns, late_ns, from_node, source, target, sequence, packet[start + 13] & 31, packet[data:total])


def sent_data(segments: Iterable[Segment]) -> list[Segment]:
    """The node's segments with data, in the order in which they left; those sent again left out."""
    return _told_apart(segments)[0]


def phase(segments: Sequence[Segment]) -> Phase:
    """The network phase of the client whose segments these are. Raises ValueError when it never connected or said nothing."""
    opened = {s.source: s for s in reversed(segments) if s.from_node and s.flags & SYN}
    data, again = _told_apart(segments)
    if not opened or not data:
        raise ValueError("no connection with data has passed")
    start = min(s.at_ns for s in opened.values())
    ends = [s.at_ns for s in segments if s.from_node and s.flags & (FIN | RST)]
    return Phase(
        ms=(data[-1].at_ns - start) / 1e6,
        closed_ms=(max(ends) - start) / 1e6 if ends else math.nan,
        segments=len(data),
        repeated=again,
        octets=sum(len(s.payload) for s in data),
        connections=len(opened),
        late_ms=max(s.late_ns for s in segments) / 1e6,
    )


def _told_apart(segments: Iterable[Segment]) -> tuple[list[Segment], int]:
    reached: dict[int, int] = {}  # by the client's port: the sequence number behind what was sent
    first: list[Segment] = []
    again = 0
    for s in segments:
        if s.from_node and s.payload:
            end = s.sequence + len(s.payload) & 0xFFFFFFFF
            ahead = end - reached.get(s.source, s.sequence) & 0xFFFFFFFF
            if 0 < ahead < 1 << 31:
                reached[s.source] = end
                first.append(s)
            else:
                again += 1
    return first, again
