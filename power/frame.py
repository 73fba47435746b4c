"""A frame around bytes that must survive a reset: it tells a whole block from a torn, stale or foreign one.

Layout, little-endian: magic 2 bytes, version 1, reserved 1, length 2, CRC-32 4 (of the payload), payload. Pure.
"""

import binascii
import struct

from micropython import const

HEADER = const(10)
_FORMAT = "<HBBHI"
_MAGIC = const(0x6D44)  # "Dm"


def wrap(payload, version):
    """Frame a payload of at most 65535 bytes. version: 0 to 255, of the payload's own layout. Returns bytes."""
    return struct.pack(_FORMAT, _MAGIC, version, 0, len(payload), binascii.crc32(payload)) + payload


def unwrap(image, version, start=0):
    """Take a frame out of an image, which may be longer, shorter or anything at all.

    Returns the payload as bytes, or None when there is no whole frame of this version at `start`.
    """
    if len(image) < start + HEADER:
        return None
    magic, found, _, length, crc = struct.unpack_from(_FORMAT, image, start)
    start += HEADER
    if magic != _MAGIC or found != version or len(image) < start + length:
        return None
    payload = bytes(image[start : start + length])
    return payload if binascii.crc32(payload) == crc else None
