"""Frames in retained memory: bytes that prove that they are whole, and how new they are. Pure.

A frame, little-endian: magic 2 bytes, version 1, turn 1, length 2, check 4 (of all that and of the payload), payload. The
check is the beginning of a SHA-256, which every port computes in C: the ESP8266's firmware has no binascii.crc32.
"""

import hashlib
import struct

from micropython import const

HEADER = const(10)
CHECKED = const(6)  # bytes of the header under the check
MAGIC = const(0x6D44)  # "Dm"


def check(*parts):
    """Four bytes that change when any of the parts does."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()[:4]


def put(image, start, version, turn, payload):
    """Write a frame into image (a bytearray, or the memory itself) at start. version, turn: 0 to 255."""
    struct.pack_into("<HBBH", image, start, MAGIC, version, turn, len(payload))
    view = memoryview(image)
    view[start + HEADER : start + HEADER + len(payload)] = payload
    view[start + CHECKED : start + HEADER] = check(view[start : start + CHECKED], payload)
