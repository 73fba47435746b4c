"""`dormouse deploy --all`: boards say which node they are; one cable that goes from board to board."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from command_line import ROOT
from deploy_board import CREDENTIALS, IDLE
from serial.tools import list_ports

from dormouse import settings
from dormouse.cli import main
from dormouse.deploying import job, node, plan
from dormouse.subscriber import Subscriber
from dormouse.virtual import interpreter
from dormouse.virtual.board import VirtualBoard

CP2102 = 0x10C4
COMPILED: dict[str, dict[str, bytes]] = {}
FLEET = {"attic": "esp8266", "garden": "d1_mini", "shed": "esp8266"}


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the template with three nodes, and an example that is none."""
    for name in ("main.py", "src", "boards", "power", "sensors"):
        (tmp_path / name).symlink_to(ROOT / name)
    read = settings.load(ROOT, board="esp8266")
    (tmp_path / "config.py").write_text(read.text(SENSORS={}, BATTERY=None))
    (tmp_path / "credentials.py").write_text(CREDENTIALS)
    (tmp_path / "nodes").mkdir()
    for name, board in {**FLEET, "example_more": "pico_w"}.items():
        (tmp_path / "nodes" / f"{name}.py").write_text(f"NAME = {name!r}\nBOARD = {board!r}\n")
    monkeypatch.chdir(tmp_path)
    compile_node = node.files

    def compiled_once(root: Path, read: Any, path: Path, secrets: Any) -> dict[str, bytes]:
        """All of these nodes on one kind of board have the same modules."""
        board = read["BOARD"]
        if board not in COMPILED:
            COMPILED[board] = compile_node(root, read, path, secrets)
        return {**COMPILED[board], "/config.py": read.text().encode()}

    monkeypatch.setattr(node, "files", compiled_once)
    return tmp_path


class Desk:
    """Boards that lie on it, and those that are plugged in."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.boards: dict[str, VirtualBoard] = {}
        self.plugged: set[str] = set()
        self.threads: list[threading.Thread] = []
        monkeypatch.setattr(list_ports, "comports", self._ports)

    def _ports(self) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(device=self.boards[name].serial_path, vid=CP2102, pid=0xEA60, serial_number="0001")
            for name in self.plugged
        ]

    def plug(self, name: str, board: str, files: dict[str, bytes]) -> None:
        self.boards[name] = virtual = VirtualBoard(board, files, serial=True)
        self.plugged.add(name)
        self.threads.append(threading.Thread(target=lambda: virtual.run_wake(45), daemon=True))
        self.threads[-1].start()

    def close(self) -> None:
        for thread in self.threads:
            thread.join(60)
        for board in self.boards.values():
            board.close()


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    try:
        interpreter.command()
    except interpreter.NoInterpreter as missing:
        pytest.skip(str(missing))
    made = Desk(monkeypatch)
    yield made
    made.close()


def as_deployed(root: Path, name: str) -> dict[str, bytes]:
    """A board's files after a deploy of this node, but for main.py: it stays awake."""
    wanted = job.prepare(root, name).wanted
    todo = plan.make(wanted, plan.Found(), None, (), node=name)
    listing = [data for data in todo.copied.values() if data.startswith(b'{"version"')][-1]
    files = {**wanted, "/dormouse.json": listing, "/config.py": b"# older\n", "/main.py": IDLE}
    return {path[1:]: data for path, data in files.items()}


def test_each_board_says_which_node_it_is(template: Path, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.plug("attic", "esp8266", as_deployed(template, "attic"))
    desk.plug("stranger", "esp8266", {"main.py": IDLE})
    # The cable goes on to the next one.
    later = threading.Timer(1.5, lambda: desk.plug("shed", "esp8266", as_deployed(template, "shed")))
    later.start()
    begin = time.monotonic()
    assert main(["deploy", "--all", "--wait", "6"]) == 1
    later.join()
    said = capsys.readouterr()
    assert "dormouse: not reached: garden (a board that no deploy has named yet: dormouse deploy NAME)" in said.err
    assert time.monotonic() - begin > 6
    lines = said.out.splitlines()
    assert lines[0].startswith("the next board of attic, garden, shed: plug it in or press its button within 6 s")
    assert f"{desk.boards['stranger'].serial_path}: a board that no deploy has named: not one of those; left as it is" in lines
    assert [line for line in lines if line in ("attic:", "shed:", "garden:")] == ["attic:", "shed:"]
    assert sum("files are as they should be" in line for line in lines) == 2
    for name in ("attic", "shed"):
        there = desk.boards[name]
        assert there.read_file("config.py") == job.prepare(template, name).wanted["/config.py"]
        assert json.loads(there.read_file("dormouse.json"))["node"] == name
    assert desk.boards["stranger"].read_file("main.py") == IDLE


def test_wake_asks_each_of_them_and_touches_no_board_that_has_not_answered(
    template: Path, desk: Desk, mosquitto: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server = f"{mosquitto.host}:{mosquitto.port}"
    for name in FLEET:
        path = template / "nodes" / f"{name}.py"
        path.write_text(path.read_text() + f"BROKER = {server!r}\n")
    desk.plug("attic", "esp8266", as_deployed(template, "attic"))
    with Subscriber(mosquitto.host, mosquitto.port, "dormouse/+/set") as listener:
        assert main(["deploy", "--all", "--wake", "--wait", "1"]) == 1
        assert listener.wait(lambda came: len(came) == len(FLEET), 5)
        asked = listener.take()
    assert sorted(it.topic for it in asked) == [f"dormouse/{name}/set" for name in sorted(FLEET)]
    assert {it.json()["stay_awake"] for it in asked} == {300}
    said = capsys.readouterr()
    assert "not reached: attic, garden, shed" in said.err
    assert "attic:" not in said.out.splitlines()
    assert main(["deploy", "attic", "--dry-run"]) == 0  # it was there


def test_a_board_that_was_another_node_is_named(template: Path, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.plug("shed", "esp8266", as_deployed(template, "shed"))
    assert main(["deploy", "attic", "--dry-run"]) == 0
    assert "note: this board was shed until now" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["attic", "--all"], "NAME and --all: say one of them"),
        (["--all"], "there is no node in nodes/ yet; dormouse new NAME makes one"),
    ],
)
def test_wrong_usage(words: list[str], told: str, template: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if len(words) == 1:
        for name in FLEET:
            (template / "nodes" / f"{name}.py").unlink()
    assert main(["deploy", *words]) == 2
    assert told in capsys.readouterr().err


def test_a_mistake_in_one_node_stops_all_before_any_board(template: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (template / "nodes" / "garden.py").write_text('BOARD = "d1_mini"\nWAKE_EVERY_S = 1\n')
    assert main(["deploy", "--all"]) == 1
    assert "nodes/garden.py:2: WAKE_EVERY_S" in capsys.readouterr().err
