"""Files that appear all together or not at all: written aside, then renamed; what was there comes back on a failure."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

PRIVATE = 0o600
_PLAIN = 0o666  # the user's umask takes its part


@dataclass
class _File:
    path: Path
    data: bytes
    mode: int
    aside: Path
    before: bytes | None = None
    placed: bool = False


class Files:
    """A context manager: add() each file, then commit(). Left without a commit, nothing has changed."""

    def __init__(self) -> None:
        self._files: list[_File] = []

    def add(self, path: Path, data: bytes, mode: int = _PLAIN) -> None:
        """Write `data` aside for `path`. mode: permissions, PRIVATE for secrets, where the system has them. Raises OSError."""
        aside = path.with_name(f".{path.name}.new")
        aside.unlink(missing_ok=True)
        self._files.append(_File(path, data, mode, aside))
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def commit(self) -> None:
        """Give all their names. Raises OSError; then those that had theirs already are as before."""
        try:
            for file in self._files:
                with contextlib.suppress(FileNotFoundError):
                    file.before = file.path.read_bytes()
                file.placed = True
                file.aside.replace(file.path)
        except BaseException:
            self._take_back()
            raise
        self._files.clear()

    def _take_back(self) -> None:
        for file in self._files:
            if not file.placed or file.aside.exists():
                continue
            if file.before is None:
                file.path.unlink(missing_ok=True)
            else:
                file.path.write_bytes(file.before)

    def __enter__(self) -> Files:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            with contextlib.suppress(OSError):
                file.aside.unlink(missing_ok=True)
