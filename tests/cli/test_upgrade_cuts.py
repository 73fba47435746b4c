"""dormouse upgrade, cut short at every operation on a file: nothing is lost, and a second run ends it."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_up_template import SCHEMA, make, put, tree, upgrade

from dormouse import cli
from dormouse.upgrading import compare, prepare, swap
from dormouse.upgrading import undo as undoing

_EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod"}


class Killed(BaseException):
    """The process is gone."""


class Knife:
    """Counts what is done to files below a folder, and from the cut on lets nothing more be done to them."""

    def __init__(self) -> None:
        self.folder, self.count, self.cut, self.at = "", -1, -1, ""
        sys.addaudithook(self._hook)

    def arm(self, folder: Path, cut: int, at: str = "") -> None:
        """Cut before the operation of this number, from 0, or before the first one on a path that fits a pattern; -1: never."""
        self.folder, self.count, self.cut, self.at = str(folder), 0, cut, at

    def disarm(self) -> None:
        self.folder = ""

    def _hook(self, event: str, words: tuple[Any, ...]) -> None:
        if not self.folder or (event not in _EVENTS and event != "open"):
            return
        if event == "open" and not (isinstance(words[1], str) and set(words[1]) & set("wax+")):
            return
        name = words[0]
        # rmtree works with names relative to an open folder: no such folder is elsewhere while this is armed.
        path = "" if isinstance(name, int) else os.fspath(name)
        if path and (not Path(path).is_absolute() or path.startswith(self.folder)):
            if self.at and re.search(self.at, path.removeprefix(self.folder)):
                self.cut = self.count
            self.step()

    def step(self) -> None:
        if self.folder:
            self.count += 1
            if self.count > self.cut >= 0:
                raise Killed


@pytest.fixture(scope="module")
def the_knife() -> Knife:
    """One for all: an audit hook cannot be removed."""
    return Knife()


@pytest.fixture
def knife(the_knife: Knife, monkeypatch: pytest.MonkeyPatch) -> Iterator[Knife]:
    """Also writing itself is cut: half of the bytes are in the file then. Nothing is waited for on the disk."""

    def half(number: int) -> None:
        try:
            the_knife.step()
        except Killed:
            os.truncate(number, os.fstat(number).st_size // 2)
            raise

    monkeypatch.setattr(os, "fsync", half)
    yield the_knife
    the_knife.disarm()


def templates(folder: Path, schema: bool = True) -> tuple[Path, Path]:
    """The user's copy, and a version with something of each kind; schema: with one, and one with another setting."""
    less: dict[str, str | None] = dict.fromkeys(
        ("credentials.example.py", "docs/one.md", "nodes/example.py", "sensors/sht4x.py")
    )
    change: dict[str, str | None] = {
        **less,
        "src/node/cycle.py": "# one wake, better\n",
        "src/node/old.py": None,
        "src/node/new.py": "# new\n",
        "docs/a/b": "b\n",
    }
    if schema:
        row = '    ("MURMUR_S", "int", "s", 1, 60, 5, "made up"),\n    ("BROKER",'
        change["src/node/schema.py"] = SCHEMA.replace('    ("BROKER",', row)
    else:
        less["src/node/schema.py"] = change["src/node/schema.py"] = "# the schema\n"
    mine = make(folder / "mine", "0.1.0", {**less, "docs/a": "a\n"})
    put(mine, "sensors/mine.py", "# mine\n")
    put(mine, "src/node/cycle.py", "# one wake, mine\n")
    put(mine, "credentials.py", "USER = None\nPASSWORD = 'acorn'\n")
    return mine, make(folder / "new", "0.2.0", change)


def kept(root: Path) -> set[bytes]:
    """The contents of all files, wherever they are; not what a backup says of itself."""
    return {data for name, data in tree(root, hidden=True).items() if not name.endswith(swap.NOTE)}


def reset(root: Path, files: dict[str, bytes]) -> None:
    """These files, and no others."""
    for hidden in root.glob(".dormouse-*"):
        shutil.rmtree(hidden)
    now = tree(root)
    for name in now.keys() - files.keys():
        (root / name).unlink()
    for name, data in files.items():
        if now.get(name) != data:
            wall = (root / name).parent
            if wall.is_file():
                wall.unlink()
            elif (root / name).is_dir():
                (root / name).rmdir()
            wall.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)


