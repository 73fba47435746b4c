"""SNTP packets: one question, and an answer that is believed only when it is sane (RFC 4330 sections 4 and 5). Pure."""

import struct

from micropython import const

_TO_1970 = const(2208988800)  # seconds from 1900 to 1970
_ERA_S = 1 << 32  # the seconds wrap on 2036-02-07
_OLDEST = const(1767225600)  # 2026-01-01: no answer can be older than this program
_SECOND = const(0x10000)  # in the 16.16 format of root delay and dispersion


def request(nonce):
    """The 48-byte question. nonce: 8 bytes that the answer must bring back, in place of the time of sending."""
    return b"\x23" + bytes(39) + nonce  # no warning, version 4, client


def mine(packet, nonce):
    """Whether a packet answers the question with this nonce: its originate timestamp (RFC 4330 section 5, check 3)."""
    return len(packet) >= 48 and packet[24:32] == nonce


def answer(packet, waited_ms):
    """The time in a server's answer, at the moment of its arrival.

    packet: bytes for which mine() is true. waited_ms: from the question to the answer, half of which is the way back.
    Returns milliseconds since 1970. ValueError says why it is not believed; its second argument is the code of a
    kiss-of-death, such as b"RATE" (RFC 4330 section 8).
    """
    if packet[0] & 7 != 4:
        raise ValueError("sntp: not a server")
    if packet[1] == 0:
        raise ValueError("sntp: kiss of death", bytes(packet[12:16]))
    if packet[1] > 15 or packet[0] >> 6 == 3:
        raise ValueError("sntp: the server has no time itself")
    delay, dispersion = struct.unpack_from(">iI", packet, 4)
    if not 0 <= delay < _SECOND or dispersion >= _SECOND:
        raise ValueError("sntp: too far from the true time")
    came, came_part, seconds, part = struct.unpack_from(">IIII", packet, 32)
    if not seconds and not part:
        raise ValueError("sntp: no time in it")
    # What the server took is no part of the way.
    held_ms = (seconds - came) * 1000 + ((part - came_part) * 1000 >> 32)
    if not 0 <= held_ms <= waited_ms:
        held_ms = 0
    seconds -= _TO_1970
    if seconds < _OLDEST:
        seconds += _ERA_S
    if seconds - _OLDEST > 0x7FFFFFFF:
        # A time before the program's: as one of the next era it would be a century away.
        raise ValueError("sntp: year")
    return seconds * 1000 + (part * 1000 >> 32) + (waited_ms - held_ms) // 2
