"""dormouse upgrade: whose each file is, what is refused, back again; on small made-up templates."""

from __future__ import annotations

import io
import itertools
import os
import sys
from pathlib import Path

import pytest
from made_up_template import FILES, make, put, relist, tree, upgrade, zipped
from upgrade_copies import mine, new

from dormouse.upgrading import compare, shipped
from dormouse.upgrading.compare import Difference

__all__ = ["mine", "new"]


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_the_machinery_is_replaced_and_what_is_the_users_is_not(
    mine: Path, new: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(mine)
    assert upgrade(str(new), "--yes") == 0
    after = tree(mine)
    theirs = tree(new)
    users = ("credentials.py", "sensors/mine.py", "boards/mine/profile.py", "nodes/shed.py", "notes.txt", "config.py")
    assert {name: after[name] for name in users} == {name: before[name] for name in users}
    assert {name: data for name, data in after.items() if name not in users} == {
        name: data for name, data in theirs.items() if name != "config.py"
    }
    said = lines(capsys)
    assert "files: 2 added, 4 changed, 1 removed" in said
    own = ["  boards/mine/profile.py", "  nodes/shed.py", "  sensors/mine.py"]
    assert [line for line in said if line.startswith("  ")] == own
    # The backup has what is not there any more, and nothing else.
    assert tree(mine / ".dormouse-backup-0.1.0").keys() - {"upgrade.json"} == {
        "src/node/cycle.py", "src/node/old.py", "docs/one.md", "tools/dormouse/__init__.py", shipped.NAMES,
    }  # fmt: skip
    # The same once more is nothing to do.
    assert upgrade(str(new), "--yes") == 0
    assert lines(capsys)[-1] == "nothing to do: this copy is as that version is"


def test_back_again_and_forth(mine: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree(mine)
    assert upgrade(str(new), "--yes") == 0
    put(mine, "src/node/new.py", "# new, and I had an idea\n")
    capsys.readouterr()
    assert upgrade("--undo", "--yes") == 0
    assert tree(mine) == before
    said = lines(capsys)
    assert "files: 6 back, 2 removed" in said
    # What was changed in between is told and kept.
    done = said.index("done: this copy is 0.1.0 again; what was replaced is in .dormouse-backup-0.2.0")
    assert said[done - 1] == "  src/node/new.py"
    assert (mine / ".dormouse-backup-0.2.0/src/node/new.py").read_text() == "# new, and I had an idea\n"
    assert not (mine / ".dormouse-backup-0.1.0").exists()
    assert upgrade("--undo", "--yes") == 2  # there is no second one
    assert "no upgrade to undo" in capsys.readouterr().err
    assert upgrade(str(new), "--yes") == 0
    assert (mine / "src/node/new.py").read_text() == "# new\n"


def test_two_upgrades_are_undone_one_after_the_other(mine: Path, new: Path, tmp_path: Path) -> None:
    first = tree(mine)
    assert upgrade(str(new), "--yes") == 0
    second = tree(mine)
    assert upgrade(str(make(tmp_path / "third", "0.10.0", {"docs/one.md": "three\n"})), "--yes") == 0
    assert upgrade("--undo", "--yes") == 0
    assert tree(mine) == second
    assert upgrade("--undo", "--yes") == 0
    assert tree(mine) == first


def test_what_the_user_changed_is_told_and_not_lost(mine: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(mine, "src/node/cycle.py", "# one wake, mine\n")  # the new version changes it too
    put(mine, "sensors/sht4x.py", "# mine\n")  # it does not
    put(mine, "src/node/old.py", "# still needed\n")  # it has none any more
    put(mine, "nodes/example.py", "NAME = 'mine'\n")
    put(new, "nodes/example.py", "NAME = 'other'\n")
    (mine / "docs/one.md").unlink()  # comes again
    relist(new)
    assert upgrade(str(new), "--yes", "--diff") == 0
    text = capsys.readouterr().out
    said = text.splitlines()

    def below(title: str) -> list[str]:
        at = said.index(title) + 1
        end = next(n for n in range(at, len(said)) if not said[n].startswith("  "))
        return said[at:end]

    backup = ".dormouse-backup-0.1.0"
    assert below(f"changed by you and by 0.2.0: the new ones come, yours are kept in {backup}") == ["  src/node/cycle.py"]
    assert below("changed by you, not by 0.2.0: they stay as they are") == ["  nodes/example.py", "  sensors/sht4x.py"]
    assert below("changed by you, not in 0.2.0 any more: they stay, and nothing may use them") == ["  src/node/old.py"]
    assert "\n-# one wake, mine\n+# one wake, better\n" in text
    assert "added   docs/one.md" in said
    assert (mine / backup / "src/node/cycle.py").read_text() == "# one wake, mine\n"
    assert (mine / "src/node/cycle.py").read_text() == "# one wake, better\n"
    assert (mine / "sensors/sht4x.py").read_text() == "# mine\n"
    assert (mine / "src/node/old.py").read_text() == "# still needed\n"
    assert (mine / "nodes/example.py").read_text() == "NAME = 'mine'\n"
    assert (mine / "docs/one.md").read_text() == "one and a half\n"


def test_ones_own_sensor_of_a_new_ones_name_is_not_replaced(mine: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(mine, "sensors/scd30.py", "# mine\n")
    before = tree(mine, hidden=True)
    assert upgrade(str(new), "--yes") == 1
    told = capsys.readouterr().err
    assert told.startswith("dormouse: sensors/scd30.py: yours, and 0.2.0 has a file of that name: give yours another name")
    assert tree(mine, hidden=True) == before
    (mine / "sensors/scd30.py").rename(mine / "sensors/my_scd30.py")
    assert upgrade(str(new), "--yes") == 0
    assert (mine / "sensors/my_scd30.py").read_text() == "# mine\n"


@pytest.mark.parametrize("listed", [False, True])
def test_from_a_zip_without_git_and_from_a_copy_without_a_list(
    mine: Path, new: Path, tmp_path: Path, listed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    put(new, "tools/setup", "#!/bin/sh\necho 2\n")
    relist(new)
    archive = zipped(new, tmp_path / "dormouse-0.2.0.zip")
    if not listed:
        (mine / shipped.LIST).unlink()
    assert upgrade(str(archive), "--yes") == 0
    said = capsys.readouterr().out
    assert ("has no list of what was shipped" in said) != listed
    # Without a list nobody knows whose a file is that the new version has not: it stays.
    assert (mine / "src/node/old.py").exists() != listed
    assert (mine / "src/node/new.py").is_file()
    assert (mine / "tools/setup").read_text() == "#!/bin/sh\necho 2\n"
    assert os.name == "nt" or os.access(mine / "tools/setup", os.X_OK)
    assert shipped.read(mine) == shipped.read(new)


def test_every_case_of_a_file() -> None:
    """What was shipped, what is there, what comes: each none or one of three contents."""
    contents = (None, "a", "b", "c")
    for path, base, here, then in itertools.product(("src/x.py", "sensors/x.py", "nodes/x.py"), contents, contents, contents):
        if base is None and then is None:
            continue  # the user's own, which nobody asks about
        found = Difference()
        compare._sort(found, path, base, here, then)
        case, users = (path, base, here, then), here not in (None, base, then)
        told = {name for name in ("both", "kept", "left", "blocked") if path in getattr(found, name)}
        assert bool(told) == users, case  # what the user wrote is never touched silently, and only that is spoken of
        touched = path in (*found.added, *found.changed, *found.removed)
        assert not (users and touched) or told == {"both"}, case
        assert not (users and path.startswith("nodes/") and touched), case
        assert path not in found.removed or (then is None and here == base is not None), case
        assert path not in found.added or (here is None and then is not None), case
        if not users and path == "src/x.py":
            assert touched == (here != then), case  # and what is the template's becomes the new version's


def test_line_ends_are_not_a_change(mine: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """git on Windows writes its own."""
    for name in FILES:
        (mine / name).write_bytes((mine / name).read_bytes().replace(b"\n", b"\r\n"))
    assert upgrade(str(new), "--yes") == 0
    said = lines(capsys)
    assert "files: 2 added, 4 changed, 1 removed" in said
    assert not [line for line in said if line.startswith("changed by you")]
    assert b"\r\n" in (mine / "config.py").read_bytes()


def test_a_folder_where_a_file_was_and_the_other_way_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = make(tmp_path / "mine", "0.1.0", {"docs/a": "a\n", "docs/b/c": "c\n"})
    new = make(tmp_path / "new", "0.2.0", {"docs/a/d": "d\n", "docs/b": "b\n"})
    monkeypatch.chdir(mine)
    before = tree(mine)
    put(mine, "docs/b/mine", "mine\n")
    assert upgrade(str(new), "--yes") == 1  # the user's file is in the way
    (mine / "docs/b/mine").unlink()
    assert upgrade(str(new), "--yes") == 0
    assert tree(mine) == tree(new)
    assert upgrade("--undo", "--yes") == 0
    assert tree(mine) == before


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        ("n\n", 0, "nothing was changed"),
        ("\n", 0, "nothing was changed"),
        ("", 1, "--yes does it without asking"),
        ("y\n", 0, "done"),
    ],
)
def test_nothing_changes_without_a_yes(
    mine: Path,
    new: Path,
    answer: str,
    status: int,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = tree(mine, hidden=True)
    assert upgrade(str(new), "--dry-run") == 0
    assert tree(mine, hidden=True) == before
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    assert upgrade(str(new)) == status
    said = capsys.readouterr()
    assert told in said.out + said.err
    assert (tree(mine, hidden=True) == before) == (told != "done")


def test_a_checkout_where_there_is_no_git_is_noted_too(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = mine.rename(mine.with_name("copied"))
    (copied / shipped.LIST).unlink(missing_ok=True)
    (copied / ".git").mkdir()
    monkeypatch.setenv("PATH", "")
    shipped.note(copied)
    assert shipped.read(copied)
