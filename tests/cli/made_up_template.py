"""Small templates for the tests of `dormouse upgrade`: the real schema, settings of three lines, a few files."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from command_line import ROOT

from dormouse.cli import main
from dormouse.upgrading import shipped

MIGRATIONS = "tools/dormouse/upgrading/migrations.py"
# What a schema of this version knows, so that the made-up ones have it too, whatever it is.
SCHEMA = (ROOT / "src/node/schema.py").read_text("utf-8")
CONFIG = (ROOT / "config.py").read_text("utf-8")

FILES = {
    "main.py": "# the entry point\n",
    "config.py": CONFIG,
    "credentials.example.py": "USER = None\nPASSWORD = None\n",
    "boards/feather_s2/profile.py": "WAKE_PINS = ()\n",
    "src/node/schema.py": SCHEMA,
    "src/node/cycle.py": "# one wake\n",
    "src/node/old.py": "# dropped later\n",
    "sensors/sht4x.py": "FIELDS = ()\n",
    "docs/one.md": "one\n",
    "nodes/example.py": "NAME = 'greenhouse'\n",
    "tools/setup": "#!/bin/sh\n",
    MIGRATIONS: "MIGRATIONS = ()\n",
}


def make(root: Path, version: str, change: dict[str, str | None] | None = None, listed: bool = True) -> Path:
    """A template of a version in a new folder. change: files with their texts, None for one that it has not."""
    files: dict[str, str | None] = {**FILES, "tools/dormouse/__init__.py": f'__version__ = "{version}"\n', **(change or {})}
    for name, text in files.items():
        if text is not None:
            put(root, name, text)
    (root / "tools/setup").chmod(0o755)
    if listed:
        relist(root)
    return root


def relist(root: Path) -> None:
    """The list of what is in a folder, as setting it up writes it."""
    for name in (shipped.NAMES, shipped.LIST):
        (root / name).unlink(missing_ok=True)
    put(root, shipped.NAMES, "".join(f"{name}\n" for name in sorted([*shipped.names(root), shipped.NAMES])))
    shipped.note(root)


def put(root: Path, name: str, text: str) -> None:
    """A file with this text, its line ends as they are."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(text.encode())


def zipped(root: Path, path: Path, top: str = "dormouse-0.2.0/") -> Path:
    """A .zip as GitHub makes it: one folder around it, the modes in it."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(top), "")
        for file in sorted(root.rglob("*")):
            if file.is_file():
                info = zipfile.ZipInfo(top + file.relative_to(root).as_posix())
                info.external_attr = (0o100000 | file.stat().st_mode & 0o777) << 16
                archive.writestr(info, file.read_bytes())
    path.write_bytes(data.getvalue())
    return path


def tree(root: Path, hidden: bool = False) -> dict[str, bytes]:
    """Every file's bytes. hidden: those of backups too."""
    found = {file.relative_to(root).as_posix(): file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()}
    return {name: data for name, data in found.items() if hidden or not name.startswith(".")}


def setting_renamed(schema: str, old: str, new: str) -> str:
    """A schema whose setting has another name."""
    changed, count = re.subn(rf'(?m)^    \("{re.escape(old)}",', f'    ("{new}",', schema)
    assert count == 1
    return changed


def upgrade(*words: str) -> int:
    """`dormouse upgrade WORDS...` in the current folder, in this process. Returns the exit status."""
    return main(["upgrade", *words])
