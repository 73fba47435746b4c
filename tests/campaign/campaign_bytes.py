"""Which bytes of a flash write matter: after each the write is stopped, and the file system, mounted on the PC by
littlefs-python, shows some files. A board is run for each different sight, not for each byte: what it cannot see it cannot
fail at.
"""

from __future__ import annotations

import os
from pathlib import Path

from littlefs import LittleFS, LittleFSError, UserContext

from dormouse.virtual.flash import BLOCK

Write = tuple[int, int, int, bytes]  # number of the call, block, offset, data


class _Image(UserContext):
    """The image in a file, under what has been written to it since."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDONLY)
        self.in_size = os.fstat(self._fd).st_size
        self.blocks: dict[int, bytearray] = {}

    def block(self, number: int) -> bytearray:
        if number not in self.blocks:
            self.blocks[number] = bytearray(os.pread(self._fd, BLOCK, number * BLOCK))
        return self.blocks[number]

    def read(self, cfg: object, block: int, off: int, size: int) -> bytearray:
        return self.block(block)[off : off + size]

    def prog(self, cfg: object, block: int, off: int, data: bytes) -> int:
        raise AssertionError("looking does not write")

    def erase(self, cfg: object, block: int) -> int:
        raise AssertionError("looking does not write")

    def close(self) -> None:
        os.close(self._fd)


def sight(image: _Image) -> object:
    """The files in the root, which are the board's own, with their contents; the error when there is no file system."""
    try:
        fs = LittleFS(context=image, mount=False, block_size=BLOCK, block_count=image.in_size // BLOCK, disk_version=0)
        fs.mount()
        seen = []
        for folder, _, names in fs.walk("/"):
            for name in names:
                if folder == "/":
                    with fs.open("/" + name, "rb") as f:
                        seen.append((name, bytes(f.read())))
            break
        return tuple(sorted(seen))
    except LittleFSError as error:
        return repr(error)


def stops(path: Path, writes: list[Write], candidates: dict[int, tuple[int, ...]]) -> tuple[dict[int, tuple[int, ...]], int]:
    """Replay a wake's writes on the image before it.

    path: the image. candidates: by the call's number, the bytes after which it may stop.
    Returns by the call's number the first of the stops with each sight, and the last; and how many were looked at.
    Raises AssertionError when a stopped write leaves no file system.
    """
    image = _Image(path)
    found: dict[int, tuple[int, ...]] = {}
    looked = 0
    try:
        for number, block, offset, data in writes:
            held = image.block(block)
            before = bytes(held)
            seen: dict[object, int] = {}
            wanted = candidates.get(number, ())
            for stop in wanted:
                held[offset : offset + stop] = data[:stop]
                look = sight(image)
                assert not isinstance(look, str), f"call {number}, byte {stop}: {look}"
                seen.setdefault(look, stop)
                looked += 1
                held[:] = before
            found[number] = tuple(sorted({*seen.values(), *wanted[-1:]}))
            held[offset : offset + len(data)] = data
    finally:
        image.close()
    return found, looked
