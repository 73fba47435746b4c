"""docs/sensors.md: its tables are fresh, and its program does what it says."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from dormouse import drivers, mpy, settings
from dormouse.cli import main
from dormouse.commands import sensors as command

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "sensors.md"


def programs() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_tables_are_fresh() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert command.filled(ROOT) == text, "run dormouse sensors --write"


def test_stale_tables_are_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(command.TABLES, "drivers", lambda _: "| other |\n")
    assert main(["sensors", "--check"]) == 1
    assert "docs/sensors.md is stale: run dormouse sensors --write" in capsys.readouterr().err


def test_prints_every_driver(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sensors"]) == 0
    out = capsys.readouterr().out
    for name in drivers.names(ROOT):
        assert f"| `{name}` |" in out
    assert "`temperature_c` 0.01 °C" in out and "| `samples` | 1 to 9 |" in out


@pytest.mark.parametrize("name", drivers.names(ROOT))
def test_a_driver_says_all_that_the_tables_need(name: str) -> None:
    driver = drivers.read(ROOT, name)
    assert driver.part and len(driver.part) < 100
    assert tuple(driver.allowed) == driver.options, "_ALLOWED has one row for each of OPTIONS"
    assert None not in (driver.time_ms, driver.active_ua, driver.idle_na)
    assert len(driver.limits) in (0, 2 * len(driver.fields))
    assert all(low < high for low, high in zip(driver.limits[::2], driver.limits[1::2]))
    for option in driver.allowed.values():
        assert option.fits(option.default), f"{option.name}: its default is not allowed"
        assert isinstance(option.allowed, tuple) or option.words()


@pytest.mark.parametrize("name", drivers.names(ROOT))
def test_what_only_the_pc_reads_costs_no_byte(name: str, tmp_path: Path) -> None:
    path = ROOT / "sensors" / f"{name}.py"
    text = path.read_text("utf-8")
    kept = [
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign)
        and getattr(node.targets[0], "id", "") in ("_ALLOWED", "_TIME_MS", "_ACTIVE_UA", "_IDLE_NA")
    ]
    lines = text.split("\n")
    for node in kept:
        for row in range(node.lineno - 1, node.end_lineno or node.lineno):
            lines[row] = "#"  # line numbers stay
    bare = tmp_path / "bare.py"
    bare.write_text("\n".join(lines), "utf-8")
    try:
        assert len(kept) == 4 and mpy.compile_module(bare, "sensors.x") == mpy.compile_module(path, "sensors.x")
    except drivers.DormouseError:
        # One of them is the driver's own constant too: then it has to be there.
        assert any(text.count(node.targets[0].id) > 1 for node in kept)  # type: ignore[attr-defined]


def test_the_entries_in_the_document_are_right(tmp_path: Path) -> None:
    example = next(text for text in programs() if text.startswith("SENSORS"))
    config = tmp_path / "config.py"
    config.write_text(settings.load(ROOT).base.replaced({"SENSORS": example.partition("=")[2].strip()}))
    assert set(settings.load(ROOT, config)["SENSORS"]) == {"air", "bed"}


def test_its_driver_has_about_twenty_lines_and_says_what_it_takes(tmp_path: Path) -> None:
    program = next(text for text in programs() if "def start" in text)
    assert len([line for line in program.splitlines() if line.strip()]) <= 22
    (tmp_path / "sensors").mkdir()
    (tmp_path / "sensors" / "tmp102.py").write_text(program)
    driver = drivers.read(tmp_path, "tmp102")
    assert (driver.part, driver.fields, driver.time_ms) == ("Texas Instruments TMP102", {"temperature_c": 2}, 36)
    found: dict[str, Any] = {}
    exec(compile(program, "tmp102", "exec"), found)
    assert callable(found["start"]) and callable(found["read"])
