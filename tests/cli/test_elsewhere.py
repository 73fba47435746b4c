"""Where there is no POSIX, no interpreter, no make and no shell: every command is there, and simulate says what is missing.

elsewhere.py takes them away from a Python on this computer; that is as near as a test comes to Windows without one.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ROOT, environment
from elsewhere import MODULES, OF_OS, OF_SIGNAL
from new_node import files, template

from dormouse import commands
from dormouse.virtual import interpreter

HERE = Path(__file__).parent
TOOLS = ROOT / "tools" / "dormouse"
COMMANDS = sorted(path.stem for path in Path(commands.__path__[0]).glob("[a-z]*.py"))
# The virtual board itself, what it costs, the link with a round-trip time of `dormouse bench`, which is Linux's, and the
# documentation's pictures of a terminal.
HOSTED = ("virtual", "lives.py", "rtt", "screens")
NEW = ("new", "shed", "--yes", "--no-try", "--ssid", "home", "--wifi-password", "12345678")


def elsewhere(folder: Path, *lines: tuple[str, ...]) -> tuple[list[str], list[tuple[int, str, str]]]:
    """Modules that do not import there; and each line's exit status, stdout and stderr."""
    env = environment(PATH=str(folder / "nothing"), MICROPYTHON="", MOSQUITTO="", PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run(
        [sys.executable, str(HERE / "elsewhere.py"), json.dumps(lines)],
        cwd=folder, env=env, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    modules, *results = json.loads(done.stdout)
    return modules, [tuple(result) for result in results]


def test_every_command_is_there_and_works_but_simulate(tmp_path: Path) -> None:
    root = template(tmp_path)
    works = [
        NEW, ("check",), ("check", "shed"), ("check", "--all"), ("boards",), ("boards", "esp8266"), ("sensors",),
        ("battery", "shed"), ("battery", "--all"), ("--version",),
    ]  # fmt: skip
    helps = [(name, "--help") for name in COMMANDS]
    needs = [("simulate",), ("simulate", "shed"), ("bench",), ("bench", "--phases")]
    modules, results = elsewhere(root, *works, *helps, *needs)
    assert [it for it in modules if it.split(".")[1] not in HOSTED] == []
    assert any(it.startswith("dormouse.virtual.serial: ModuleNotFoundError") for it in modules)  # it would be seen
    for line, (status, out, err) in zip([*works, *helps], results):
        assert status == 0 and out, (line, out, err)
    assert set(files(root)) == {"nodes/shed.py", "credentials.py"}
    for line, (status, out, err) in zip(needs, results[len(works) + len(helps) :]):
        told = [text for text in err.splitlines() if "warning" not in text]
        assert status == 1 and out == "" and len(told) == 1, (line, out, err)
        assert told[0].startswith("dormouse: no MicroPython interpreter: ") and "only simulate and bench need one" in told[0]


def test_it_would_be_seen(tmp_path: Path) -> None:
    """A module of ours that needs what is not there does not import it; the standard library's does."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import elsewhere; elsewhere.take_away()\n"
        "import ssl\n"
        "for line in ('import fcntl', 'import os; os.fork', 'import signal; signal.SIGKILL', 'import termios'):\n"
        "    try: exec(line, {'__name__': 'dormouse.x'})\n"
        "    except (ImportError, AttributeError) as error: print(type(error).__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(HERE)], capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.split() == ["ModuleNotFoundError", "AttributeError", "AttributeError", "ModuleNotFoundError"], (
        done.stderr
    )


def _posix_of(path: Path) -> list[str]:
    """What a file takes from POSIX without asking whether it is there."""
    tree = ast.parse(path.read_text("utf-8"))
    asked = {
        node.args[1].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("hasattr", "getattr")
        if len(node.args) > 1 and isinstance(node.args[1], ast.Constant)
    }
    tried = {id(it) for node in ast.walk(tree) if isinstance(node, ast.Try) for it in node.body}
    found = []
    for node in ast.walk(tree):
        if id(node) in tried:
            continue
        if isinstance(node, ast.Import):
            found += [f"import {it.name}" for it in node.names if it.name.partition(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom):
            found += [f"import {node.module}"] if (node.module or "").partition(".")[0] in MODULES else []
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr not in asked:
            names = {"os": OF_OS, "signal": OF_SIGNAL}.get(node.value.id, ())
            found += [f"{node.value.id}.{node.attr}"] if node.attr in names else []
    return [f"{path.relative_to(ROOT).as_posix()}: {it}" for it in found]


def test_no_line_of_the_other_commands_needs_posix() -> None:
    paths = (path for path in sorted(TOOLS.rglob("*.py")) if path.relative_to(TOOLS).parts[0] not in HOSTED)
    assert [it for path in paths for it in _posix_of(path)] == []
    assert len(_posix_of(TOOLS / "virtual" / "serial.py")) > 2  # it would be seen


def test_every_file_is_of_the_oldest_python() -> None:
    for path in TOOLS.rglob("*.py"):
        if "shims" not in path.parts:
            ast.parse(path.read_text("utf-8"), str(path), feature_version=(3, 10))


def test_another_system_is_told_where_there_is_an_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "_POSIX", False)
    with pytest.raises(interpreter.NoInterpreter, match="for Linux and macOS, and so for WSL; only simulate and bench"):
        interpreter.command()
