"""From the bag to the field, one test for each main board: the commands of docs/bag_to_field.md, in its order.

Oracles: esptool writes what is compared byte for byte; mosquitto and paho-mqtt receive what the board publishes, whose files
come from `dormouse deploy` alone. WRITE_DOCS=1 puts what the commands print into the document instead of comparing it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import walk

from dormouse.subscriber import Subscriber
from dormouse.virtual import interpreter

BOARDS = ("feather_s2", "esp8266", "pyboard_d")
COMMANDS = ["new", "check", "flash", "deploy", "logs", "deploy"]


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's copy of the template, without credentials and nodes."""
    try:
        interpreter.command()
    except interpreter.NoInterpreter as missing:
        pytest.skip(str(missing))
    folder = tmp_path / "dormouse"
    (folder / "nodes").mkdir(parents=True)
    for name in ("main.py", "src", "boards", "power", "sensors"):
        (folder / name).symlink_to(walk.ROOT / name)
    for name in ("config.py", "credentials.example.py"):
        shutil.copy(walk.ROOT / name, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def way(
    request: pytest.FixtureRequest,
    template: Path,
    mosquitto: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[walk.Walk]:
    speed = 1 if os.environ.get("WRITE_DOCS") else walk.FAST
    made = walk.Walk(request.param, template, f"{mosquitto.host}:{mosquitto.port}", speed, monkeypatch, capsys)
    yield made
    made.close()


@pytest.mark.parametrize("way", BOARDS, indirect=True)
def test_from_the_bag_to_the_field(way: walk.Walk, template: Path, mosquitto: Any) -> None:
    lines = [line for line in walk.blocks()[way.board] if line.startswith(("$ ", "# "))]
    assert [line.split()[2] for line in lines if line.startswith("$ ")] == COMMANDS
    name = lines[0].split()[3]
    with Subscriber(mosquitto.host, mosquitto.port, f"dormouse/{name}/#") as listener:

        def published() -> list[dict[str, Any]]:
            """The readings that have come since the last look."""
            listener.wait(lambda came: any(it.topic.endswith("/readings") for it in came), 5)
            return [it.json() for it in listener.take() if it.topic.endswith("/readings")]

        begun = iter(lines)

        def until(command: str) -> list[str]:
            for line in begun:
                said = way.line(line)
                if line.startswith(f"$ dormouse {command} "):
                    return said
            raise AssertionError(command)

        until("new")
        assert (template / "nodes" / f"{name}.py").is_file()
        assert (template / "credentials.py").is_file()
        until("check")
        until("flash")
        whole = way.flashed == way.firmware
        if way.facts["chip"] == "esp8266":  # the size that was detected is in byte 3
            whole = way.flashed[:3] + way.flashed[4:] == way.firmware[:3] + way.firmware[4:]
        assert whole
        until("deploy")
        wanted = walk.expected(template, name)
        there = way.files()
        assert {path: there.get(path) for path in wanted} == wanted
        assert set(there) - set(wanted) == {"/dormouse.json"}
        assert json.loads(there["/dormouse.json"])["node"] == name

        first = way.sleep()
        (reading,) = published()
        assert (reading["seq"], "temperature_c" in reading["air"]) == (1, True), first.output

        said = until("logs")
        wakes = [line for line in said if "  wake " in line]
        assert [line.split("  ")[-1] for line in wakes] == ["delivered 1"] * len(way.wakes)
        assert len(wakes) == (1 if way.facts["usb"] == "native" else 2)
        assert {it.ended for it in way.wakes} == {"deepsleep"}
        assert [it["seq"] for it in published()] == list(range(2, 2 + len(wakes)))

        said = until("deploy")
        assert [line.split()[1] for line in said if line.startswith("  copy")] == ["/config.py"]
        assert not [line for line in said if line.startswith("  remove")]
        assert way.files()["/config.py"] == walk.expected(template, name)["/config.py"] != wanted["/config.py"]
        wake = way.sleep()
        heard = listener.wait(lambda came: any(it.json().get("wake_every_s") == 1200 for it in came), 5)
        assert heard, wake.output
    if os.environ.get("WRITE_DOCS"):
        walk.write(way.board, way.did)
    did = "\n".join(way.did).rstrip().splitlines()
    assert walk.masked(did) == walk.masked(walk.blocks()[way.board]), "WRITE_DOCS=1 pytest tests/field makes the document anew"


def test_the_document_has_the_three_boards() -> None:
    assert tuple(walk.blocks()) == BOARDS
