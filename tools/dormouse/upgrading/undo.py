"""Back to what an upgrade replaced, from its backup."""

from __future__ import annotations

import json
from pathlib import Path

from dormouse.errors import DormouseError, UsageError
from dormouse.upgrading import shipped, versions
from dormouse.upgrading.swap import BACKUP, NOTE, Swap


def backups(root: Path) -> list[tuple[Path, Swap]]:
    """The complete backups of a folder, oldest first. Raises DormouseError when a note cannot be read."""
    found = []
    for note in root.glob(f"{BACKUP}*/{NOTE}"):
        try:
            found.append((note.parent, Swap(**json.loads(note.read_bytes()))))
        except (OSError, ValueError, TypeError) as error:
            raise DormouseError(f"{note} cannot be read: {error}; move that folder away") from error
    return sorted(found, key=lambda pair: pair[1].number)


def place(root: Path, version: str) -> str:
    """A name for a new backup."""
    name, count = BACKUP + version, 1
    while (root / name).exists():
        count += 1
        name = f"{BACKUP}{version}-{count}"
    return name


def next_number(root: Path) -> int:
    """The number of the next swap."""
    return max((swap.number for _, swap in backups(root)), default=0) + 1


def plan(root: Path) -> tuple[Swap, dict[str, tuple[bytes, bool]], list[str]]:
    """What undoes the last upgrade that is not undone yet.

    Returns the swap, its contents as swap.begin() wants them, and the files that were changed after the upgrade: they
    go into a backup, as everything that is replaced.
    Raises UsageError when there is none, DormouseError when its backup is not whole.
    """
    last = [pair for pair in backups(root) if pair[1].kind == "upgrade"]
    if not last:
        raise UsageError(f"there is no upgrade to undo: {root} has no {BACKUP}VERSION")
    backup, was = last[-1]
    restored = [path for path in (*was.wrote, *was.remove) if path not in was.added]
    contents = {}
    for path in restored:
        file = backup / path
        if file.is_file():
            contents[path] = file.read_bytes(), bool(file.stat().st_mode & 0o100)
        elif path in was.wrote:
            raise DormouseError(f"{backup} has no {path}: it is not whole; what is there can be copied back by hand")
    swap = Swap(
        kind="undo",
        number=next_number(root),
        old=versions.of(root),
        new=was.old,
        backup=place(root, versions.of(root)),
        remove=[path for path in was.added if (root / path).is_file()],
        added=[path for path in contents if not (root / path).is_file()],
        wrote={path: shipped.digest(data) for path, (data, _) in contents.items()},
        drop=backup.name,
    )
    # The list is nobody's work.
    later = [path for path, digest in was.wrote.items() if shipped.digest_of(root / path) not in (digest, None)]
    return swap, contents, [path for path in later if path != shipped.LIST]
