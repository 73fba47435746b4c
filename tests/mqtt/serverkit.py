"""What a burst's scripted servers share: their answers, the burst they are sent, and how they take it."""

from __future__ import annotations

from clientkit import Peer

CONNACK, PUBACK, SUBACK, PINGRESP = b"\x20\2\0\0", b"\x40\2\0\7", b"\x90\3\xff\xff\1", b"\xd0\0"
COMMAND = b"\x32\6\0\1c\0%ch"  # pid to be filled in
RECORD = ("node/r", b"21", False, 1, 7, False)
BURST = {"publish": [RECORD], "subscribe": [("c", 1)]}


def take_burst(peer: Peer) -> list[bytes]:
    """Take CONNECT to PINGREQ, unanswered."""
    packets = [peer.packet()]
    while packets[-1][0] != 0xC0:
        packets.append(peer.packet())
    return packets


def silent(peer: Peer) -> None:
    peer.until_closed()
