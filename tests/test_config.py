"""config.py as shipped against the one schema: names, defaults, and what the comments promise."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SECONDS = {"s": 1, "h": 3600, "days": 86400}


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


schema = load(ROOT / "src/node/schema.py")
config = load(ROOT / "config.py")
ROWS = {row[0]: row for row in schema.SETTINGS}


def comments() -> dict[str, str]:
    """The comment of each setting's first line, by the schema's name."""
    lines = (ROOT / "config.py").read_text().splitlines()
    found = {}
    outer = ""
    for line in lines:
        if match := re.match(r'(?:([A-Z][A-Z0-9_]*) =|    "(\w+)":)', line):
            outer = match[1] or outer
            name = match[1] or f"{outer}.{match[2]}"
            found[name] = line.partition("#")[2].strip()
    return found


COMMENTS = comments()


def values() -> dict[str, Any]:
    return {name: value for name, value in vars(config).items() if name.isupper()}


def test_the_shipped_configuration_is_right() -> None:
    assert schema.check(values()) == []


def test_every_setting_is_in_config_py_and_no_other() -> None:
    shown = {name for name in COMMENTS if not name.startswith("SENSORS.")}
    assert shown == set(ROWS)


def test_config_py_is_constants_only() -> None:
    for node in ast.parse((ROOT / "config.py").read_text()).body:
        assert isinstance(node, ast.Assign)
        assert not any(isinstance(part, (ast.Call, ast.Name, ast.Attribute)) for part in ast.walk(node.value))


@pytest.mark.parametrize("name", [n for n, row in ROWS.items() if row[1].rstrip("?") in ("int", "number")])
def test_numbers_have_a_unit_and_a_range_and_the_comment_agrees(name: str) -> None:
    _, kind, unit, low, high, default, _ = ROWS[name]
    assert unit and low < high
    assert default is None if kind.endswith("?") else low <= default <= high
    match = re.search(r"(\d+)(?: (\w+))? to (\d+)(?: (\w+))?", COMMENTS[name])
    assert match, f"no range in the comment of {name}: {COMMENTS[name]!r}"
    high_unit = match[4] if match[4] in {*SECONDS, unit} else None
    low_unit = match[2] or high_unit
    assert int(match[1]) * SECONDS.get(low_unit or "", 1) == low
    assert int(match[3]) * SECONDS.get(high_unit or "", 1) == high
    # A unit is said in the comment, or is the name's own last word, or what is counted.
    said = high_unit or name.lower().endswith(f"_{unit.lower()}") or unit in COMMENTS[name] or unit in name.lower()
    assert said, COMMENTS[name]


@pytest.mark.parametrize("name", [n for n, row in ROWS.items() if row[1] == "choice"])
def test_choices_are_all_in_the_comment(name: str) -> None:
    assert COMMENTS[name] == ", ".join(ROWS[name][6])


@pytest.mark.parametrize("name", [n for n, row in ROWS.items() if row[1].endswith("?")])
def test_what_none_means_is_in_the_comment(name: str) -> None:
    assert "None: " in COMMENTS[name]


def test_every_service_is_in_the_comment() -> None:
    there = {path.stem for path in (ROOT / "src/node/services").glob("*.py")} - {"__init__"}
    assert set(COMMENTS["SERVICE"].partition(": ")[2].partition(" (")[0].split(", ")) == there


@pytest.mark.parametrize("name", [n for n in ROWS if "." not in n and n not in ("SENSORS", "BATTERY")])
def test_defaults_are_config_pys(name: str) -> None:
    assert getattr(config, name) == ROWS[name][5]


def test_every_setting_may_be_its_default() -> None:
    for row in schema.SETTINGS:
        assert schema.problem(row, row[5]) is None, row[0]


WRONG = {
    "BOARD": ["", "Feather S2", 5, None, "../x"],
    "NAME": ["", "Shed", "a b", "x" * 33, 7, "a/b"],
    "AREA": ["", "x" * 33, "\u00e4" * 17, 7],
    "WAKE_EVERY_S": [9, 30 * 86400 + 1, 60.0, "60", True, None],
    "UPLOAD_EVERY": [0, 97, 1.5],
    "SENSORS": [None, [], {"a": {}}, {"a": {"driver": 5}}, {"A B": {"driver": "sht4x"}}, {"seq": {"driver": "sht4x"}}],
    "BATTERY": [5, []],
    "BROKER": ["", "a b", "host:", "host:0", "host:65536", "x" * 129, None, 5],
    "SERVICE": ["Plain", None],
    "TOPIC": ["", "a/+", "#", "$SYS/x", "/a", "a/", "{node}", "x" * 65],
    "STATIC_IP": ["192.168.1.50", ("192.168.1.50", "192.168.1.1"), ("192.168.1.50/24",), ("300.1.1.1/24", "1.1.1.1")],
    "COUNTRY": ["de", "DEU", "1", 5],
    "NTP": ["", "a b", 5],
    "MAX_AWAKE_S": [4, 61, "20"],
    "MQTT5": [5, None, "yes"],
    "TEST_MODE": [0, 1, None, "yes"],
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_values_are_named_with_what_is_allowed(name: str) -> None:
    for value in WRONG[name]:
        wrong = schema.check({**values(), name: value})
        assert [n for n, _ in wrong] == [name], (value, wrong)
        assert "allowed: " in wrong[0][1] or "needs a driver" in wrong[0][1] or "record itself" in wrong[0][1]


def test_wrong_battery_entries_are_named() -> None:
    for entry, value in (("type", "nimh"), ("mah", 9), ("stop_below_v", 7), ("want_months", 0), ("capacity", 5)):
        wrong = schema.check({**values(), "BATTERY": {"type": "lipo", "mah": 1000, entry: value}})
        assert [n for n, _ in wrong] == [f"BATTERY.{entry}"]


def test_a_missing_line_and_an_unknown_one_are_named() -> None:
    shown = values()
    del shown["WAKE_EVERY_S"]
    assert schema.check({**shown, "WAKE_EVERY": 60}) == [
        ("WAKE_EVERY_S", "is missing; add the line WAKE_EVERY_S = 900"),
        ("WAKE_EVERY", "is not a setting"),
    ]
