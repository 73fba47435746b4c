"""Retained memory as a row of framed sections: one that is torn, stale or foreign is missing, the others are not. Pure.

A frame, little-endian: magic 2 bytes, version 1, reserved 1, length 2, check 4 (of the payload), payload. The check is the
beginning of a SHA-256, which every port computes in C: the ESP8266's firmware has no binascii.crc32.
"""

import hashlib
import struct

from micropython import const

HEADER = const(10)
_FORMAT = const("<HBBH4s")
_MAGIC = const(0x6D44)  # "Dm"


def check(*parts):
    """Four bytes that change when any of the parts does."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()[:4]


def load(image, versions):
    """The sections of a retained image, which may be longer, shorter or anything at all.

    image: bytes. versions: a tuple, the layout version of each section, 0 to 255.
    Returns a list of bytes, None for a section that is not whole; a broken section hides those after it.
    """
    sections = []
    start = 0
    for version in versions:
        payload = _unwrap(image, version, start)
        sections.append(payload)
        if payload is not None:
            start += HEADER + len(payload)
    return sections


def dump(versions, payloads):
    """The image of sections. payloads: bytes of at most 65535 each. Returns a bytearray, made in one piece."""
    image = bytearray(sum([HEADER + len(payload) for payload in payloads]))
    start = 0
    for version, payload in zip(versions, payloads):
        struct.pack_into(_FORMAT, image, start, _MAGIC, version, 0, len(payload), check(payload))
        start += HEADER
        image[start : start + len(payload)] = payload
        start += len(payload)
    return image


def _unwrap(image, version, start):
    if len(image) < start + HEADER:
        return None
    magic, found, _, length, kept = struct.unpack_from(_FORMAT, image, start)
    start += HEADER
    if magic != _MAGIC or found != version or len(image) < start + length:
        return None
    payload = bytes(image[start : start + length])
    return payload if check(payload) == kept else None
