"""Which files of a folder are the template's, and as what they were shipped: that tells the user's files and changes from them,
without git and without a network.

tools/dormouse/shipped.txt, which each version brings, has the names: `python -m dormouse.upgrading.shipped --names` writes it
anew after a file has come or gone; a test compares. .dormouse/shipped.json is no part of the template: a copy notes the hashes
of what it came with when it is set up (tools/setup, `dormouse new`), and an upgrade those of what it brought.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from functools import cache
from pathlib import Path, PurePosixPath

from dormouse.errors import DormouseError
from dormouse.project import find_root, shown
from dormouse.upgrading import versions

NAMES = "tools/dormouse/shipped.txt"
LIST = ".dormouse/shipped.json"
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
    """A template's list: path to hash. None when it has none, or another version's: git pull knows nothing of it.

    Raises DormouseError when it cannot be read.
    """
    try:
        listed = json.loads((root / LIST).read_text("utf-8"))
        found = listed["files"]
        if listed["version"] != versions.of(root):
            return None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DormouseError(f"{root / LIST} cannot be read ({error}): delete it and upgrade again") from error
    if not isinstance(found, dict) or not all(isinstance(value, str) and is_plain(name) for name, value in found.items()):
        raise DormouseError(f"{root / LIST} is not a list of files: delete it and upgrade again")
    return found


def is_plain(name: str) -> bool:
    """Whether a path, with slashes, stays in the folder on every system."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and not set(name) & set('\\:*?"<>|\0')


def text(version: str, files: dict[str, str]) -> str:
    """The list as it is written: one line per file, so that two branches seldom clash."""
    return json.dumps({"version": version, "files": dict(sorted(files.items()))}, indent=0) + "\n"


def tracked(root: Path) -> list[str] | None:
    """The files that git has in a checkout and that are there; None when it is none, or there is no git."""
    names = (git(root, "ls-files", "-z") or b"").decode("utf-8", "surrogateescape").split("\0")
    found = sorted(name for name in names if name and (root / name).is_file())
    return found or None


def git(root: Path, *words: str) -> bytes | None:
    """What git prints of a checkout; None when it is none, there is no git, or it fails."""
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(["git", "--no-optional-locks", *words], cwd=root, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else done.stdout


def names(root: Path) -> list[str]:
    """The files that a version ships: those that git tracks, else those that it names, else all but what tools make.

    Raises DormouseError when a file that it names is missing.
    """
    found = tracked(root)
    if found is None:
        found = _named(root)
        if not found:
            return sorted(_walked(root, ""))
        if missing := [name for name in found if not (root / name).is_file()]:
            raise DormouseError(f"{root} is not complete: it has no {missing[0]}" + _more(len(missing) - 1))
    if odd := [name for name in found if not is_plain(name)]:
        raise DormouseError(f"{root} has {odd[0]!r}, a name that not every system can have")
    return [name for name in found if name != SECRETS]


def _named(root: Path) -> list[str]:
    return (root / NAMES).read_text("utf-8").split("\n")[:-1] if (root / NAMES).is_file() else []


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


def note(root: Path) -> None:
    """Write the hashes of a copy that has none of its version: of what git has, else of what is there now. No file of the
    user's is among them: without git only those that the version names are. Raises DormouseError when it cannot be written.
    """
    found = tracked(root) or _named(root)
    if not found or read(root) is not None:
        return
    here = [name for name in found if name != SECRETS and (root / name).is_file()]
    try:
        hashes = {name: digest(_as_it_came(root, name)) for name in here}
        (root / LIST).parent.mkdir(exist_ok=True)
        (root / LIST).write_text(text(versions.of(root), hashes), "utf-8", newline="\n")
    except OSError as error:
        raise DormouseError(f"cannot write {shown(root / LIST)}: {error.strerror or error}") from error


def _as_it_came(root: Path, name: str) -> bytes:
    # git has it, where it was changed since.
    found = git(root, "show", f"HEAD:./{name}") if name in _changed(root) else None
    return (root / name).read_bytes() if found is None else found


@cache
def _changed(root: Path) -> frozenset[str]:
    found = git(root, "diff", "--name-only", "--relative", "-z", "HEAD") or b""
    return frozenset(found.decode("utf-8", "surrogateescape").split("\0"))


if __name__ == "__main__":
    here = find_root()
    if sys.argv[1:] == ["--names"]:
        (here / NAMES).write_text("".join(f"{name}\n" for name in tracked(here) or ()), "utf-8", newline="\n")
    else:
        note(here)
