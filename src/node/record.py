"""One reading as it is stored: small, self-describing, and provably whole. Pure.

Layout, little-endian: key 4 bytes, time 4, flags 1, reserved 1, body length 2, check 4 (power.retained), body. The key
is the boot count in the high and the sequence number in the low 16 bits, so that keys grow over the node's whole life.
The body is the JSON text of the sensors' objects without the outer braces: it needs no configuration to be read again.
"""

import struct

from micropython import const

from power.retained import check

HEADER = const(16)
UTC = const(1)  # flag: time is seconds since 1970, else seconds on the unset clock of that boot
_FORMAT = const("<IIBBH4s")
_CHECKED = const(12)  # bytes of the header under the check
_MAX_BODY = const(1024)


def pack(key, time, flags, body):
    """A stored record. key, time: 32 bits. flags: UTC or 0. body: bytes, at most 1024. ValueError when longer."""
    if len(body) > _MAX_BODY:
        raise ValueError("record: {} bytes, at most {}".format(len(body), _MAX_BODY))
    head = struct.pack(_FORMAT, key, time, flags, 0, len(body), b"")[:_CHECKED]
    return head + check(head, body) + body


def scan(stream, after=0):
    """Go through stored records up to the first one that is not whole: a power cut leaves such a tail.

    stream: an open binary file or io.BytesIO, at the start of a record. after: skip keys up to this one, unchecked.
    Yields (key, time, flags, body), none with a key that is not above the one before it.
    """
    while True:
        head = stream.read(HEADER)
        if len(head) < HEADER:
            return
        key, time, flags, _, length, kept = struct.unpack(_FORMAT, head)
        if length > _MAX_BODY:
            return
        if key <= after:
            stream.seek(length, 1)
            continue
        body = stream.read(length)
        if len(body) < length or check(head[:_CHECKED], body) != kept:
            return
        after = key
        yield key, time, flags, body
