"""dormouse upgrade on the real tree: the running tools replace themselves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ROOT, environment
from made_up_template import make, put, relist, tree

from dormouse import __version__
from dormouse.upgrading import shipped


def own(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`dormouse WORDS...` by the tools of that copy."""
    env = environment(PYTHONPATH=str(root / "tools"))
    command = [sys.executable, "-m", "dormouse", *words]
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=120)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A copy without git, its list as setting it up writes it. What is not committed yet belongs to it."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60)
    if listing.returncode:
        pytest.skip("not a git checkout")
    root, files = tmp_path / "mine", []
    for name in sorted(set(listing.stdout.split("\0"))):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
            files.append(name)
    put(root, shipped.NAMES, "".join(f"{name}\n" for name in sorted({*files, shipped.NAMES})))
    shipped.note(root)
    return root


def test_a_copy_of_this_tree(mine: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    shutil.copytree(mine, new)
    for name, old, text in (
        ("tools/dormouse/__init__.py", '__version__ = "', '__version__ = "1'),
        ("tools/dormouse/cli.py", "add_completion=False", "add_completion=not True"),
        ("src/node/cycle.py", '"""', '"""Better. '),
        ("pyproject.toml", '"ntplib', '"ntp-of-tomorrow",\n    "ntplib'),
    ):
        source = (new / name).read_text("utf-8")
        assert old in source
        put(new, name, source.replace(old, text, 1))
    (new / "docs/led.md").unlink()
    put(
        new,
        "tools/dormouse/commands/hum.py",
        'def hum() -> None:\n    """Hum."""\n    import dormouse\n    print(dormouse.__version__)\n',
    )
    relist(new)
    put(mine, "nodes/shed.py", 'NAME = "shed"\n')
    before = tree(mine)

    done = own(mine, "upgrade", str(new), "--yes")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "files: 1 added, 5 changed, 1 removed" in lines
    assert "left to you" not in lines  # its own settings are right under its own schema
    assert any(line.startswith("it needs other packages now: make demo, or ") for line in lines)
    assert own(mine, "hum").stdout == f"1{__version__}\n"
    done = own(mine, "upgrade", "--undo", "--yes")
    assert done.returncode == 0, done.stderr
    after = tree(mine)
    assert [name for name in before if before[name] != after.get(name)] == []


def test_where_posix_is_not(tmp_path: Path) -> None:
    """elsewhere.py: as near as this computer comes to Windows."""
    mine = make(tmp_path / "mine", "0.1.0")
    new = make(tmp_path / "new", "0.2.0", {"docs/one.md": "2\n", "src/node/old.py": None})
    before, lines = tree(mine), [["upgrade", str(new), "--yes"], ["upgrade", "--undo", "--yes"]]
    words = [sys.executable, str(Path(__file__).with_name("elsewhere.py")), json.dumps(lines), "commands only"]
    done = subprocess.run(words, cwd=mine, env=environment(), capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert [(status, err) for status, _, err in json.loads(done.stdout)[1:]] == [(0, ""), (0, "")], done.stdout
    assert tree(mine) == before
    assert (mine / ".dormouse-backup-0.2.0/docs/one.md").read_text() == "2\n"


def test_the_walk_without_git_or_list_finds_what_git_tracks(mine: Path) -> None:
    listed = set(shipped.read(mine) or ())
    (mine / shipped.LIST).unlink()
    put(mine, "credentials.py", "")
    put(mine, ".venv/x.py", "")
    put(mine, "tools/dormouse/__pycache__/x.pyc", "")
    put(mine, "tools/dormouse_node.egg-info/PKG-INFO", "")
    put(mine, ".dormouse-backup-0.1.0/main.py", "")
    assert set(shipped.names(mine)) == listed


def test_a_checkout_notes_what_git_has(tmp_path: Path) -> None:
    """What was changed before anybody noted it counts as the user's, all the same."""
    root = make(tmp_path / "copy", "0.1.0", listed=False)  # it needs no list of names
    for words in (("init", "-q"), ("add", "."), ("-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "0.1.0")):
        subprocess.run(["git", *words], cwd=root, check=True, timeout=60)
    before = shipped.digest_of(root / "main.py")
    put(root, "main.py", "# mine\n")
    put(root, "sensors/mine.py", "")
    shipped.note(root)
    noted = shipped.read(root)
    assert noted is not None and noted["main.py"] == before and "sensors/mine.py" not in noted
    put(root, "src/node/cycle.py", "# changed later\n")
    shipped.note(root)
    assert shipped.read(root) == noted


def test_the_names_of_shipped_files_are_fresh() -> None:
    """Else an upgrade leaves out a file, or takes one of the user's."""
    if shipped.tracked(ROOT) is None:
        pytest.skip("not a git checkout")
    told = f"{shipped.NAMES} is stale: git add what is new, then python -m dormouse.upgrading.shipped --names"
    assert (ROOT / shipped.NAMES).read_text("utf-8").split() == shipped.tracked(ROOT), told
