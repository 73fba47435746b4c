"""``dormouse homeassistant``, its document, and the file among those of a deploy."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dormouse import settings
from dormouse.cli import main
from dormouse.commands import homeassistant as command
from dormouse.homeassistant import discovery
from dormouse.homeassistant.entities import entities

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "homeassistant.md"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The settings that the document tells its reader to put in, over config.py."""
    found = re.search(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert found
    changes: dict[str, object] = {}
    exec("\n".join(line.strip() for line in found[1].splitlines()), {}, changes)
    assert set(changes) == {"NAME", "AREA", "BROKER", "SERVICE"}
    path = tmp_path / "config.py"
    path.write_text(settings.load(ROOT).text(**changes), encoding="utf-8")
    return path


def test_the_document_s_table_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    text = DOCUMENT.read_text("utf-8")
    assert command.filled(ROOT) == text, "run dormouse homeassistant --write"
    rows = re.findall(r"^\| (?!entity)(\w.*?) \|", text, re.MULTILINE)
    assert rows == [entity.meaning.name for entity in entities(ROOT, settings.load(ROOT, node="example_weather").values)]


def test_a_stale_document_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "table", lambda _: "| other |\n")
    assert main(["homeassistant", "--check"]) == 1
    assert "docs/homeassistant.md is stale: run dormouse homeassistant --write" in capsys.readouterr().err


def test_it_prints_the_entities_and_the_messages(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["homeassistant", "--config", str(config)]) == 0
    assert "| Air temperature | sensor | °C | temperature | measurement | yes |" in capsys.readouterr().out
    assert main(["homeassistant", "--config", str(config), "--messages"]) == 0
    topic, _, payload = capsys.readouterr().out.splitlines()[1].partition("\t")
    assert topic == "homeassistant/sensor/dormouse-kitchen/air-temperature_c/config"
    assert json.loads(payload.replace("@E@", "60"))["dev"]["sa"] == "Kitchen"


def test_the_file_is_among_the_node_s_only_with_the_service(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--files", "--config", str(config)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    size = len(discovery.text(ROOT, settings.load(ROOT, config)))
    assert [str(size), discovery.PATH] in lines
    assert any(path == "/lib/node/services/homeassistant.mpy" for _, path, *_ in lines)
    assert main(["check", "--files"]) == 0
    assert discovery.PATH not in capsys.readouterr().out


def test_without_a_name_check_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.py"
    path.write_text(settings.load(ROOT).text(SERVICE="homeassistant", NAME=None), encoding="utf-8")
    assert main(["check", "--config", str(path)]) == 1
    assert re.search(r"config\.py:\d+: NAME is None.*needed: it names the device", capsys.readouterr().err)
