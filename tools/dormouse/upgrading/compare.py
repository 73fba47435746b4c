"""What differs between a user's copy of the template and another version of it, and whose each difference is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from dormouse.errors import DormouseError
from dormouse.upgrading import shipped
from dormouse.upgrading.shipped import CONFIG, NODES, SECRETS

_USERS = ("sensors/", "boards/")  # folders where the user's own files stand beside the template's


@dataclass
class Difference:
    """Paths, by what happens to them."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    both: list[str] = field(default_factory=list)  # of changed: the user has changed them too
    kept: list[str] = field(default_factory=list)  # changed by the user, and not by the new version: they stay
    left: list[str] = field(default_factory=list)  # changed by the user, not shipped any more: they stay
    blocked: list[str] = field(default_factory=list)  # the user's own, where the new version has a file
    own: list[str] = field(default_factory=list)  # the user's own sensors, boards and nodes
    listed: bool = True  # whether the user's copy has a list of what was shipped

    @property
    def written(self) -> list[str]:
        """What is added or changed, the tools last: a half of them is the worst to have."""
        return sorted((*self.added, *self.changed), key=lambda path: (path.startswith("tools/"), path))


def find(mine: Path, new: Path) -> Difference:
    """Compare. Arguments: mine, the user's copy; new, the other version. config.py and credentials.py are not looked at.

    Raises DormouseError when one of the two is not whole.
    """
    names, base = shipped.names(new), shipped.read(mine)
    found = Difference(listed=base is not None)
    known = base or {}
    for path in sorted({*names, *known} - {SECRETS}):
        if path == CONFIG:
            if path in names and not (mine / path).exists():
                found.added.append(path)
            continue
        new_hash = shipped.digest_of(new / path) if path in names else None
        _sort(found, path, known.get(path), shipped.digest_of(mine / path), new_hash)
    found.own = [path for path in _users(mine) if path not in known and path not in names]
    _passable(mine, found)
    return found


def _sort(found: Difference, path: str, base: str | None, mine: str | None, new: str | None) -> None:
    if mine == new:
        return
    if new is None:
        (found.removed if mine == base else found.left).append(path)
    elif mine is None:
        # What the user has thrown away comes back, but for an example of a node.
        if base is None or not path.startswith(NODES):
            found.added.append(path)
    elif mine == base:
        found.changed.append(path)
    elif new == base or path.startswith(NODES):
        found.kept.append(path)
    elif base is None and found.listed and path.startswith(_USERS):
        found.blocked.append(path)
    else:
        found.changed.append(path)
        if found.listed:
            found.both.append(path)


def _users(mine: Path) -> list[str]:
    paths = [*mine.glob("sensors/*.py"), *mine.glob("boards/*/*"), *mine.glob("nodes/*.py")]
    return sorted(path.relative_to(mine).as_posix() for path in paths if path.is_file())


def _passable(mine: Path, found: Difference) -> None:
    """Folders and files of one name: only the user's own can be in the way then."""
    for path in found.added:
        here = mine / path
        parents = [folder for folder in here.parents if folder != mine and mine in folder.parents]
        wall = next((folder for folder in parents if folder.exists() and not folder.is_dir()), None)
        if here.is_dir():
            inside = [file.relative_to(mine).as_posix() for file in here.rglob("*") if file.is_file()]
            inside = [file for file in inside if "__pycache__" not in file]
            wall = here if not inside or set(inside) - set(found.removed) else None
        if wall and wall.relative_to(mine).as_posix() not in found.removed:
            raise DormouseError(f"{wall} is in the way of the new version's {path}: move it, then upgrade again")


def uncommitted(mine: Path) -> list[str]:
    """The tracked files of a git checkout that differ from its last commit; none where there is no git."""
    found = shipped.git(mine, "status", "--porcelain", "-z", "--untracked-files=no", "--no-renames") or b""
    return [line[3:] for line in found.decode("utf-8", "surrogateescape").split("\0") if line]
