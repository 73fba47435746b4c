"""Files swapped as one: written aside, the old ones kept, then put in their places; cut short, a second run ends it.

Only the standard library, and nothing else of this package: while it works the package itself is half old and half new.
A copy of this file, STAGE/finish.py, ends the work where `dormouse` does not start any more.

The order: STAGE/new has every new file; then STAGE/plan.json is there, and from here on the work can only be ended. The
backup has every old file; then its upgrade.json is there. Only now is a file of the user's folder touched.
"""

from __future__ import annotations

import json
import os
import runpy
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

STAGE = ".dormouse-upgrade"
BACKUP = ".dormouse-backup-"  # and the version that was replaced
NOTE = "upgrade.json"  # in a complete backup: the Swap that made it
_PLAN = "plan.json"
_FINISH = "finish.py"
_TRIES = 20  # of 50 ms: on Windows a virus scanner may hold a new file for a moment


@dataclass
class Swap:
    """What is to be done. Paths are from the template's folder, with slashes."""

    kind: str  # "upgrade" or "undo"
    number: int  # counts the swaps of this folder
    old: str  # versions
    new: str
    backup: str  # folder
    remove: list[str]
    added: list[str]  # those of wrote that are not there yet
    wrote: dict[str, str]  # what is written, with its hash (shipped.digest)
    drop: str | None = None  # a backup that is not needed any more


def begin(root: Path, swap: Swap, contents: Mapping[str, tuple[bytes, bool]]) -> None:
    """Write the new files aside; nothing of the user's is touched.

    Arguments: root, the user's template; swap, the work; contents, for each path of swap.wrote its bytes and whether it
    is a program. Raises OSError.
    """
    stage = root / STAGE
    _wipe(stage)
    for path in swap.wrote:
        data, program = contents[path]
        _put(stage / "new" / path, data, program=program)
    _put(stage / _FINISH, Path(__file__).read_bytes())
    _put(stage / _PLAN, _text(swap))


def give_up(root: Path) -> None:
    """Throw away what an interrupted begin() has written, unless it is whole."""
    if not (root / STAGE / _PLAN).is_file():
        _wipe(root / STAGE)


def finish(root: Path) -> Swap:
    """Do the work that begin() has prepared, or what is left of it. Raises OSError; it can be called again then."""
    stage = root / STAGE
    swap = Swap(**json.loads((stage / _PLAN).read_bytes()))
    _keep(root, swap)
    early = {path for path in swap.remove if any(_in_the_way(path, new) for new in swap.wrote)}
    for path in sorted(early):
        _remove(root, path)
    for path in swap.wrote:
        aside = stage / "new" / path
        if aside.is_file():
            program = bool(aside.stat().st_mode & 0o100)
            # Through a link, so that a linked config.py stays one.
            _put(Path(os.path.realpath(root / path)), aside.read_bytes(), program=program)
            aside.unlink()
    for path in sorted(set(swap.remove) - early):
        _remove(root, path)
    if swap.drop:
        _drop(root / swap.drop)
    (stage / _PLAN).unlink()
    _wipe(stage)
    return swap


def _keep(root: Path, swap: Swap) -> None:
    """The old files into the backup. Its note comes last, so a backup with a note is whole."""
    backup = root / swap.backup
    if (backup / NOTE).is_file():
        return
    for path in (*swap.wrote, *swap.remove):
        live = root / path
        if live.is_file():
            _put(backup / path, live.read_bytes(), like=live)
    _put(backup / NOTE, _text(swap))


def _text(swap: Swap) -> bytes:
    return (json.dumps(asdict(swap), indent=1) + "\n").encode()


def _in_the_way(old: str, new: str) -> bool:
    """Whether a file must go before another can come: one has the name of the other's folder."""
    return old.startswith(new + "/") or new.startswith(old + "/")


def _put(path: Path, data: bytes, program: bool = False, like: Path | None = None) -> None:
    """A file with these bytes: the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".dormouse-new")
    with aside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    model = like or path
    mode = (model if model.is_file() else aside).stat().st_mode & 0o777
    aside.chmod(mode | (mode & 0o444) >> 2 if program else mode)
    for tried in range(_TRIES):
        try:
            os.replace(aside, path)
            return
        except PermissionError:
            if os.name != "nt" or tried == _TRIES - 1:
                raise
            time.sleep(0.05)


def _remove(root: Path, path: str) -> None:
    """Remove a file, and the folders that are empty without it."""
    live = root / path
    if live.is_file():
        live.unlink()
    for folder in live.parents:
        if folder == root:
            return
        if folder.is_dir():
            if any(entry.name != "__pycache__" for entry in folder.iterdir()):
                return
            _wipe(folder)


def _drop(backup: Path) -> None:
    """Remove a backup, its note first: without it, it is none."""
    if (backup / NOTE).is_file():
        (backup / NOTE).unlink()
    _wipe(backup)


def _wipe(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)


def unfinished(start: Path) -> Path | None:
    """The folder whose upgrade was cut short: start, or one above it; None: there is none."""
    for folder in (start, *start.parents):
        if (folder / STAGE / _PLAN).is_file():
            return folder
    return None


def before(words: Sequence[str]) -> int | None:
    """Called before every command, since a half upgraded package must not work on.

    Arguments: words, the command line. Returns None to go on, else the exit status: `upgrade` has ended the work, any
    other command says what is to be done.
    """
    root = unfinished(Path.cwd().resolve()) or unfinished(Path(__file__).resolve().parents[3])
    if root is None or "--help" in words or words[:1] == ["--version"]:
        return None
    if words[:1] != ["upgrade"]:
        print(f"dormouse: an upgrade of {root} was cut short: `dormouse upgrade` ends it", file=sys.stderr)
        return 1
    # By the version that began it: this file may be the new one's already.
    status: int = runpy.run_path(str(root / STAGE / _FINISH))["end"](root, "`dormouse upgrade`")
    return status


def end(root: Path, again: str) -> int:
    """finish(), told in a line. Arguments: again, what the user may run if it fails. Returns the exit status."""
    try:
        done = finish(root)
    except OSError as error:
        print(f"dormouse: the upgrade is not finished: {error}; then run {again} again", file=sys.stderr)
        return 1
    print(f"the {done.kind} from {done.old} to {done.new} that was cut short is done; what it replaced: {done.backup}")
    if done.kind == "upgrade":
        print("back again: dormouse upgrade --undo; are the settings in order: dormouse check")
    return 0


if __name__ == "__main__":
    sys.exit(end(Path(__file__).resolve().parents[1], "it"))
