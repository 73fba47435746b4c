"""The board's flash: a LittleFS image in a sparse file. Files of the machinery are replaced, what the board wrote is kept."""

from __future__ import annotations

import json
import os
from pathlib import Path

from littlefs import LittleFS, LittleFSError, UserContext

BLOCK = 4096
_V2_0 = 0x00020000


class _File(UserContext):
    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.in_size = os.fstat(fd).st_size

    def read(self, cfg: object, block: int, off: int, size: int) -> bytearray:  # noqa: ARG002
        return bytearray(os.pread(self._fd, size, block * BLOCK + off))

    def prog(self, cfg: object, block: int, off: int, data: bytes) -> int:  # noqa: ARG002
        os.pwrite(self._fd, data, block * BLOCK + off)
        return 0

    def erase(self, cfg: object, block: int) -> int:  # noqa: ARG002
        os.pwrite(self._fd, b"\xff" * BLOCK, block * BLOCK)
        return 0


class Flash:
    """The image file of one board.

    path: the image, made when it is missing. size: bytes of the file system.
    Attributes: fd, for the board's process to read; writes, since the image was opened; cut_after, the number of writes and
    erases after which the power fails, None for never.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.blocks = size // BLOCK
        fresh = not path.exists()
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        os.ftruncate(self.fd, size)
        self.writes = 0
        self.cut_after: int | None = None
        self._known = path.with_suffix(".files.json")
        if fresh:
            self._littlefs(_V2_0).format()

    def _littlefs(self, version: int) -> LittleFS:
        return LittleFS(context=_File(self.fd), mount=False, block_size=BLOCK, block_count=self.blocks, disk_version=version)

    def _open(self) -> LittleFS:
        # Made as version 2.0, which every interpreter reads; a newer one makes it 2.1 with its first write.
        try:
            fs = self._littlefs(_V2_0)
            fs.mount()
        except LittleFSError:
            fs = self._littlefs(0)
            fs.mount()
        return fs

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def write(self, block: int, offset: int, data: bytes) -> bool:
        """Program bytes as the board asks; False when the power fails before it."""
        if not self._power():
            return False
        os.pwrite(self.fd, data, block * BLOCK + offset)
        return True

    def erase(self, block: int) -> bool:
        """Erase a block as the board asks; False when the power fails before it."""
        return self.write(block, 0, b"\xff" * BLOCK)

    def _power(self) -> bool:
        if self.cut_after is not None:
            if self.cut_after <= 0:
                return False
            self.cut_after -= 1
        self.writes += 1
        return True

    def sync(self, files: dict[str, bytes]) -> None:
        """Make the image hold these files: changed ones are written, those of an earlier sync that are gone are removed.

        files: path from the root of the board's file system to contents. What the board itself made is not touched.
        """
        before = set(json.loads(self._known.read_text("utf-8"))) if self._known.exists() else set()
        fs = self._open()
        for name in sorted(before - set(files)):
            try:
                fs.remove("/" + name)
            except FileNotFoundError:
                pass
        for name, data in files.items():
            path = "/" + name.lstrip("/")
            try:
                with fs.open(path, "rb") as f:
                    if f.read() == data:
                        continue
            except FileNotFoundError:
                fs.makedirs(path.rpartition("/")[0] or "/", exist_ok=True)
            with fs.open(path, "wb") as f:
                f.write(data)
        self._known.write_text(json.dumps(sorted(files)), "utf-8")

    def read_file(self, name: str) -> bytes:
        """The contents of a file on the board. Raises FileNotFoundError."""
        fs = self._open()  # a name of its own: an open file does not keep it alive
        with fs.open("/" + name.lstrip("/"), "rb") as f:
            return bytes(f.read())

    def names(self) -> list[str]:
        """Every file on the board, with its path from the root."""
        fs = self._open()
        return sorted(f"{folder.rstrip('/')}/{name}".lstrip("/") for folder, _, names in fs.walk("/") for name in names)
