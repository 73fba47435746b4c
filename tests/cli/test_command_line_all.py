"""What holds for every command: help with an example that is right, exit statuses, Ctrl-C."""

from __future__ import annotations

import importlib
import os
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from command_line import ROOT, environment

from dormouse import cli, commands, project
from dormouse.commands import upgrade

COMMANDS = sorted(path.stem for path in Path(commands.__path__[0]).glob("[a-z]*.py"))
_PATIENCE_S = 45


def module(name: str) -> object:
    return importlib.import_module(f"dormouse.commands.{name}")


def example(name: str) -> list[str]:
    """The words after `dormouse` in a command's example: to the end of its line."""
    found = re.search(rf"For example:\s+dormouse ({name}\b[^\n]*)", getattr(module(name), name).__doc__ or "")
    assert found, f"the docstring of {name} has no line 'For example: dormouse {name} ...'"
    return shlex.split(found[1])


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_has_an_example_that_the_command_takes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = example(name)
    assert cli.main([name, "--help"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert f"Usage: dormouse {name}" in said.out
    assert f"dormouse {' '.join(words)}" in " ".join(said.out.split())
    group = typer.main.get_command(cli.build(name))
    command = getattr(group, "commands", {})[name]
    assert command.make_context(name, words[1:]).params  # a wrong option or value raises here


@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_option_is_one_line_and_status_2(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([name, "--no-such-option"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("dormouse: ")
    assert "--no-such-option" in said.err
    assert f"'dormouse {name} --help' tells more" in said.err
    assert len(said.err.splitlines()) == 1


def on_a_template(name: str) -> bool:
    """Whether a command needs one: it looks for it."""
    return hasattr(module(name), "find_root") or name == "upgrade"


@pytest.mark.parametrize("name", COMMANDS)
def test_without_a_template_status_2(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where the package is installed apart from a checkout."""
    assert on_a_template(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(project, "is_root", lambda folder: False)
    monkeypatch.setattr(upgrade, "is_root", lambda folder: False)
    assert cli.main(example(name)) == 2
    said = capsys.readouterr()
    assert re.fullmatch(r"dormouse: .*(no Dormouse template in|is not in a copy of the template).*\n", said.err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_an_interruption_is_status_130(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(start: Path | None = None) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(module(name), "_copy" if name == "upgrade" else "find_root", interrupted)
    assert cli.main(example(name)) == 130
    assert capsys.readouterr().err == "dormouse: interrupted\n"


@pytest.mark.parametrize(
    ("words", "until", "status"),
    [
        (("simulate", "--realtime"), b"wake 1", 130),
        (("deploy", "--port", "/dev/no-such-port", "--credentials", "credentials.example.py"), b"wait", 130),
        (("logs", "--port", "/dev/no-such-port"), b"no port", 0),  # this is how it ends
    ],
    ids=["simulate", "deploy", "logs"],
)
def test_ctrl_c_leaves_a_clean_terminal_and_nothing_running(words: tuple[str, ...], until: bytes, status: int) -> None:
    fcntl = pytest.importorskip("fcntl")
    termios = pytest.importorskip("termios")
    master, slave = os.openpty()
    try:
        before = termios.tcgetattr(slave)
        process = subprocess.Popen(
            [sys.executable, "-m", "dormouse", *words],
            cwd=ROOT,
            env=environment(TERM="xterm-256color"),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        said, asked, end = b"", False, time.monotonic() + _PATIENCE_S
        while process.poll() is None or select.select([master], [], [], 0)[0]:
            assert time.monotonic() < end, said
            if select.select([master], [], [], 0.05)[0]:
                said += os.read(master, 65536)
            if until in said and not asked:
                asked = True
                os.write(master, b"\x03")  # as the key does: the whole foreground group is told
        text = said.decode()
        assert process.returncode == status, text
        assert "Traceback" not in text
        assert ("dormouse: interrupted" in text) == (status == 130)
        # What was switched off is on again: the cursor, colours, the other screen.
        assert text.rfind("\x1b[?25h") >= text.rfind("\x1b[?25l")
        assert text.rfind("\x1b[?1049l") >= text.rfind("\x1b[?1049h")
        assert all(found == "\x1b[0m" for found in re.findall(r"\x1b\[[0-9;]*m", text)[-1:])
        assert termios.tcgetattr(slave) == before
        with pytest.raises(ProcessLookupError):
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                os.killpg(process.pid, signal.SIGCONT)
                time.sleep(0.05)
    finally:
        os.close(master)
        os.close(slave)
