"""May this copy become that version, and what has to be written and removed for it."""

from __future__ import annotations

import sys
from pathlib import Path

from dormouse.errors import DormouseError
from dormouse.upgrading import compare, shipped, undo, versions
from dormouse.upgrading.compare import Difference
from dormouse.upgrading.swap import Swap

_SHOWN = 3  # names in an error


def allowed(old: str, new: str, folder: Path, force: bool) -> None:
    """Whether one version may follow another.

    Arguments: old, new, the versions; folder, the new one's; force, to an older one too.
    Raises DormouseError when it may not.
    """
    if versions.order(new) < versions.order(old) and not force:
        raise DormouseError(f"{new} is older than this copy, {old}: --undo goes back after an upgrade, --force does it")
    python = versions.needs_python(folder)
    if python and sys.version_info[:2] < python:
        raise DormouseError(f"{new} needs Python {'.'.join(map(str, python))} or later; this is {sys.version.split()[0]}")


def free(root: Path, found: Difference, new: str, force: bool) -> None:
    """Whether nothing of the user's is in the way.

    Arguments: root, the user's copy; found, how new differs; force, over what git has no commit of too.
    Raises DormouseError naming it when something is.
    """
    if found.blocked:
        text = f"{_some(found.blocked)}: yours, and {new} has a file of that name"
        raise DormouseError(f"{text}: give yours another name, in your settings too, then upgrade again")
    touched = {*found.changed, *found.removed}
    loose = [path for path in compare.uncommitted(root) if path in touched]
    if loose and not force:
        text = f"{_some(loose)}: changed and not committed, and {new} replaces it"
        raise DormouseError(f"{text}: commit first, or --force: then only the backup has your change")


def _some(paths: list[str]) -> str:
    more = len(paths) - _SHOWN
    return ", ".join(paths[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def swap(root: Path, new: Path, found: Difference, texts: dict[str, bytes]) -> tuple[Swap, dict[str, tuple[bytes, bool]]]:
    """The work, and its contents as swap.begin() wants them.

    Arguments: root, the user's copy; new, the other version's folder; found, how it differs; texts, the user's files of
    settings that change, with their new bytes.
    """
    contents: dict[str, tuple[bytes, bool]] = {path: (data, False) for path, data in texts.items()}
    for path in found.written:
        contents[path] = (new / path).read_bytes(), bool((new / path).stat().st_mode & 0o100)
    version = versions.of(new)
    hashes = {name: shipped.digest((new / name).read_bytes()) for name in shipped.names(new)}
    contents[shipped.LIST] = shipped.text(version, hashes).encode(), False
    old = versions.of(root)
    work = Swap(
        kind="upgrade",
        number=undo.next_number(root),
        old=old,
        new=version,
        backup=undo.place(root, old),
        remove=found.removed,
        added=[path for path in contents if not (root / path).is_file()],
        wrote={path: shipped.digest(data) for path, (data, _) in contents.items()},
    )
    return work, contents
