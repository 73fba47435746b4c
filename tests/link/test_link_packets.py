"""Segments out of packets, byte by byte as RFC 791 and RFC 9293 lay them out, and what is sent again told apart. No root."""

from __future__ import annotations

import struct

import pytest

from dormouse.rtt.packets import ACK, FIN, PSH, SYN, phase, segment, sent_data

_MS = 1_000_000


def packet(sequence: int, flags: int, payload: bytes = b"", options: bytes = b"", protocol: int = 6) -> bytes:
    """An IPv4 packet with 4 bytes of IP options, from the figures of RFC 791, 3.1 and RFC 9293, 3.1."""
    offset = (20 + len(options)) // 4 << 4
    tcp = struct.pack(">HHIIBBHHH", 40000, 1883, sequence, 0, offset, flags, 8192, 0, 0) + options + payload
    ip = struct.pack(">BBHHHBBH", 0x46, 0, 24 + len(tcp), 1, 0, 64, protocol, 0)
    return ip + b"\xc0\0\2\1" + b"\xc0\0\2\2" + b"\1\1\1\0" + tcp


def seen(*packets: tuple[int, bool, bytes]) -> list:
    return [segment(at * _MS, 0, node, data) for at, node, data in packets]


def test_fields() -> None:
    found = segment(5, 7, True, packet(0xFFFFFFFE, PSH | ACK | FIN, b"\xe0\0", options=b"\1" * 12) + b"padding")
    assert found is not None
    assert (found.at_ns, found.late_ns, found.from_node, found.source, found.target) == (5, 7, True, 40000, 1883)
    assert (found.sequence, found.flags, found.payload) == (0xFFFFFFFE, PSH | ACK | FIN, b"\xe0\0")


@pytest.mark.parametrize("data", [packet(0, 0, b"x", protocol=17), packet(0, SYN)[:40]], ids=["UDP", "cut off"])
def test_not_a_segment(data: bytes) -> None:
    assert segment(0, 0, True, data) is None


def test_the_phase_goes_from_the_first_syn_to_the_last_data() -> None:
    found = phase(
        seen(
            (1, True, packet(99, SYN)),
            (2, False, packet(9, SYN | ACK)),
            (3, True, packet(100, ACK)),
            (4, True, packet(100, ACK, b"burst")),
            (9, False, packet(10, ACK, b"answer")),
            (11, True, packet(105, ACK | FIN, b"\xe0\0")),
            (20, True, packet(108, ACK)),
        )
    )
    assert (found.ms, found.segments, found.repeated, found.octets, found.connections) == (10, 2, 0, 7, 1)
    assert found.closed_ms == 10


def test_sent_again_counts_apart_across_the_wrap_of_sequence_numbers() -> None:
    packets = seen(
        (0, True, packet(0xFFFFFFFB, SYN)),
        (1, True, packet(0xFFFFFFFC, ACK, b"12345678")),
        (2, True, packet(4, ACK, b"9")),
        (3, True, packet(0xFFFFFFFC, ACK, b"12345678")),
        (4, True, packet(4, ACK, b"9ab")),  # new bytes behind old ones
    )
    assert [s.payload for s in sent_data(packets)] == [b"12345678", b"9", b"9ab"]
    assert (phase(packets).segments, phase(packets).repeated) == (3, 1)


def test_a_syn_sent_again_begins_with_the_first() -> None:
    packets = seen((0, True, packet(7, SYN)), (1000, True, packet(7, SYN)), (1100, True, packet(8, ACK, b"x")))
    assert (phase(packets).ms, phase(packets).connections) == (1100, 1)


def test_no_connection_is_an_error() -> None:
    with pytest.raises(ValueError, match="no connection"):
        phase(seen((0, True, packet(1, SYN))))
