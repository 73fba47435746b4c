"""A firmware file: which one to download, and whether what it holds is a MicroPython for this board."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dormouse.errors import DormouseError, UsageError
from dormouse.project import shown

Facts = dict[str, Any]  # a board.toml
_LARGEST = 64 << 20
_OTHERS = ((b"<", "a web page"), (b"\x1f\x8b", "a .gz archive"), (b"PK\x03\x04", "a .zip archive"), (b"\x7fELF", "an ELF file"))
# The banner, which the REPL prints: micropython shared/runtime/pyexec.c, py/mpconfig.h (MICROPY_BANNER_NAME_AND_VERSION)
_BANNER = re.compile(rb"MicroPython v(\d+\.\d+(?:\.\d+)?)([-.\w]*) on \d{4}-\d\d-\d\d")
_MACHINE = re.compile(rb"; ([ -~]{2,60} with [ -~]{3,40})(?=[\0\r\n])")


@dataclass(frozen=True)
class Content:
    """What was found in a firmware file; None: not told."""

    version: str | None
    machine: str | None

    def __str__(self) -> str:
        text = f"MicroPython {self.version}" if self.version else "MicroPython, version unknown"
        return text + (f" for {self.machine}" if self.machine else "")


def which(board: Facts) -> str:
    """What to download for a board, in one line."""
    firmware = board["firmware"]
    names = " or ".join([firmware["name"], *firmware["also"]])
    return f"{names}, the {firmware['suffix']} file of {firmware['minimum']} or later, from {firmware['page']}"


def read(path: Path, board: Facts) -> bytes:
    """The file. Raises UsageError when it cannot be read, DormouseError when it is no firmware at all."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= _LARGEST else b""
    except OSError as error:
        raise UsageError(f"--firmware {shown(path)}: {(error.strerror or str(error)).lower()}") from error
    if not size:
        raise wrong(path, "the file is empty", board)
    if size > _LARGEST:
        raise wrong(path, f"{size} bytes are no firmware", board)
    for magic, what in _OTHERS:
        if data.lstrip().startswith(magic) if magic == b"<" else data.startswith(magic):
            raise wrong(path, f"this is {what}", board)
    return data


def wrong(path: Path, why: str, board: Facts) -> DormouseError:
    """The error for a file that must not reach the board: what is wrong, and which is right."""
    return DormouseError(f"{shown(path)}: {why}; nothing was written. {board['title']} needs {which(board)}")


def look_into(path: Path, content: bytes, board: Facts) -> Content:
    """Find MicroPython's own words in what will be in the flash.

    Arguments: path, to name it; content, the bytes without the file's headers.
    Raises DormouseError when there is no MicroPython in it, or one older than board.toml's minimum.
    """
    banner, machine = _BANNER.search(content), _MACHINE.search(content)
    if b"MicroPython" not in content:
        raise wrong(path, "there is no MicroPython in it", board)
    version = banner.group(1).decode() + banner.group(2).decode() if banner else None
    least = board["firmware"]["minimum"]
    if banner and _numbers(banner.group(1).decode()) < _numbers(least):
        raise wrong(path, f"MicroPython {version} is too old, Dormouse needs {least}", board)
    return Content(version, machine.group(1).decode() if machine else None)


def doubt(content: Content, board: Facts) -> str | None:
    """What the user should know although the file may be written: a firmware made for another board; None: nothing."""
    expected = board["firmware"]["machine"]
    if content.machine is None or content.machine == expected or board["firmware"]["also"]:
        return None
    return f"it was made for {content.machine}, not for {expected}: its pins or its flash may differ"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
