"""Whether a frame of retained memory is whole, and how new. Pure. Loaded at the start of a wake only."""

import struct

from power.retained import CHECKED, HEADER, MAGIC, check


def turn(image, start, version, size):
    """The turn of the frame at start of an image, which may be anything at all; -1 when there is none that is whole.

    version: that it must have. size: of its payload, in bytes.
    """
    view = memoryview(image)[start : start + HEADER + size]
    if len(view) < HEADER + size:
        return -1
    magic, found, number, length = struct.unpack("<HBBH", bytes(view[:CHECKED]))
    if (magic, found, length) != (MAGIC, version, size):
        return -1
    return number if check(view[:CHECKED], view[HEADER:]) == view[CHECKED:HEADER] else -1
