"""A user's copy of a made-up template, and the version after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up_template import make, put

NEXT = {
    "src/node/cycle.py": "# one wake, better\n",
    "src/node/old.py": None,
    "src/node/new.py": "# new\n",
    "sensors/scd30.py": "FIELDS = ()\n",
    "docs/one.md": "one and a half\n",
}


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's copy of 0.1.0, with files of the user's own; the current folder."""
    root = make(tmp_path / "mine", "0.1.0")
    put(root, "credentials.py", "USER = None\nPASSWORD = 'acorn'\n")
    put(root, "sensors/mine.py", "FIELDS = (('nuts', 0),)\n")
    put(root, "boards/mine/profile.py", "# mine\n")
    put(root, "nodes/shed.py", "NAME = 'shed'\n")
    put(root, "notes.txt", "buy nuts\n")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return make(tmp_path / "new", "0.2.0", NEXT)
