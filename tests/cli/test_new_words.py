"""What `dormouse new` reads and writes as text: times, sensors, lines of settings."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from command_line import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from dormouse import constants
from dormouse.newnode import layout, words

BASE = constants.read(ROOT / "config.py", "config.py")
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=50)
@given(VALUES, st.sampled_from(["", "address", "WAKE_EVERY_S"]))
def test_a_value_is_read_back_as_it_was(value: Any, name: str) -> None:
    text = layout.literal(value, name)
    assert "\n" not in text
    found = constants.parse(f"X = {text}\n", "x.py") if hasattr(constants, "parse") else None
    assert (found.constants["X"].value if found else ast.literal_eval(text)) == value


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from(sorted(BASE.constants)), VALUES))
def test_lines_are_read_back_with_config_pys_comments(values: dict[str, Any]) -> None:
    text = layout.lines(BASE, values)
    scope: dict[str, Any] = {}
    exec(text, scope)
    assert {name: scope[name] for name in values} == values
    for line in text.split("\n"):
        name = line.partition(" = ")[0]
        if name in values and line.startswith(f"{name} = ") and (comment := _comment(name)):
            assert line.endswith(comment)


def _comment(name: str) -> str:
    line = BASE.source.split("\n")[BASE.constants[name].line - 1]
    return line[line.index("#") :] if "#" in line else ""


def test_a_long_sensor_is_written_over_several_lines() -> None:
    offset = {"pressure_hpa": 12.1, "temperature_c": -0.4}
    sensors = {"sky": {"driver": "bme280", "offset": offset, "range": {"humidity_pct": (1, 99)}, "samples": 3}}
    text = layout.lines(BASE, {"SENSORS": sensors})
    assert max(map(len, text.splitlines())) <= 120 and '        "samples": 3,\n    },\n}\n' in text


@settings(deadline=None)
@given(st.integers(1, 100 * 86400))
def test_times(seconds: int) -> None:
    assert words.seconds(words.time(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"), [("900", 900), ("90s", 90), ("15min", 900), ("15 m", 900), ("2h", 7200), ("1D", 86400), ("0", 0)]
)
def test_times_as_people_type_them(text: str, seconds: int) -> None:
    assert words.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5", "1.5h", "5 weeks", "1h30"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="is no time; allowed: seconds, or such as 90s, 15min, 2h, 1d"):
        words.seconds(text)


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("air=sht4x", {"driver": "sht4x"}),
        (" air = sht4x , address = 0x45", {"driver": "sht4x", "address": 0x45}),
        ("a=pulse,pin=X2,edge=rising", {"driver": "pulse", "pin": "X2", "edge": "rising"}),
        ("a=soil,supply=(7, 0),dry_mv=2400", {"driver": "soil", "supply": (7, 0), "dry_mv": 2400}),
        ("a=sht4x,i2c=(X, None, -1)", {"driver": "sht4x", "i2c": ("X", None, -1)}),
        ("a=ds18b20,rom=1234567812345678", {"driver": "ds18b20", "rom": "1234567812345678"}),
        ("a=ds18b20,rom=28E1e8216c3a1234,every=2", {"driver": "ds18b20", "rom": "28E1e8216c3a1234", "every": 2}),
        ("a=scd41,sleep=False", {"driver": "scd41", "sleep": False}),
        ("a=sht4x,offset={temperature_c: -0.4}", {"driver": "sht4x", "offset": {"temperature_c": -0.4}}),
    ],
)
def test_sensors(text: str, entry: dict[str, Any]) -> None:
    assert words.sensor(text)[1] == entry


@pytest.mark.parametrize(
    "text",
    [
        "", "air", "=sht4x", "a=", "a=b,5", "a=b,**c", "a=b,c=d(1)", "a=b,c=1)+(2", "a=b,c", "a=b,c=1,c=2", "a=b,c=d.e",
        "a=b,c=1)(d=2", "a=b,c={(): 1, []: 2}", "a=b,c=" + "(" * 999 + ")" * 999, "a=b,c=" + "-" * 999 + "1",
    ],
)  # fmt: skip
def test_what_is_no_sensor(text: str) -> None:
    with pytest.raises(ValueError, match=r"allowed: |given twice"):
        words.sensor(text)


def test_a_value_is_one() -> None:
    assert words.constant("(7, 0)") == (7, 0)
    for text in ("6,every=2", "", "1)(y=2"):
        with pytest.raises(ValueError, match="is no value; allowed: "):
            words.constant(text)
