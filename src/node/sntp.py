"""SNTP packets: one question, and an answer that is believed only when it is sane (RFC 4330 sections 4 and 5). Pure."""

import struct

from micropython import const

_TO_1970 = const(2208988800)  # seconds from 1900 to 1970
_ERA_S = 1 << 32  # the seconds wrap on 2036-02-07
_OLDEST = const(1767225600)  # 2026-01-01: no answer can be older than this program


def request(nonce):
    """The 48-byte question. nonce: 8 bytes that the answer must bring back, in place of the time of sending."""
    return b"\x23" + bytes(39) + nonce  # no warning, version 4, client


def answer(packet, nonce):
    """The time in a server's answer.

    packet: bytes as received. nonce: of the question.
    Returns (seconds since 1970, milliseconds). ValueError says why it is not believed.
    """
    if len(packet) < 48:
        raise ValueError("sntp: short")
    if packet[24:32] != nonce:
        raise ValueError("sntp: not an answer to this question")
    if packet[0] & 7 != 4:
        raise ValueError("sntp: not a server")
    if packet[1] == 0:
        raise ValueError("sntp: kiss of death " + "".join([chr(c) for c in packet[12:16] if 32 < c < 127]))
    if packet[1] > 15 or packet[0] >> 6 == 3:
        raise ValueError("sntp: the server has no time itself")
    seconds, fraction = struct.unpack_from(">II", packet, 40)
    seconds -= _TO_1970
    if seconds < _OLDEST:
        seconds += _ERA_S
    if not _OLDEST <= seconds < _OLDEST + _ERA_S - 1:
        raise ValueError("sntp: year")
    return seconds, fraction * 1000 >> 32
