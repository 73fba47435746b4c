"""dormouse upgrade: what it refuses, and what git changes."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest
from made_up_template import MIGRATIONS, make, put, relist, tree, upgrade, zipped
from upgrade_copies import mine, new

from dormouse.upgrading import shipped, versions

__all__ = ["mine", "new"]


def test_an_older_version_only_by_force(mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = make(tmp_path / "old", "0.0.9", {"docs/one.md": "half\n"})
    assert upgrade(str(old), "--yes") == 1
    assert "0.0.9 is older than this copy, 0.1.0" in capsys.readouterr().err
    assert upgrade(str(old), "--yes", "--force") == 0
    assert (mine / "docs/one.md").read_text() == "half\n"


def test_versions_in_their_order() -> None:
    ordered = ["0.1.0", "0.9", "0.10.0rc1", "0.10", "0.10.1", "1.0", "1.0.0.1"]
    assert sorted(sorted(ordered), key=versions.order) == ordered
    assert versions.order("1.0") == versions.order("1.0.0")


def test_a_newer_python_is_asked_for_before_anything(mine: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(new, "pyproject.toml", '[project]\nrequires-python = ">=3.99"\ndependencies = []\n')
    relist(new)
    assert upgrade(str(new), "--yes") == 1
    assert "0.2.0 needs Python 3.99 or later" in capsys.readouterr().err
    put(new, "pyproject.toml", '[project]\nrequires-python = ">=3.10"\ndependencies = ["typer"]\n')
    relist(new)
    assert upgrade(str(new), "--yes") == 0


def git(root: Path, *words: str) -> None:
    name = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *name, *words], cwd=root, check=True, capture_output=True, timeout=60)


def test_in_a_git_checkout_uncommitted_changes_are_not_replaced(
    mine: Path, new: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(mine, ".gitignore", "/credentials.py\n/.dormouse-*/\n")
    git(mine, "init", "-q")
    git(mine, "add", ".")
    git(mine, "commit", "-qm", "Mine.")
    put(mine, "config.py", (mine / "config.py").read_text().replace("15 * 60", "20 * 60"))  # this is what config.py is for
    put(mine, "src/node/cycle.py", "# one wake, mine\n")
    before = tree(mine, hidden=True)
    assert upgrade(str(new), "--yes") == 1
    assert "src/node/cycle.py: changed and not committed, and 0.2.0 replaces it" in capsys.readouterr().err
    assert tree(mine, hidden=True) == before
    git(mine, "commit", "-qm", "Mine too.", "src/node/cycle.py")
    assert upgrade(str(new), "--yes") == 0
    # A sensor of the user's is the user's though git has it.
    assert (mine / "sensors/mine.py").is_file()
    assert "20 * 60" in (mine / "config.py").read_text()


def test_from_a_git_checkout_only_what_it_tracks(mine: Path, new: Path) -> None:
    git(new, "init", "-q")
    git(new, "add", ".")
    put(new, "credentials.py", "PASSWORD = 'not yours'\n")
    put(new, "build/junk", "junk\n")
    put(new, "src/node/later.py", "# not tracked yet\n")
    put(new, "src/node/cycle.py", "# changed after the list was made\n")
    assert upgrade(str(new), "--yes") == 0
    after = tree(mine)
    assert after["credentials.py"] == b"USER = None\nPASSWORD = 'acorn'\n"
    assert after["src/node/cycle.py"] == b"# changed after the list was made\n"
    assert not {"build/junk", "src/node/later.py"} & after.keys()
    # The list says what is there, not what the checkout's own said.
    assert (shipped.read(mine) or {})["src/node/cycle.py"] == shipped.digest(after["src/node/cycle.py"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "FROM is missing"),
        (("nowhere",), "nowhere: no such folder or .zip"),
        (("https://example.com/main.zip",), "nothing is downloaded here"),
        (("docs",), "docs is no Dormouse template"),
        (("notes.txt",), "notes.txt is not a .zip, or was not downloaded whole"),
        (("empty.zip",), "empty.zip is no Dormouse template"),
        (("cut.zip",), "cut.zip is not a .zip, or was not downloaded whole"),
        ((".",), "is this copy itself"),
        (("--undo", "docs"), "--undo goes with"),
        (("--undo",), "there is no upgrade to undo"),
        (("--sideways",), "--sideways"),
    ],
)
def test_wrong_words(mine: Path, new: Path, words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(mine / "empty.zip", "w") as archive:
        archive.writestr("dormouse/README.md", "nothing else")
    (mine / "cut.zip").write_bytes(zipped(new, mine / "whole.zip").read_bytes()[:-100])
    assert upgrade(*words) == 2
    assert told in capsys.readouterr().err


def test_outside_a_copy(tmp_path: Path, new: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Never the checkout that the package is in, as other commands use it."""
    monkeypatch.chdir(tmp_path)
    assert upgrade(str(new), "--yes") == 2
    assert "is not in a copy of the template" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../evil.py", "/evil.py", "a\\..\\evil.py", "c:evil.py"])
def test_a_zip_that_leads_out_of_itself(
    mine: Path, new: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = zipped(new, tmp_path / "evil.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "evil")
    before = tree(mine, hidden=True)
    assert upgrade(str(path), "--yes") == 1
    assert "leads out of it" in capsys.readouterr().err
    assert tree(mine, hidden=True) == before


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda new: (new / "src/node/cycle.py").unlink(), "is not complete: it has no src/node/cycle.py"),
        (lambda new: put(new, shipped.NAMES, "../x\n"), "is not complete: it has no ../x"),
        (lambda new: put(new, "tools/dormouse/__init__.py", ""), "has no version"),
        (lambda new: put(new, MIGRATIONS, "MIGRATIONS = ("), "migrations.py cannot be read"),
    ],
)
def test_another_version_that_is_not_whole(
    mine: Path, new: Path, spoil: object, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(spoil)
    spoil(new)
    before = tree(mine, hidden=True)
    assert upgrade(str(new), "--yes") == 1
    assert told in capsys.readouterr().err
    assert tree(mine, hidden=True) == before


@pytest.mark.parametrize(
    ("text", "told"),
    [("{", "shipped.json cannot be read"), ('{"version": "0.1.0", "files": {"../x": "0"}}', "is not a list of files")],
)
def test_a_list_of_ones_own_that_is_broken(
    mine: Path, new: Path, text: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(mine, shipped.LIST, text)
    before = tree(mine, hidden=True)
    assert upgrade(str(new), "--yes") == 1
    assert told in capsys.readouterr().err
    assert tree(mine, hidden=True) == before
