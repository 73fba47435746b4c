"""WAKE_PIN and UPLOAD_IF in config.py: what is wrong is named on the PC, with the line and what is allowed."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

from dormouse import drivers, settings
from nodes import BOARDS, ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SCHEMA = settings.load_schema(ROOT)
GOOD_PINS: list[Any] = [
    None, {"pin": 5}, {"pin": "X1", "edge": "rising"}, {"pin": 0, "edge": "falling", "min_gap_s": 1},
    {"pin": 18, "edge": "both", "min_gap_s": 3600},
]  # fmt: skip
WRONG_PINS: list[Any] = [
    5, "X1", {}, {"edge": "both"}, {"pin": None}, {"pin": True}, {"pin": -1}, {"pin": ""}, {"pin": 5.0},
    {"pin": 5, "edge": "low"}, {"pin": 5, "edge": None}, {"pin": 5, "min_gap_s": 0}, {"pin": 5, "min_gap_s": 3601},
    {"pin": 5, "min_gap_s": 1.5}, {"pin": 5, "min_gap_s": True}, {"pin": 5, "gap": 10}, [5],
]  # fmt: skip
GOOD_CONDITIONS: list[Any] = [
    {}, {"air.temperature_c": {"change": 1}}, {"air.temperature_c": {"below": -2.5, "above": 30}},
    {"air.temperature_c": {"change": 0.5, "below": 0}, "air.humidity_pct": {"above": 90}, "light.light_mv": {"change": 100}},
]  # fmt: skip
WRONG_CONDITIONS: list[Any] = [
    None, [], {"air.temperature_c": {}}, {"air.temperature_c": 5}, {"air": {"change": 1}}, {".x": {"change": 1}},
    {"air.": {"change": 1}}, {5: {"change": 1}}, {"air.temperature_c": {"change": 0}}, {"air.temperature_c": {"change": -1}},
    {"air.temperature_c": {"change": "1"}}, {"air.temperature_c": {"below": True}}, {"air.temperature_c": {"near": 1}},
    {f"air.x{i}": {"change": 1} for i in range(5)},
]  # fmt: skip


def load(tmp_path: Path, **changes: object) -> settings.Settings:
    """The shipped config.py with other values, read as every command of the PC reads it."""
    path = tmp_path / "config.py"
    path.write_text(settings.load(ROOT).text(**changes))
    return settings.load(ROOT, config=path)


@pytest.mark.parametrize(("name", "good", "wrong"), [
    ("WAKE_PIN", GOOD_PINS, WRONG_PINS), ("UPLOAD_IF", GOOD_CONDITIONS, WRONG_CONDITIONS),
])  # fmt: skip
def test_shapes(name: str, good: list[Any], wrong: list[Any]) -> None:
    shown = dict(settings.load(ROOT).values)
    for value in good:
        assert SCHEMA.check({**shown, name: value}) == [], value
    for value in wrong:
        problems = SCHEMA.check({**shown, name: value})
        assert [found for found, _ in problems] == [name], value
        assert "allowed: " in problems[0][1]


def test_a_pin_that_does_not_end_the_boards_sleep_is_named_with_those_that_do(tmp_path: Path) -> None:
    assert load(tmp_path, WAKE_PIN={"pin": 5})["WAKE_PIN"] == {"pin": 5}
    for board, pin, told in (
        ("feather_s2", 33, "WAKE_PIN has the pin 33; pins that end feather_s2's sleep: 0, 1, 3, 5,"),
        ("feather_s2", "X1", "WAKE_PIN has the pin 'X1'; pins that end"),
        ("pyboard_d", 5, "WAKE_PIN has the pin 5; pins that end pyboard_d's sleep: 'X1', 'X3', 'C1', 'C13'"),
        ("esp8266", 5, "WAKE_PIN needs a pin that ends the sleep, which esp8266 does not have"),
    ):
        with pytest.raises(settings.SettingsError) as failed:
            load(tmp_path, BOARD=board, WAKE_PIN={"pin": pin}, SENSORS={})
        lines = (tmp_path / "config.py").read_text().splitlines()
        line = next(i for i, text in enumerate(lines, 1) if text.startswith("WAKE_PIN"))
        assert f"config.py:{line}: {told}" in str(failed.value)


def test_a_condition_names_a_sensor_of_the_node_and_a_field_of_its_driver(tmp_path: Path) -> None:
    for conditions, told in (
        ({"attic.temperature_c": {"change": 1}}, "UPLOAD_IF names 'attic.temperature_c'; SENSORS has: air, light"),
        ({"air.temperature": {"change": 1}}, "UPLOAD_IF names 'air.temperature'; air has: temperature_c, humidity_pct"),
        ({"light.temperature_c": {"change": 1}}, "UPLOAD_IF names 'light.temperature_c'; light has: light_mv"),
    ):
        with pytest.raises(settings.SettingsError) as failed:
            load(tmp_path, UPLOAD_IF=conditions)
        assert told in str(failed.value)
    assert load(tmp_path, UPLOAD_IF={"air.humidity_pct": {"above": 90}})["UPLOAD_IF"]


@pytest.mark.parametrize("name", ["wake", "pin"])
def test_a_sensor_cannot_have_the_name_of_the_pins_own_part_of_the_record(name: str) -> None:
    shown = dict(settings.load(ROOT).values)
    assert "record itself uses" in SCHEMA.check({**shown, "SENSORS": {name: {"driver": "sht4x"}}})[0][1]


@pytest.mark.parametrize("board", BOARDS)
def test_the_profile_and_the_facts_name_the_same_pins(board: str) -> None:
    facts = tomllib.loads((ROOT / "boards" / board / "board.toml").read_text())["pins"]["wake"]
    assert [pin for pin in facts if drivers.no_wake_pin(ROOT, board, int(pin) if pin.isdigit() else pin)] == []
    profile = ast.parse((ROOT / "boards" / board / "profile.py").read_text())
    (pins,) = [
        ast.literal_eval(line.value)
        for line in profile.body
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "WAKE_PINS"
    ]
    assert [str(pin) for pin in pins] == facts
