"""`dormouse check`: one node, a fleet, what is printed where, JSON for editors, exit statuses; and who else warns."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checked_nodes import secrets_text
from command_line import ROOT

from dormouse.cli import main
from dormouse.project import node_names

BENCH = "TEST_MODE is True: for the bench. It waits awake for two hours of its sleep; in the field: False"
Check = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the template; one for all, since its modules are parsed once for each."""
    folder = tmp_path_factory.mktemp("template")
    for name in ("src", "boards", "power", "sensors", "main.py", "tools"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture
def template(copy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The copy to work in, with credentials and without nodes."""
    (copy / "config.py").write_text((ROOT / "config.py").read_text("utf-8"), "utf-8")
    (copy / "credentials.py").write_text(secrets_text({}), "utf-8")
    shutil.rmtree(copy / "nodes", ignore_errors=True)
    (copy / "nodes").mkdir()
    monkeypatch.chdir(copy)
    return copy


@pytest.fixture
def check(template: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """Run `dormouse check WORDS` in the template: status, standard output, standard error."""

    def run(*words: str, command: str = "check") -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([command, *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    assert template
    return run


def node(template: Path, name: str, **values: Any) -> None:
    """Write nodes/NAME.py."""
    (template / "nodes" / f"{name}.py").write_text("".join(f"{key} = {value!r}\n" for key, value in values.items()), "utf-8")


def test_a_node_in_order(check: Check, template: Path) -> None:
    node(template, "hen", NAME="hen", WAKE_EVERY_S=600)
    for words in (("hen",), ("--node", "hen")):
        status, out, err = check(*words)
        assert (status, err) == (0, "")
        assert out.startswith("config.py with nodes/hen.py: in order; feather_s2 needs ") and out.count("\n") == 1
    assert check()[1].startswith("config.py: in order; feather_s2 needs ")


def test_errors_go_with_their_file_and_line_and_warnings_say_that_they_are(check: Check, template: Path) -> None:
    node(template, "hen", NAME="hen", TEST_MODE=True, TOPIC="a//{name}")
    status, out, err = check("hen")
    assert status == 0 and out.endswith("and credentials.py; 2 warnings\n")
    assert err.splitlines() == [
        f"nodes/hen.py:2: warning: {BENCH}",
        "nodes/hen.py:3: warning: TOPIC is 'a//{name}', with an empty level between two slashes",
    ]
    status, out, err = check("hen", "--strict")
    assert (status, out) == (1, "") and err.endswith("dormouse: no mistake, and --strict: a warning is not in order either\n")
    node(template, "hen", TEST_MODE=True, SENSORS={"bed": {"driver": "adc", "pin": 33}}, STATIC_IP=("10.0.0.0/24", "10.0.0.1"))
    status, out, err = check("hen")
    assert (status, out) == (1, "")
    lines = err.splitlines()
    assert lines[0].startswith("nodes/hen.py:1: warning: TEST_MODE is True")
    assert lines[1].startswith(
        "dormouse: nodes/hen.py:2: SENSORS['bed'] has pin 33, which has no converter on feather_s2; allowed: 1, 2,"
    )
    assert lines[2] == (
        "nodes/hen.py:3: STATIC_IP has the address 10.0.0.0, which is no host's; allowed in 10.0.0.0/24: 10.0.0.1 to 10.0.0.254"
    )


def test_json_has_every_problem(check: Check, template: Path) -> None:
    node(template, "hen", TEST_MODE=True, MAX_AWAKE_S=61)
    (template / "credentials.py").write_text(secrets_text({"USER": ...}), "utf-8")
    status, out, err = check("hen", "--json")
    assert (status, err) == (1, "")
    said = "MAX_AWAKE_S is 61; allowed: 5 to 60 s"
    assert json.loads(out) == [{"file": "nodes/hen.py", "line": 2, "level": "error", "kind": "setting", "text": said}]
    node(template, "hen", TEST_MODE=True)
    status, out, err = check("hen", "--json")
    found = {(it["file"], it["line"], it["level"], it["kind"]) for it in json.loads(out)}
    assert status == 1 and err == ""
    assert found == {("nodes/hen.py", 1, "warning", "test-mode"), ("credentials.py", 0, "error", "secret-missing")}
    (template / "credentials.py").write_text(secrets_text({}), "utf-8")
    node(template, "hen", NAME="hen")
    assert check("hen", "--json")[:2] == (0, "[]\n")


def test_credentials_that_are_not_there_are_a_warning(check: Check, template: Path) -> None:
    (template / "credentials.py").unlink()
    status, out, err = check()
    assert status == 0 and out.endswith("; 1 warning\n")
    assert err == "credentials.py: warning: is not there yet: copy credentials.example.py to it, and fill it in\n"
    (template / "mine.py").write_text(secrets_text({"WIFI": (("nest", "short"),)}), "utf-8")
    status, _, err = check("--credentials", "mine.py")
    assert status == 1 and err.startswith(
        "dormouse: mine.py:1: WIFI has a password of 5 characters for 'nest'; allowed: 8 to 63,"
    )
    assert "short" not in err
    assert check("--credentials", "none.py")[0] == 2


def test_a_fleet_is_a_line_each_and_one_that_fails_fails_it(check: Check, template: Path) -> None:
    assert check("--all")[0] == 2
    node(template, "example_shed", NAME="!")
    assert check("--all")[0] == 2
    node(template, "cock", NAME="cock", BOARD="esp8266", SENSORS={}, WAKE_EVERY_S=120, UPLOAD_EVERY=5)
    node(template, "hen", NAME="hen")
    assert node_names(template) == ["cock", "hen"]
    status, out, err = check("--all")
    assert (status, err) == (0, "")
    rows = [line.split() for line in out.splitlines() if "nodes/" in line]
    assert rows == [
        ["nodes/cock.py", "cock", "esp8266", "2", "min", "10", "min", "none", "in", "order"],
        ["nodes/hen.py", "hen", "feather_s2", "15", "min", "15", "min", "air,", "light", "in", "order"],
    ]
    node(template, "egg", NAME="hen", TEST_MODE=True)
    node(template, "cock", NAME="cock", BOARD="esp8266")
    status, out, err = check("--all")
    assert status == 1
    rows = [line.split(None, 1) for line in out.splitlines() if "nodes/" in line]
    assert [row[0] for row in rows] == ["nodes/cock.py", "nodes/egg.py", "nodes/hen.py"]
    verdicts = [row[1].rstrip().rpartition("  ")[2] for row in rows]
    assert verdicts == ["1 error", "in order, 1 warning", "1 error"]
    assert err.splitlines()[-1] == "dormouse: 2 of 3 nodes are not in order"
    assert "nodes/hen.py:1: NAME is 'hen', as in nodes/egg.py" in err.splitlines()
    found = json.loads(check("--all", "--json")[1])
    assert {it["kind"] for it in found} == {"setting", "test-mode", "fleet-name"}


@pytest.mark.parametrize("words", [("hen", "--all"), ("--all", "--files"), ("nobody",)])
def test_wrong_usage(check: Check, template: Path, words: tuple[str, ...]) -> None:
    node(template, "hen", NAME="hen")
    status, out, err = check(*words)
    assert (status, out) == (2, "") and err.count("\n") == 1


def test_an_unknown_service_is_named(check: Check, template: Path) -> None:
    node(template, "hen", SERVICE="carrier_pigeon")
    status, _, err = check("hen")
    assert status == 1 and err.startswith("dormouse: nodes/hen.py:1: SERVICE is 'carrier_pigeon'; allowed: ") and "plain" in err


def test_simulate_and_deploy_refuse_errors_and_warn_once(check: Check, template: Path) -> None:
    node(template, "hen", BOARD="pico_w", SENSORS={}, BATTERY=None, TEST_MODE=True, BROKER="224.0.0.9")
    for command in ("simulate", "deploy"):
        status, _, err = check("hen", command=command)
        assert status == 1
        assert (
            err == "dormouse: nodes/hen.py:5: BROKER is '224.0.0.9', which is no host's address; allowed: host or host:port\n"
        )
    node(template, "hen", SENSORS={}, TEST_MODE=True)
    (template / "credentials.py").write_text(secrets_text({"WIFI": (("nest", "short"),)}), "utf-8")
    for words in (("hen", "--credentials", "credentials.py"),):
        status, _, err = check(*words, command="simulate")
        assert status == 1 and err.startswith("dormouse: credentials.py:1: WIFI has a password of 5 characters")
    (template / "credentials.py").write_text(secrets_text({}), "utf-8")
    # No wake: there is no such broker.
    status, _, err = check("hen", "--broker", "no-such-host.invalid", command="simulate")
    assert status == 1 and [line.split()[1] for line in err.splitlines()] == ["warning:", "--broker:"]


def test_the_document_shows_what_is_said(check: Check, template: Path) -> None:
    text = (ROOT / "docs" / "check.md").read_text("utf-8")
    begins = ("    nodes/", "    credentials.py:", "    config.py:")
    shown = [line.strip() for line in text.splitlines() if line.startswith(begins)]
    soil = {"driver": "soil", "pin": 23, "dry_mv": 2400, "wet_mv": 1100}
    node(template, "shed", NAME="shed", BOARD="esp32", SENSORS={"bed": soil})
    example = (ROOT / "credentials.example.py").read_text("utf-8")
    example = example.replace('"your network", "its password"', '"garden", "short"')
    (template / "credentials.py").write_text(example, "utf-8")
    said = check("shed")[2].replace("dormouse: ", "")
    config = template / "config.py"
    config.write_text(config.read_text("utf-8").replace("TEST_MODE = False", "TEST_MODE = True "), "utf-8")
    said += check()[2].replace("dormouse: ", "")
    assert len(shown) == 3
    assert [line for line in shown if line not in said.splitlines()] == []
