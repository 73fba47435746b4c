"""Firmware files as MicroPython's builds make them, with random code: the images by esptool's own writer, the rest by
the formats.

Sources: micropython ports/esp32/makeimg.py, ports/esp8266/makeimg.py, tools/dfu.py, tools/uf2conv.py; ESP-IDF,
"Partition Tables".
"""

from __future__ import annotations

import hashlib
import random
import struct
import zlib
from typing import Any

from esptool.bin_image import ELFSection, ESP8266ROMFirmwareImage
from esptool.targets import CHIP_DEFS

_SEGMENTS_8266 = 0x9000
_APP_AT, _TABLE_AT = 0x10000, 0x8000


def code(machine: str, size: int = 40_000, version: str = "v1.28.0", seed: int = 1) -> bytes:
    """Bytes with MicroPython's banner among them, half of them random: they compress, but not to nothing."""
    banner = f"MicroPython {version} on 2026-08-01\0; {machine}\0".encode()
    rest = size - len(banner)
    data = random.Random(seed).randbytes(rest // 2) + bytes(rest - rest // 2)
    return (data[: rest // 2] + banner + data[rest // 2 :])[: size // 4 * 4]


def esp(chip: str, machine: str, offset: int, **more: Any) -> bytes:
    """A whole .bin for a board with this chip: boot loader, partitions and application, or the ESP8266's two parts."""
    if chip == "esp8266":
        return _esp8266(code(machine, **more))
    parts = {
        0: _image(chip, random.Random(2).randbytes(6000)),
        _TABLE_AT - offset: partitions(),
        _APP_AT - offset: _image(chip, code(machine, **more)),
    }
    data = b""
    for at, part in parts.items():
        data += b"\xff" * (at - len(data)) + part
    return data


def application(chip: str, machine: str) -> bytes:
    """The application alone, which MicroPython's page offers as .app-bin."""
    return _image(chip, code(machine))


def partitions(flash_bytes: int = 4 << 20) -> bytes:
    """The table of micropython ports/esp32/partitions-4MiB.csv."""
    rows = [(1, 2, 0x9000, 0x6000, b"nvs"), (1, 1, 0xF000, 0x1000, b"phy_init"), (0, 0, _APP_AT, 0x1F0000, b"factory")]
    rows.append((1, 0x81, 0x200000, flash_bytes - 0x200000, b"vfs"))
    table = b"".join(struct.pack("<HBBII16sI", 0x50AA, kind, sub, at, size, name, 0) for kind, sub, at, size, name in rows)
    return (table + b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(table).digest()).ljust(0xC00, b"\xff")


def _image(chip: str, data: bytes) -> bytes:
    rom = CHIP_DEFS[chip]
    image: Any = rom.BOOTLOADER_IMAGE()
    ram = next(start for start, _, name in rom.MEMORY_MAP if name == "IRAM")
    image.segments = [ELFSection(b".text", ram + at, data[at : at + 0x8000], 0) for at in range(0, len(data), 0x8000)]
    image.entrypoint = ram
    saved: bytes = image.save(None)
    return saved


def _esp8266(data: bytes) -> bytes:
    image: Any = ESP8266ROMFirmwareImage()
    image.segments = [ELFSection(b".text", 0x40100000, random.Random(3).randbytes(0x4000), 0)]
    image.entrypoint = 0x40100004
    _, ram = image.save(None)
    whole: bytes = ram + b"\xff" * (_SEGMENTS_8266 - len(ram) - 4) + struct.pack("<I", _SEGMENTS_8266 + len(data)) + data
    return whole + hashlib.md5(whole[4:]).digest()


def dfu(machine: str, address: int = 0x08008000, usb: tuple[int, int] = (0x0483, 0xDF11), **more: Any) -> bytes:
    """A .dfu with the two parts of a Pyboard D's firmware."""
    data = b""
    for at, part in ((address, code(machine, **more)), (0x90000000, code("", 8000))):
        data += struct.pack("<II", at, len(part)) + part
    data = struct.pack("<6sBI255sII", b"Target", 0, 1, b"ST...", len(data), 2) + data
    data = struct.pack("<5sBIB", b"DfuSe", 1, len(data) + 11, 1) + data
    data += struct.pack("<HHHH3sB", 0, usb[1], usb[0], 0x011A, b"UFD", 16)
    return data + struct.pack("<I", 0xFFFFFFFF & -zlib.crc32(data) - 1)


def uf2(machine: str, family: int = 0xE48BFF56, address: int = 0x10000000, **more: Any) -> bytes:
    """A .uf2 of 256 bytes per block."""
    data = code(machine, **more)
    parts = [data[at : at + 256].ljust(256, b"\0") for at in range(0, len(data), 256)]
    return b"".join(
        struct.pack("<8I", 0x0A324655, 0x9E5D5157, 0x2000, address + 256 * n, 256, n, len(parts), family)
        + part.ljust(476, b"\0")
        + struct.pack("<I", 0x0AB16F30)
        for n, part in enumerate(parts)
    )
