"""RP2040: checking a UF2 file, and copying it to the drive that the boot loader shows.

The file's form: github.com/microsoft/uf2, README. The drive: RP2040 Datasheet, section 2.8.4 "USB Mass Storage Interface".
"""

from __future__ import annotations

import os
import string
import struct
import sys
import time
from pathlib import Path

from dormouse.errors import DormouseError, UsageError
from dormouse.flashing import firmware
from dormouse.flashing.firmware import Facts
from dormouse.flashing.steps import Steps
from dormouse.project import shown

BLOCK = 512
_HEADER = struct.Struct("<8I")  # two magics, flags, address, length, number, of how many, family
_MAGICS, _END = (0x0A324655, 0x9E5D5157), 0x0AB16F30
_FAMILY_PRESENT, _NOT_FOR_FLASH = 0x2000, 0x0001
_MOST = 476
# uf2families.json of microsoft/uf2; pico-sdk boot/uf2.h
_FAMILIES = {"rp2040": 0xE48BFF56}
_NAMES = {
    0xE48BFF56: "RP2040", 0xE48BFF57: "RP2350", 0xE48BFF59: "RP2350", 0xE48BFF5A: "RP2350", 0xE48BFF5B: "RP2350",
    0xBFDD4EEE: "ESP32-S2", 0xC47E5767: "ESP32-S3", 0xADA52840: "nRF52840", 0x68ED2B88: "SAMD21", 0x55114460: "SAMD51",
}  # fmt: skip
_IDENTITIES = {"rp2040": "RPI-RP2"}  # Board-ID in INFO_UF2.TXT: pico-bootrom usb_boot_device, RP2040 Datasheet 2.8.4
_FLASH_AT = 0x10000000
_INFO = "INFO_UF2.TXT"
_CHUNK = 64 << 10
_LEAVES_S = 20.0


def check(path: Path, data: bytes, board: Facts) -> bytes:
    """Check a .uf2 before it is copied.

    Arguments: path, to name it; data, the file; board, its board.toml.
    Returns what it holds for the flash.
    Raises DormouseError for a damaged or cut file, another chip's, and one with an address outside the flash.
    """
    try:
        return _payload(data, board)
    except ValueError as error:
        raise firmware.wrong(path, str(error), board) from error


def _payload(data: bytes, board: Facts) -> bytes:
    if data[:4] != _MAGICS[0].to_bytes(4, "little"):
        raise ValueError("this is no UF2 file")
    if len(data) % BLOCK:
        raise ValueError("it is cut off: it does not end with a whole block")
    family, found, expected, last = _FAMILIES[board["chip"]], [], 0, 0
    flash = range(_FLASH_AT, _FLASH_AT + board["flash"]["flash_bytes"])
    for at in range(0, len(data), BLOCK):
        first, second, flags, address, length, number, total, kind = _HEADER.unpack_from(data, at)
        if (first, second) != _MAGICS or int.from_bytes(data[at + BLOCK - 4 : at + BLOCK], "little") != _END or length > _MOST:
            raise ValueError(f"it is damaged: block {at // BLOCK} is no UF2 block")
        if flags & _NOT_FOR_FLASH:
            continue
        if not flags & _FAMILY_PRESENT:
            raise ValueError("it does not name its chip")
        if kind != family:
            name = _NAMES.get(kind, f"the UF2 family {kind:#010x}")
            raise ValueError(f"it is for {name}, the chip here is {board['chip']}")
        if number != expected or total * BLOCK > len(data):
            raise ValueError(f"it is cut off or damaged: block {expected} of {total} is missing")
        if address not in flash or address + length > flash.stop:
            raise ValueError(f"it writes to {address:#x}, outside this board's flash of {len(flash) >> 10} KiB")
        found.append(data[at + _HEADER.size : at + _HEADER.size + length])
        expected += 1
        last = total
    if expected != last:
        raise ValueError(f"it is cut off: it has {expected} blocks of {last}")
    if not found:
        raise ValueError("there is nothing for the flash in it")
    return b"".join(found)


def drives() -> list[Path]:
    """Where drives are mounted on this computer."""
    if sys.platform == "win32":
        return [Path(f"{letter}:\\") for letter in string.ascii_uppercase]
    if sys.platform == "darwin":
        return sorted(Path("/Volumes").glob("*"))
    try:
        lines = Path("/proc/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    # A space in a path is written \040 there: proc(5), fstab(5).
    mounts = (line.split()[1].replace("\\040", " ") for line in lines if len(line.split()) > 2 and line.split()[2] == "vfat")
    return [Path(mount) for mount in mounts]


def identity(drive: Path) -> str | None:
    """The Board-ID of a boot loader's drive; None: it is no such drive."""
    try:
        lines = (drive / _INFO).read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.lower().startswith("board-id:")), "")


def find(board: Facts, among: list[Path] | None = None) -> Path | None:
    """The boot loader's drive. Raises UsageError when there are several. among: where to look (default: all drives)."""
    found = [drive for drive in (drives() if among is None else among) if identity(drive) == _IDENTITIES[board["chip"]]]
    if len(found) > 1:
        raise UsageError(f"several boards are connected ({', '.join(map(str, found))}): say which with --drive")
    return found[0] if found else None


def chosen(drive: Path, board: Facts) -> Path:
    """The drive that the user named. Raises UsageError when it is none, or another chip's."""
    found, expected = identity(drive), _IDENTITIES[board["chip"]]
    if found is None:
        raise UsageError(f"--drive {shown(drive)}: no boot loader's drive, there is no {_INFO} in it")
    if found != expected:
        raise UsageError(f"--drive {shown(drive)}: it is the drive of {found or 'another board'}, not of {expected}")
    return drive


def write(drive: Path, path: Path, data: bytes, steps: Steps, leaves_s: float = _LEAVES_S) -> None:
    """Copy the checked file; the boot loader writes each block as it comes and leaves when it has all.

    Arguments: leaves_s, how long the drive may take to go away.
    Raises DormouseError when it vanishes too soon or stays.
    """
    sent = 0
    try:
        with steps.bar(f"copy {len(data) >> 10} KiB to {drive}") as done, (drive / path.name).open("wb", 0) as file:
            for at in range(0, len(data), _CHUNK):
                sent += file.write(data[at : at + _CHUNK])
                os.fsync(file.fileno())
                done(sent / len(data))
    except OSError as error:
        # It may leave before the system has closed the file, or with the last write, which then counts as failed.
        if sent < len(data) - _CHUNK or identity(drive) is not None:
            text = f"{drive}: {(error.strerror or str(error)).lower()} after {sent} of {len(data)} bytes"
            raise DormouseError(f"{text}. The board does not start now: its boot loader stays, run this again") from error
    until = time.monotonic() + leaves_s
    while identity(drive) is not None:
        if time.monotonic() > until:
            raise DormouseError(f"{drive} is still there: the board did not take the file. Unplug it and run this again")
        time.sleep(0.1)
    steps.say("the drive has gone: the boot loader has taken every block and has started MicroPython")
