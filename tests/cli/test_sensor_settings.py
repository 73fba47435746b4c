"""What the PC says of a sensor's entry in config.py: each option with what is allowed, fields, addresses, pins, time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dormouse import drivers, settings
from dormouse.drivers import Option
from dormouse.errors import DormouseError
from dormouse.settings import SettingsError

ROOT = Path(__file__).resolve().parents[2]
AIR = {"driver": "sht4x"}


def said(tmp_path: Path, sensors: dict[str, Any], **changes: object) -> list[str]:
    """What is wrong with these SENSORS, without file and line."""
    config = tmp_path / "config.py"
    values = {"SENSORS": sensors, **changes}
    config.write_text(settings.load(ROOT).base.replaced({name: repr(value) for name, value in values.items()}))
    try:
        settings.load(ROOT, config)
    except SettingsError as error:
        return [problem.text for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("option", "wrong", "right", "allowed"),
    [
        ("offset", [1, {}, {"temperature_c": "1"}, {"temperature_c": True}], {"temperature_c": -0.4}, "-1000000 to 1000000"),
        ("scale", [2, {"temperature_c": 0}, {"temperature_c": 1001}], {"humidity_pct": 1.05}, "0.001 to 1000"),
        ("points", [{"temperature_c": (0, 100)}, {"temperature_c": ((0, 1), (0, 2))}, {"temperature_c": ((0, 1), (1, 1))}],
         {"temperature_c": ((0.6, 0), (98.2, 99.8))}, "((shown, true), (shown, true))"),
        ("samples", [0, 10, 1.5, True, "3"], 9, "1 to 9"),
        ("range", [(0, 1), {"temperature_c": (1, 1)}], {"temperature_c": (-30, 50)}, "(lowest, highest)"),
        ("supply", [-1, 1.5, "", (5,), (5, 2), ((5, 1), 1), None], (5, 0), "a pin such as 5"),
        ("settle_ms", [-1, 2001, 1.5], 2000, "0 to 2000 ms"),
        ("every", [0, 1001, None], 96, "1 to 1000 wakes"),
        ("address", [0x43, "0x44", True, None], 0x46, "0x44, 0x45, 0x46"),
        ("precision", ["best", 1], "low", "high, medium, low"),
        ("i2c", [5, (0, 1)], (1, 12, 11), "(bus, scl, sda)"),
    ],
)  # fmt: skip
def test_each_option_is_named_with_what_is_allowed(
    tmp_path: Path, option: str, wrong: list[object], right: object, allowed: str
) -> None:
    for value in wrong:
        found = said(tmp_path, {"air": {**AIR, option: value}})
        assert len(found) == 1 and found[0].startswith(f"SENSORS['air'] has {option} {value!r}; allowed: "), found
        assert allowed in found[0]
    assert said(tmp_path, {"air": {**AIR, option: right}}) == []


def test_unknown_options_and_fields(tmp_path: Path) -> None:
    found = said(tmp_path, {"air": {**AIR, "ofset": {"temperature_c": 1}}})
    assert found[0].endswith("is it offset?") and "sht4x takes: driver, offset, scale, points" in found[0]
    for option, value in {"offset": 1, "scale": 2, "range": (0, 1), "points": ((0, 0), (1, 2))}.items():
        assert said(tmp_path, {"air": {**AIR, option: {"pressure_hpa": value}}}) == [
            f"SENSORS['air'] has {option} of 'pressure_hpa'; sht4x measures: temperature_c, humidity_pct"
        ]


def test_points_and_offset_of_one_field(tmp_path: Path) -> None:
    entry = {**AIR, "points": {"temperature_c": ((0, 0), (10, 11))}, "offset": {"temperature_c": 1}}
    assert "has points of temperature_c, and offset or scale too" in said(tmp_path, {"air": entry})[0]


def test_what_must_be_given(tmp_path: Path) -> None:
    found = said(tmp_path, {"bed": {"driver": "soil", "pin": 6, "dry_mv": 2400}})
    assert found == ["SENSORS['bed'] has no wet_mv, which must be given: at the pin, in soaked soil; allowed: 0 to 5000 mV"]


def test_one_address_twice(tmp_path: Path) -> None:
    found = said(tmp_path, {"air": AIR, "attic": {"driver": "sht3x"}})
    assert found == ["SENSORS['attic'] has the I2C address 0x44, as 'air' on the same bus"]
    assert said(tmp_path, {"air": AIR, "attic": {"driver": "sht4x", "address": 0x45}}) == []
    # A part of one address.
    found = said(tmp_path, {"hall": {"driver": "scd41"}, "attic": {"driver": "scd41"}})
    assert found == ["SENSORS['attic'] has the I2C address 0x62, as 'hall' on the same bus"]
    assert said(tmp_path, {"air": AIR, "attic": {"driver": "sht4x", "i2c": (1, 12, 11)}}) == []


def test_one_pin_twice(tmp_path: Path) -> None:
    bed = {"driver": "soil", "pin": 6, "dry_mv": 2400, "wet_mv": 1100}
    one = {"driver": "ds18b20", "pin": 6}
    assert said(tmp_path, {"bed": bed, "one": one}) == ["SENSORS['one'] has the pin 6, as 'bed'"]
    assert said(tmp_path, {"bed": {**bed, "supply": 6}}) == ["SENSORS['bed'] has the pin 6 twice"]
    # 9 and 8 are the bus of the Feather S2.
    assert said(tmp_path, {"air": AIR, "one": {**one, "pin": 8}}) == ["SENSORS['one'] has the pin 8, as 'air'"]
    assert said(tmp_path, {"one": {**one, "pin": 5}}, WAKE_PIN={"pin": 5}) == ["SENSORS['one'] has the pin 5, as 'WAKE_PIN'"]
    # One supply may feed several, and one bus carry several ROM codes.
    assert said(tmp_path, {"bed": {**bed, "supply": 7}, "one": {**one, "pin": 5, "supply": 7}}) == []
    roms = ["28ff641e8216c3a1", "28ff641e8216c3a2"]
    assert said(tmp_path, {str(i): {**one, "rom": rom} for i, rom in enumerate(roms)}) == []
    assert said(tmp_path, {"a": one, "b": {**one, "rom": roms[0]}}) == ["SENSORS['b'] has the pin 6, as 'a'"]


def test_the_boards_own_pin_counts_where_none_is_named(tmp_path: Path) -> None:
    one = {"driver": "ds18b20"}
    assert said(tmp_path, {"a": one, "b": one}) == ["SENSORS['b'] has the pin 33, as 'a'"]
    assert said(tmp_path, {"a": one, "b": {**one, "pin": 33}}) == ["SENSORS['b'] has the pin 33, as 'a'"]
    roms = ["28ff641e8216c3a1", "28ff641e8216c3a2"]
    assert said(tmp_path, {str(i): {**one, "rom": rom} for i, rom in enumerate(roms)}) == []
    assert said(tmp_path, {"a": one, "cell": {"driver": "battery"}}) == []
    assert said(tmp_path, {"a": {**one, "pin": 1}, "cell": {"driver": "battery"}}, BATTERY=None) == [
        "SENSORS['cell'] has the pin 1, as 'a'"
    ]


def test_one_pin_under_two_names(tmp_path: Path) -> None:
    one = {"driver": "ds18b20"}
    board: dict[str, object] = {"BOARD": "pyboard_d", "BATTERY": None}
    sensors = {"a": {**one, "pin": "X1"}, "b": {**one, "pin": "A0"}}
    assert said(tmp_path, sensors, **board) == ["SENSORS['b'] has the pin 'A0', as 'a'"]
    # The bus X is X9 and X10, which its entry does not say; the pin's name on the WBUS is the chip's C1.
    assert said(tmp_path, {"air": AIR, "b": {**one, "pin": "X10"}}, **board) == ["SENSORS['b'] has the pin 'X10', as 'air'"]
    wake = {"a": {**one, "pin": "W24"}}
    assert said(tmp_path, wake, WAKE_PIN={"pin": "C1"}, **board) == ["SENSORS['a'] has the pin 'W24', as 'WAKE_PIN'"]
    probe = {"driver": "adc", "pin": 27}
    nano: dict[str, object] = {"BOARD": "nano_rp2040", "BATTERY": None}
    assert said(tmp_path, {"a": probe, "b": {**probe, "pin": "A1"}}, **nano) == ["SENSORS['b'] has the pin 'A1', as 'a'"]


def test_what_takes_too_long(tmp_path: Path) -> None:
    slow = {"driver": "dht22", "pin": 6, "samples": 9}
    found = said(tmp_path, {"air": slow}, MAX_AWAKE_S=20)
    assert found == ["SENSORS['air'] needs 18450 ms; MAX_AWAKE_S 20 leaves 14000 ms to the sensors"]
    assert said(tmp_path, {"air": {**slow, "samples": 3}}, MAX_AWAKE_S=20) == []


def test_the_line_of_the_sensor_is_told(tmp_path: Path) -> None:
    config = tmp_path / "config.py"
    sensors = '{\n    "air": {"driver": "sht4x"},\n    "b": {"driver": "sht4x", "every": 0},\n}'
    config.write_text(settings.load(ROOT).base.replaced({"SENSORS": sensors}))
    line = next(i for i, text in enumerate(config.read_text().splitlines(), 1) if '"every"' in text)
    with pytest.raises(SettingsError, match=rf"config.py:{line}: SENSORS\['b'\] has every 0; allowed: 1 to 1000 wakes"):
        settings.load(ROOT, config)


@pytest.mark.parametrize(
    ("allowed", "right", "wrong"),
    [
        ("0.5 to 2", [0.5, 1, 2], [0.4, 2.1, "1", True]),
        ("1 to 16", [1, 16], [0, 17, 1.0]),
        ("-5 to 5", [-5], [-6]),
        ("pair 1 to 9", [(2, 1)], [2, (2,), (0, 1), [2, 1]]),
        ("yes or no", [True, False], [1, "yes"]),
        ("rom", ["28FF641e8216c3a1"], ["28", "28ff641e8216c3ag"]),
        ("text", ["x"], ["", 5]),
        ("pin", [0, "X2"], [-1, True, ""]),
    ],
)
def test_kinds_of_a_drivers_options(allowed: str, right: list[object], wrong: list[object]) -> None:
    option = Option("x", allowed, "", 1, None)
    assert all(option.fits(value) for value in right)
    assert not any(option.fits(value) for value in [*wrong, None])
    assert Option("x", allowed, "", None, None).fits(None)


def test_a_drivers_own_mistake_is_told(tmp_path: Path) -> None:
    with pytest.raises(DormouseError, match="says 'some' of x"):
        Option("x", "some", "", None, None).fits(5)
    (tmp_path / "sensors").mkdir()
    (tmp_path / "sensors" / "empty.py").write_text('"""Nothing."""\n')
    with pytest.raises(DormouseError, match=r"sensors/empty.py has no FIELDS"):
        drivers.read(tmp_path, "empty")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def read(:\n", "mine.py:1: is not Python: invalid syntax"),
        ("\x00", "mine.py:"),
        ("\nFIELDS = made()\n", "mine.py:2: FIELDS is not a constant; it is read, never run"),
        ("FIELDS = 1\n", "mine.py: FIELDS or _ALLOWED has another form than sensors/__init__.py says"),
        ('FIELDS = (("a_c", 1),)\n_ALLOWED = ((1, 2),)\n', "mine.py: FIELDS or _ALLOWED has another form"),
        ("x = 1\n", "mine.py has no FIELDS"),
    ],
)
def test_a_driver_with_a_mistake_is_named(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "sensors").mkdir()
    (tmp_path / "sensors" / "mine.py").write_text(text)
    with pytest.raises(DormouseError) as told:
        drivers.read(tmp_path, "mine")
    assert why in str(told.value)
    assert "\n" not in str(told.value)
