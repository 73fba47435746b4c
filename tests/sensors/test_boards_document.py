"""docs/boards.md, "Add a board": done as it is written, in a copy of the template, the board is one that works."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import test_board_facts as checks

from dormouse.virtual import models

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/boards.md").read_text(encoding="utf-8").partition("## Add a board")[2].partition("<!--")[0]
COMMANDS = re.findall(r"^       (\S.*)$", TEXT, re.MULTILINE)


def block(language: str) -> str:
    """The document's one block of a language, without its indentation."""
    (found,) = re.findall(rf"^   ```{language}\n(.*?)^   ```", TEXT, re.MULTILINE | re.DOTALL)
    return str(re.sub("^   ", "", found, flags=re.MULTILINE))


def changed(old: str, new: str) -> str:
    """A file with the lines that the document gives: each replaces the one of its name, in its table; [adc] is replaced."""
    lines, table, wanted = old.splitlines(), "", {}
    for line in new.splitlines():
        if line.startswith("["):
            table = line
        elif line:
            wanted[table, line.split(" = ")[0]] = line
    result: list[str] = []
    table = ""
    for line in lines:
        table = line if line.startswith("[") else table
        name = line.split(" = ")[0]
        if table == "[adc]" and re.match(r"\w+ = ", line):
            continue
        result.append(wanted.pop((table, name), line))
    assert all(table == "[adc]" for table, _ in wanted), f"no such lines: {list(wanted)}"
    return "\n".join([*result, *wanted.values(), ""])


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the template with the document's steps done."""
    root = tmp_path_factory.mktemp("template")
    for name in ("main.py", "config.py", "src", "power", "sensors", "docs"):
        (root / name).symlink_to(ROOT / name)
    subprocess.run(["cp", "-r", str(ROOT / "boards"), str(root)], check=True, timeout=30)
    subprocess.run(COMMANDS[0].split(), cwd=root, check=True, timeout=30)
    for file, language in (("profile.py", "python"), ("board.toml", "toml")):
        path = root / "boards/shed" / file
        path.write_text(changed(path.read_text(encoding="utf-8"), block(language)), encoding="utf-8")
    return root


def test_the_facts_are_in_order(template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "BOARDS", template / "boards")
    monkeypatch.syspath_prepend(template)
    board = checks.tomllib.loads((template / "boards/shed/board.toml").read_text("utf-8")) | {"folder": "shed"}
    for name in ("machine", "network", "esp32", "esp", "pyb"):
        monkeypatch.setitem(sys.modules, name, checks._Anything(name))
    before = set(sys.modules)
    given: dict[str, Any] = {"board": board, "profile": importlib.import_module("boards.shed.profile")}
    done = 0
    for name, check in vars(checks).items():
        wants = inspect.signature(check).parameters if name.startswith("test_") else {}
        if "board" in wants:
            check(*(given[want] for want in wants))
            done += 1
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("boards", "power"):
            del sys.modules[name]
    assert done > 10


def test_the_commands_work(template: Path, micropython: str) -> None:
    shown, simulated, tested, written = COMMANDS[1:]
    assert tested == "python -m pytest tests/sensors/test_board_facts.py -k shed" and written == "dormouse boards --write"
    paths = os.pathsep.join(filter(None, (str(ROOT / "tools"), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": paths, "MICROPYTHON": micropython}
    for command, told in (
        (shown, "Our own: ESP32-S3 in the shed"),
        (f"{simulated} --speed 8", "2 wakes: every one did its work"),
    ):
        words = command.split()
        assert words[0] == "dormouse"
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=template,
            env=environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0 and told in done.stdout, done.stdout + done.stderr
