"""The form of a firmware for Espressif's chips: whole, and for this chip? Read with esptool's own classes."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import Any

from dormouse.flashing import firmware
from dormouse.flashing.esptool_log import silent
from dormouse.flashing.firmware import Facts

# Espressif, "Firmware image format" (esptool's documentation, advanced topics): magic, then at 8 the extended header of all but
# the ESP8266, whose first segment's address is there: IRAM 0x40100000 or data RAM 0x3FFE8000.
_MAGIC = 0xE9
_SEGMENT_OF_ESP8266 = (range(0x40100000, 0x40110000), range(0x3FFE8000, 0x40000000))
_CHIP_ID_AT = 12
# Where ESP-IDF has its partition table, and its rows: ESP-IDF, "Partition Tables"; CONFIG_PARTITION_TABLE_OFFSET's default.
_TABLE_AT, _TABLE_BYTES, _ROW_BYTES = 0x8000, 0xC00, 32
_ROW, _MD5_ROW = b"\xaa\x50", b"\xeb\xeb"
_APP = 0
# MicroPython's for the ESP8266 ends with the MD5 of all but the first four bytes: ports/esp8266/makeimg.py
_MD5_BYTES = 16


def check(path: Path, data: bytes, board: Facts) -> int:
    """Check a .bin before anything is erased.

    Arguments: path, to name it; data, the file; board, whose chip and offset are compared.
    Returns how many bytes of flash it needs.
    Raises DormouseError for another chip's image, a part of one (an application without its boot loader), and a damaged or
    cut one.
    """
    chip, offset = board["chip"], board["flash"]["offset"]
    found = chip_of(data)
    if found is None:
        raise firmware.wrong(path, "this is no image for an Espressif chip", board)
    if found != chip:
        raise firmware.wrong(path, f"this is an image for {found}, the chip here is {chip}", board)
    if chip == "esp8266":
        return _check_esp8266(path, data, board)
    why = _image(chip, data, 0)
    if why:
        raise firmware.wrong(path, f"its boot loader is damaged: {why}", board)
    rows = _table(data[_TABLE_AT - offset :][:_TABLE_BYTES])
    if rows is None:
        raise firmware.wrong(path, "it is not whole: it has no partition table (an application alone, or cut off)", board)
    apps = [at - offset for kind, at, _ in rows if kind == _APP and at - offset < len(data)]
    if not apps:
        raise firmware.wrong(path, "it is cut off: the application is missing", board)
    why = _image(chip, data, apps[0])
    if why:
        raise firmware.wrong(path, f"its application is damaged or cut off: {why}", board)
    return max(offset + len(data), *(at + size for _, at, size in rows))


def chip_of(data: bytes) -> str | None:
    """The chip that an image is for, as esptool calls it; None: it is no image, or for a chip that esptool does not know."""
    from esptool.targets import ROM_LIST
    from esptool.util import strip_chip_name

    if len(data) < 24 or data[0] != _MAGIC:
        return None
    first = int.from_bytes(data[8:12], "little")
    if any(first in addresses for addresses in _SEGMENT_OF_ESP8266):
        return "esp8266"
    number = int.from_bytes(data[_CHIP_ID_AT : _CHIP_ID_AT + 2], "little")
    return next((strip_chip_name(rom.CHIP_NAME) for rom in ROM_LIST if rom.IMAGE_CHIP_ID == number), None)


def _check_esp8266(path: Path, data: bytes, board: Facts) -> int:
    why = _image("esp8266", data, 0)
    if why is None and hashlib.md5(data[4:-_MD5_BYTES]).digest() != data[-_MD5_BYTES:]:
        why = "its MD5 is not that of its bytes"
    if why:
        raise firmware.wrong(path, f"it is damaged or cut off: {why}", board)
    return len(data)


def _image(chip: str, data: bytes, at: int) -> str | None:
    """What is wrong with the image that begins at `at`; None: nothing."""
    from esptool.bin_image import LoadFirmwareImage

    if data[at : at + 1] != bytes([_MAGIC]):
        return "it does not begin as an image does"
    try:
        with silent():
            image: Any = LoadFirmwareImage(chip, data[at:])
    except (RuntimeError, struct.error, TypeError, IndexError) as error:  # esptool's FatalError is a RuntimeError
        return str(error).splitlines()[0].rstrip(".") or "it cannot be read"
    if getattr(image, "chip_id", None) not in (None, _number(chip)):
        return "it is for another chip"
    if getattr(image, "stored_digest", None) is not None:
        return None if image.stored_digest == image.calc_digest else "its SHA-256 is not that of its bytes"
    return None if image.checksum == image.calculate_checksum() else "its checksum is wrong"


def _number(chip: str) -> int | None:
    from esptool.targets import CHIP_DEFS

    number: int | None = CHIP_DEFS[chip].IMAGE_CHIP_ID
    return number


def _table(data: bytes) -> list[tuple[int, int, int]] | None:
    """The partitions (kind, address, size); None when there is no table or its MD5 is wrong."""
    rows = []
    for at in range(0, len(data) - _ROW_BYTES + 1, _ROW_BYTES):
        row = data[at : at + _ROW_BYTES]
        if row[:2] == _MD5_ROW:
            return rows if rows and row[16:] == hashlib.md5(data[:at]).digest() else None
        if row[:2] != _ROW:
            break
        kind, _, address, size = struct.unpack_from("<BBII", row, 2)
        rows.append((kind, address, size))
    return rows or None
