"""Every I2C driver on MicroPython, on each main board's bus: its value, and what each failure makes of it.

All parts fail alike and at the same time, so that a board starts once for each way to fail. That a value is right to the last
digit, and the datasheets' examples, are tests/pure's and tests/sensors' business; here it is the bus, the port's exceptions
and the interpreter that are the real board's.
"""

from __future__ import annotations

import ast
import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from dormouse.virtual.world import World

_ROOT = Path(__file__).parents[2]
_OPTIONS: dict[str, dict[str, Any]] = {
    "ads1115": {"in0": "gnd"},
    "bh1750": {},
    "bme280": {},
    "ina219": {},
    "scd41": {},
    "sht3x": {"address": 0x45},
    "sht4x": {},
    "veml7700": {},
}
_SCENE = {  # what each field must come to, and how near
    "temperature_c": (21.42, 0.02),
    "humidity_pct": (47.3, 0.06),
    "pressure_hpa": (1002.5, 0.05),
    "illuminance_lx": (310.0, 2.0),
    "co2_ppm": (812, 1),
    "supply_v": (5.1, 0.004),
    "current_ma": (120.0, 0.2),
    "signal_v": (1.25, 0.0002),
}
_FIELD = {("ina219", "voltage_v"): "supply_v", ("ads1115", "voltage_0_v"): "signal_v"}
_BUS = {"feather_s2": "0, scl=Pin(9), sda=Pin(8)", "esp8266": "scl=Pin(5), sda=Pin(4)", "pyboard_d": "'X'"}
_RAIL = {"feather_s2": "21", "esp8266": None, "pyboard_d": "'EN_3V3'"}
_EIO, _ENODEV = 5, 19
_SPEED = 20  # of the parts; the program's own waits are real ones
_PROGRAM = """
import time
from machine import I2C, Pin
rail = {rail} and Pin({rail}, Pin.OUT, value=1)
time.sleep_ms(1100 // {speed})
class Board:
    def i2c(self, options):
        return I2C({bus}, timeout=20000)
def show(call, *args):
    try:
        return call(*args)
    except OSError as error:
        return ["OSError", error.args[0]]
begun = []
for name, options in {options}:
    driver = __import__("sensors." + name, None, None, ("read",))
    begun.append((name, driver, show(driver.start, Board(), options)))
if {cut}:
    rail(0)
    time.sleep_ms(5)
    rail(1)
for name, driver, found in begun:
    if found[0] != "OSError":
        ms, handle = found
        for _ in range(30):
            time.sleep_ms(ms // {speed} + 1)
            found = ms = show(driver.read, handle)
            if not isinstance(found, int):
                break
    print("=", (name, found))
"""


def _run(make: Any, board: str, failure: str | None = None, *, cut: bool = False) -> dict[str, Any]:
    """What each driver's read() gave in the end: a tuple, ["OSError", errno], or an int, never ready.

    failure: of all parts. cut: their supply goes between start() and read().
    """

    def parts(now_ms: Any, scene: Any) -> list[Any]:
        for name, (value, _) in _SCENE.items():
            scene.set(name, value)
        for name in _OPTIONS:
            scene.fail(name, failure)
        module = "dormouse.virtual.devices."
        return [importlib.import_module(module + name).make(now_ms, scene, options) for name, options in _OPTIONS.items()]

    program = _PROGRAM.format(bus=_BUS[board], rail=_RAIL[board], options=list(_OPTIONS.items()), cut=cut, speed=_SPEED)
    files = {f"sensors/{name}.py": (_ROOT / "sensors" / f"{name}.py").read_bytes() for name in _OPTIONS}
    node = make(board, program, world=World(devices=parts), files=files, speed=_SPEED)
    wake = node.run_wake(60)
    found = [line for line in wake.output.splitlines() if line.startswith("= ")]
    assert len(found) == len(_OPTIONS), wake.output
    return dict(ast.literal_eval(line[2:]) for line in found)


def _is_right(name: str, found: Any) -> bool:
    fields = importlib.import_module("sensors." + name).FIELDS
    return isinstance(found, tuple) and all(
        value is None or abs(value / 10**decimals - _SCENE[at][0]) <= _SCENE[at][1]
        for (field, decimals), value in zip(fields, found)
        for at in (_FIELD.get((name, field), field),)
    )


def test_each_measures_what_is_there(make: Any, board: str) -> None:
    found = _run(make, board)
    assert {name: value for name, value in found.items() if not _is_right(name, value)} == {}, json.dumps(found)


def test_nobody_answers(make: Any, board: str) -> None:
    assert _run(make, board, "nack") == {name: ["OSError", _ENODEV] for name in _OPTIONS}


def test_wrong_checksums(make: Any, board: str) -> None:
    found = _run(make, board, "crc")
    checked = {"scd41", "sht3x", "sht4x"}
    assert {name for name, value in found.items() if value == ["OSError", _EIO]} == checked, found
    assert all(_is_right(name, found[name]) for name in found.keys() - checked), found


@pytest.mark.parametrize("failure", ["stuck", "clock"])
def test_a_line_held_low_is_never_a_value(make: Any, board: str, failure: str) -> None:
    found = _run(make, board, failure)
    assert {name: value for name, value in found.items() if isinstance(value, tuple)} == {}, found


def test_a_supply_that_fails_meanwhile(make: Any) -> None:
    found = _run(make, "feather_s2", cut=True)
    values = {name for name, value in found.items() if isinstance(value, tuple)}
    # An INA219 measures by itself as it powers up; an SCD41 is told to only after start(). A BH1750 then says 0, and cannot say
    # that this is not darkness.
    assert values == {"bh1750", "ina219", "scd41"}, found
    assert {name for name in values if not _is_right(name, found[name])} == {"bh1750"}, found


def test_never_done_is_never_a_value(make: Any) -> None:
    found = _run(make, "pyboard_d", "busy")
    values = {name for name, value in found.items() if isinstance(value, tuple)}
    # A VEML7700 measures on and on: no such failure. A BH1750 has nothing to say "not yet" with, only the longest time.
    assert values == {"bh1750", "veml7700"} and _is_right("veml7700", found["veml7700"]), found
