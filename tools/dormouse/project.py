"""Where the template is: the folder with main.py, src/node and boards/."""

from __future__ import annotations

import difflib
from pathlib import Path

from dormouse.errors import UsageError

_MARKERS = ("main.py", "src/node", "boards")


def is_root(folder: Path) -> bool:
    """Whether `folder` is a copy of the template."""
    return all((folder / marker).exists() for marker in _MARKERS)


def find_root(start: Path | None = None) -> Path:
    """The template that the user works on.

    Arguments: start, the folder to look from (default: the current one); it and its parents are tried, then the
    checkout that this package is in.
    Returns the absolute path of the template's root.
    Raises UsageError when there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if is_root(folder):
            return folder
    checkout = Path(__file__).resolve().parents[2]
    if is_root(checkout):
        return checkout
    raise UsageError(f"no Dormouse template in {here} or above it (a folder with {', '.join(_MARKERS)})")


def board_names(root: Path) -> list[str]:
    """The boards that the template knows: folders of boards/ with a profile.py, sorted."""
    return sorted(profile.parent.name for profile in (root / "boards").glob("*/profile.py"))


def node_names(root: Path) -> list[str]:
    """The fleet: the NAMEs of nodes/NAME.py, without the template's examples, sorted."""
    return sorted(path.stem for path in (root / "nodes").glob("*.py") if not path.stem.startswith("example"))


def node_file(root: Path, name: str) -> Path:
    """The file of a node. Raises UsageError when there is none: with the one perhaps meant, or all names."""
    path = root / "nodes" / f"{name}.py"
    if path.is_file():
        return path
    names = node_names(root)
    close = difflib.get_close_matches(name, names, 1)
    there = f"is it {close[0]}?" if close else f"there are: {', '.join(names)}" if names else f"dormouse new {name} makes it"
    raise UsageError(f"no node {name!r}, {shown(path)}: no such file; {there}")


def shown(path: Path) -> str:
    """`path` as it is shown to the user: from the current folder when it is below it, else in full."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
