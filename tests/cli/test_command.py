"""Help, version, and what wrong usage gives: one line on stderr and exit status 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Run

import dormouse as package
from dormouse import commands
from dormouse.virtual import models

COMMANDS = sorted(path.stem for path in Path(commands.__path__[0]).glob("[a-z]*.py"))


def test_version(dormouse: Run) -> None:
    done = dormouse("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"dormouse {package.__version__}\n", "")


def test_help_names_every_command(dormouse: Run) -> None:
    done = dormouse("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for name in COMMANDS:
        assert f" {name} " in done.stdout


SIMULATE_OPTIONS = (
    "--board", "--broker", "--wakes", "--config", "--state", "--heap", "--trace", "--speed", "--realtime", "--source",
    "--send", "--credentials",
)  # fmt: skip


def test_simulate_has_its_options(dormouse: Run) -> None:
    text = dormouse("simulate", "--help").stdout
    assert [option for option in SIMULATE_OPTIONS if f"{option} " not in text] == []


def test_no_command_shows_the_help(dormouse: Run) -> None:
    done = dormouse()
    assert done.returncode == 2
    assert "simulate" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--no-such",), "--no-such"),
        (("hibernate",), "hibernate"),
        (("check", "extra"), "extra"),
        (("check", "--config", "no/such.py"), "no/such.py: no such file"),
        (("check", "--node", "nobody"), "nodes/nobody.py: no such file"),
        (("simulate", "--board", "abacus"), ", ".join(models.names())),
        (("simulate", "--wakes", "0"), "--wakes"),
        (("simulate", "--wakes", "few"), "--wakes"),
        (("simulate", "--speed", "0"), "--speed"),
        (("simulate", "--heap", "48Q"), "48Q"),
        (("simulate", "--broker", "host:port"), "host or host:port"),
        (("simulate", "--broker", "host:70000"), "host or host:port"),
        (("simulate", "--send", "wake up"), "is not JSON"),
        (("simulate", "--send", "[1]"), "is not a JSON object"),
        (("simulate", "--send", '{"wake_every_s": 60}', "--wakes", "1"), "--wakes 2 or more"),
        (("simulate", "--state", "config.py"), "--state config.py"),
        (("simulate", "--trace", "no/such/trace.jsonl"), "no/such/trace.jsonl"),
        (("simulate", "--credentials", "no/credentials.py"), "no/credentials.py: no such file"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(dormouse: Run, words: tuple[str, ...], told: str) -> None:
    done = dormouse(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("dormouse: ")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_outside_a_template_the_checkout_of_the_package_is_used(dormouse: Run, tmp_path: Path, root: Path) -> None:
    done = dormouse("check", cwd=tmp_path)
    assert done.returncode == 0
    assert str(root / "config.py") in done.stdout


def test_check_lists_the_files(dormouse: Run) -> None:
    done = dormouse("check", "--files")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert any(line.endswith(" /lib/node/cycle.mpy") for line in lines)
    assert lines[-1].startswith("config.py: in order; feather_s2 needs ")


def test_a_mistake_in_config_names_its_line_and_fails(dormouse: Run, root: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.py"
    config.write_text((root / "config.py").read_text().replace("15 * 60 ", "5       "))
    line = next(n for n, text in enumerate(config.read_text().splitlines(), 1) if text.startswith("WAKE_EVERY_S"))
    for command in ("check", "simulate"):
        done = dormouse(command, "--config", str(config))
        assert done.returncode == 1
        assert done.stderr == f"dormouse: {config}:{line}: WAKE_EVERY_S is 5; allowed: 10 to 2592000 s\n"
