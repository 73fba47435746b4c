"""Which files of a folder are the template's, and as what they were shipped: tools/dormouse/shipped.json.

The list is what tells the user's files and changes from the template's, without git and without a network: a copy has the
list of the version that it is. `python -m dormouse.upgrading.shipped` writes it anew for the files that git tracks here; a
test compares. An upgrade writes the list of what it brought.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path, PurePosixPath

from dormouse.errors import DormouseError
from dormouse.project import find_root
from dormouse.upgrading import versions

LIST = "tools/dormouse/shipped.json"
# The user's, whatever a list says: an upgrade never copies over them.
CONFIG = "config.py"
SECRETS = "credentials.py"
NODES = "nodes/"
_LETTERS = 16  # of the hash
_NOT_SHIPPED = {".git", ".venv", "venv", "build", "dist", "__pycache__", "node_modules", SECRETS, LIST}


def digest(data: bytes) -> str:
    """A file's hash. The ends of lines do not count: git on Windows writes its own."""
    return hashlib.sha256(data if b"\0" in data else data.replace(b"\r\n", b"\n")).hexdigest()[:_LETTERS]


def digest_of(path: Path) -> str | None:
    """The hash of a file; None when it is not there."""
    return digest(path.read_bytes()) if path.is_file() else None


def read(root: Path) -> dict[str, str] | None:
    """A template's list: path to hash. None when it has none. Raises DormouseError when it cannot be read."""
    try:
        found = json.loads((root / LIST).read_text("utf-8"))["files"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DormouseError(f"{root / LIST} cannot be read ({error}): get this file anew from its version") from error
    if not isinstance(found, dict) or not all(isinstance(value, str) and is_plain(name) for name, value in found.items()):
        raise DormouseError(f"{root / LIST} is not a list of files: get this file anew from its version")
    return found


def is_plain(name: str) -> bool:
    """Whether a path, with slashes, stays in the folder on every system."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and not set(name) & set('\\:*?"<>|\0')


def text(version: str, files: dict[str, str]) -> str:
    """The list as it is written: one line per file, so that two branches seldom clash."""
    return json.dumps({"version": version, "files": dict(sorted(files.items()))}, indent=0) + "\n"


def tracked(root: Path) -> list[str] | None:
    """The files that git has in a checkout and that are there, the list not; None when it is none, or there is no git."""
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    names = done.stdout.decode("utf-8", "surrogateescape").split("\0") if not done.returncode else []
    found = sorted(name for name in names if name and name != LIST and (root / name).is_file())
    return found or None


def names(root: Path) -> list[str]:
    """The files that a version ships: those that git tracks, else those of its list, else all but what tools make.

    Raises DormouseError when a file of its list is missing.
    """
    found = tracked(root)
    if found is None:
        listed = read(root)
        if listed is None:
            return sorted(_walked(root, ""))
        found = sorted(listed)
        if missing := [name for name in found if not (root / name).is_file()]:
            raise DormouseError(f"{root} is not complete: it has no {missing[0]}" + _more(len(missing) - 1))
    if odd := [name for name in found if not is_plain(name)]:
        raise DormouseError(f"{root} has {odd[0]!r}, a name that not every system can have")
    return [name for name in found if name != SECRETS]


def _more(count: int) -> str:
    return f", and {count} more" if count else ""


def _walked(folder: Path, above: str) -> list[str]:
    found = []
    for entry in folder.iterdir():
        if entry.name in _NOT_SHIPPED or above + entry.name in _NOT_SHIPPED or entry.name.endswith((".egg-info", ".mpy")):
            continue
        if entry.is_dir() and not (entry.name.startswith(".") and entry.name != ".ci"):
            found += _walked(entry, f"{above}{entry.name}/")
        elif entry.is_file():
            found.append(above + entry.name)
    return found


def made(root: Path) -> str:
    """The list of a checkout, as it should be."""
    found = tracked(root)
    if found is None:
        raise DormouseError(f"{root} is not a git checkout: the list is made from what git tracks")
    return text(versions.of(root), {name: digest((root / name).read_bytes()) for name in found})


if __name__ == "__main__":
    here = find_root()
    (here / LIST).write_text(made(here), "utf-8", newline="\n")
    print(f"{LIST} is written")