@pytest.mark.parametrize("undo", [False, True], ids=["upgrade", "undo"])
def test_cut_short_at_every_operation(
    tmp_path: Path, knife: Knife, undo: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, new = templates(tmp_path, schema=False)
    monkeypatch.chdir(mine)
    texts = {"config.py": b"BOARD = 'other'\n"}
    work, contents = prepare.swap(mine, new, compare.find(mine, new), texts)
    if undo:
        swap.begin(mine, work, contents)
        swap.finish(mine)
        work, contents, _ = undoing.plan(mine)
    before, all_before = tree(mine), kept(mine)
    start = tree(mine, hidden=True)

    def act() -> None:
        if swap.before(["upgrade"]) is None:
            swap.begin(mine, work, contents)
            swap.finish(mine)

    knife.arm(tmp_path, -1)
    act()
    steps = knife.count
    knife.disarm()
    after = tree(mine)
    assert steps > 60

    met = {"nothing", "all", "part"}
    # An undo differs at its end: a backup is dropped.
    for cut in [*range(0, steps - 12, 5), *range(steps - 12, steps)] if undo else range(steps):
        reset(mine, start)
        knife.arm(tmp_path, cut)
        with pytest.raises(Killed):
            act()
        knife.disarm()
        assert all_before <= kept(mine), cut
        if swap.unfinished(mine):
            met.discard("part")
            act()
        elif tree(mine) == before:
            met.discard("nothing")
            act()
        else:
            met.discard("all")
        assert tree(mine) == after, cut
        assert all_before <= kept(mine), cut
        assert not swap.unfinished(mine)
    assert not met  # each of the three was seen


@pytest.mark.parametrize("at", ["upgrade/new/docs/a", "backup-0.1.0/docs/a", "mine/src/node/new"])
def test_the_command_cut_short(
    tmp_path: Path, knife: Knife, at: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, new = templates(tmp_path)
    monkeypatch.chdir(mine)
    before = tree(mine)
    knife.arm(tmp_path, -1, at)
    with pytest.raises(Killed):
        upgrade(str(new), "--yes")
    knife.disarm()
    assert (tree(mine) == before) == ("mine/" not in at)
    capsys.readouterr()
    if "new" not in at:
        # Any other command says what is to be done, and does nothing.
        assert cli.main(["boards"]) == 1
        assert "was cut short: `dormouse upgrade` ends it" in capsys.readouterr().err
        # What ends it is what began it, whatever the package is by now.
        own = mine / swap.STAGE / "finish.py"
        own.write_text(own.read_text().replace("cut short is done", "cut short is whole"))
        assert upgrade() == 0
        assert "that was cut short is whole" in capsys.readouterr().out
    assert upgrade(str(new), "--yes") == 0
    after = tree(mine)
    assert (after["src/node/new.py"], after["src/node/cycle.py"]) == (b"# new\n", b"# one wake, better\n")
    assert upgrade("--undo", "--yes") == 0
    assert tree(mine) == before


def test_the_copy_of_the_last_steps_needs_nothing_else(tmp_path: Path, knife: Knife, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the command does not start any more: python .dormouse-upgrade/finish.py, even without site-packages."""
    mine, new = templates(tmp_path)
    monkeypatch.chdir(mine)
    put_aside = swap.finish

    def cut(root: Path) -> swap.Swap:
        knife.arm(tmp_path, 15)
        return put_aside(root)

    monkeypatch.setattr(swap, "finish", cut)
    with pytest.raises(Killed):
        upgrade(str(new), "--yes")
    knife.disarm()
    assert swap.unfinished(mine)
    assert (mine / swap.STAGE / "finish.py").read_bytes() == Path(swap.__file__).read_bytes()
    words = [sys.executable, "-I", "-S", str(mine / swap.STAGE / "finish.py")]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("the upgrade from 0.1.0 to 0.2.0 that was cut short is done")
    assert not (mine / swap.STAGE).exists()
    assert (mine / "src/node/new.py").is_file()
    assert not (mine / "src/node/old.py").exists()
    assert (mine / ".dormouse-backup-0.1.0/src/node/cycle.py").read_text() == "# one wake, mine\n"


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    mine, new = templates(tmp_path)
    monkeypatch.chdir(mine)
    before = tree(mine, hidden=True)
    count = [0]

    def full(_number: int) -> None:
        count[0] += 1
        if count[0] == limit:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    limit = 3
    assert upgrade(str(new), "--yes") == 1
    assert capsys.readouterr().err == "dormouse: nothing was changed: [Errno 28] No space left on device\n"
    assert tree(mine, hidden=True) == before
    count[0], limit = 0, 24  # while the new files go to their places
    assert upgrade(str(new), "--yes") == 1
    told = capsys.readouterr().err
    assert told.startswith("dormouse: cut short: [Errno 28] No space left on device; nothing is lost")
    assert swap.unfinished(mine)
    assert upgrade() == 0
    assert "that was cut short is done" in capsys.readouterr().out
    assert (mine / "src/node/new.py").is_file()


def test_the_knife_cuts(tmp_path: Path, knife: Knife) -> None:
    """Each kind of operation counts, in and below the folder, and reading does not."""
    knife.arm(tmp_path, -1)
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "a").read_bytes()
    (tmp_path / "a").chmod(0o600)
    (tmp_path / "a").replace(tmp_path / "b")
    (tmp_path / "c").mkdir()
    (tmp_path / "b").unlink()
    shutil.rmtree(tmp_path / "c")
    knife.disarm()
    assert knife.count == 6
    assert io.BytesIO(b"")  # nothing else is touched
