"""The other version: a folder or a .zip of the template."""

from __future__ import annotations

import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dormouse.errors import DormouseError, UsageError
from dormouse.project import is_root
from dormouse.upgrading.shipped import is_plain

_MOST_BYTES = 500 * 1024 * 1024  # unpacked; the template has a few MB


@contextmanager
def opened(where: str) -> Iterator[Path]:
    """The root of the template in a folder or a .zip, which may have one folder around it, as GitHub's has.

    Raises UsageError when it is not there or is not the template, DormouseError when it cannot be read.
    """
    path = Path(where)
    if "://" in where:
        raise UsageError(f"{where}: nothing is downloaded here; download it, and name the folder or the .zip")
    if path.is_dir():
        yield _root(path.resolve(), path)
    elif path.is_file():
        with tempfile.TemporaryDirectory(prefix="dormouse-", ignore_cleanup_errors=True) as folder:
            _unpack(path, Path(folder))
            yield _root(Path(folder).resolve(), path)
    else:
        raise UsageError(f"{path}: no such folder or .zip")


def _root(folder: Path, named: Path) -> Path:
    inside = [entry for entry in folder.iterdir() if entry.is_dir() and is_root(entry)]
    if is_root(folder):
        return folder
    if len(inside) == 1:
        return inside[0]
    raise UsageError(f"{named} is no Dormouse template: it needs main.py, src/node and boards")


def _unpack(path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if sum(member.file_size for member in members) > _MOST_BYTES:
                raise DormouseError(f"{path} unpacks to more than {_MOST_BYTES // 1024**2} MB: that is not the template")
            for member in members:
                mode = member.external_attr >> 16
                if not is_plain(member.filename) or stat.S_ISLNK(mode):
                    raise DormouseError(f"{path} has {member.filename!r}, which leads out of it or not every system can have")
                written = Path(archive.extract(member, folder))
                if mode & 0o100:  # extract() leaves it out
                    written.chmod(written.stat().st_mode | 0o100)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise UsageError(f"{path} is not a .zip, or was not downloaded whole: {error}") from error
    except (OSError, RuntimeError) as error:
        raise DormouseError(f"{path} cannot be unpacked: {error}") from error
