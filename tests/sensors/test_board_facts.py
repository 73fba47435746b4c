"""Every board.toml alike: the same keys, every number with a source, and no contradiction to the profile beside it."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dormouse.virtual.devices.scene import NAMES, Scene
from sensors import battery

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_BOARDS = Path(__file__).parents[2] / "boards"
_FOLDERS = sorted(path.parent.name for path in _BOARDS.glob("*/profile.py"))
_KINDS = {"measured", "datasheet", "code", "doc", "estimate"}
_KEYS = {
    "": {"name", "title", "chip", "port", "usb", "firmware", "flash", "currents", "sleep", "pins", "wiring", "trouble", "adc"}
    | {"virtual", "virtual_sources"},
    "firmware": {"name", "also", "page", "suffix", "minimum", "machine", "hostname", "source"},
    "flash": {"method", "offset", "baud", "enter", "flash_bytes", "filesystem_bytes", "source"},
    "sleep": {"max_ms", "retained_bytes", "kind", "source"},
    "pins": {"i2c", "led", "light", "rail", "wake", "kind", "source"},
    "virtual": {"boot_ms", "wake_boot_ms", "radio_ms", "associate_ms", "associate_bssid_ms", "dhcp_ms", "scan_ms"}
    | {"auth_fail_ms", "drift"},
}
_OPTIONAL = {"pins": {"names"}, "virtual": {"unique_id"}}
_CURRENTS = {"deepsleep": ("uA", 5, 1000), "cpu": ("mA", 5, 150), "radio": ("mA", 30, 300), "peak": ("mA", 100, 1000)}


class _Anything(types.ModuleType):
    """A port's module of which any name can be imported."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return None


@pytest.fixture(params=_FOLDERS)
def board(request: pytest.FixtureRequest) -> dict[str, Any]:
    return tomllib.loads((_BOARDS / request.param / "board.toml").read_text("utf-8")) | {"folder": request.param}


@pytest.fixture
def profile(board: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The profile beside it, imported on CPython: only its constants can be used."""
    before = set(sys.modules)
    with monkeypatch.context() as patched:
        for name in ("machine", "network", "esp32", "esp", "pyb"):
            patched.setitem(sys.modules, name, _Anything(name))
        yield importlib.import_module(f"boards.{board['folder']}.profile")
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("boards", "power"):
            del sys.modules[name]


def test_there_are_boards() -> None:
    assert {"feather_s2", "pyboard_d", "esp8266"} <= set(_FOLDERS)


def test_same_shape(board: dict[str, Any]) -> None:
    assert set(board) - {"folder"} == _KEYS[""]
    for table in set(_KEYS) - {""}:
        assert set(board[table]) - _OPTIONAL.get(table, set()) == _KEYS[table], table
    assert board["name"] == board["folder"]


def test_every_number_has_a_source(board: dict[str, Any]) -> None:
    for table in ("firmware", "flash", "sleep", "pins"):
        assert len(board[table]["source"]) > 10, table
    assert set(board["virtual_sources"]) == _KEYS["virtual"]
    for name, (kind, source) in board["virtual_sources"].items():
        assert kind in _KINDS and len(source) > 10, name
    for table in ("sleep", "pins"):
        assert board[table]["kind"] in _KINDS


def test_currents(board: dict[str, Any]) -> None:
    assert set(board["currents"]) == set(_CURRENTS)
    for name, (unit, low, high) in _CURRENTS.items():
        current = board["currents"][name]
        assert set(current) == {"value", "unit", "kind", "source"}
        assert current["unit"] == unit and low <= current["value"] <= high, name
        assert current["kind"] in _KINDS and len(current["source"]) > 10, name
        # A gap is called one, and says so.
        assert (current["kind"] == "estimate") == ("None published" in current["source"]), name
    assert board["currents"]["cpu"]["value"] < board["currents"]["radio"]["value"] < board["currents"]["peak"]["value"]


def test_wiring_and_trouble(board: dict[str, Any]) -> None:
    assert any("Battery" in wiring["what"] for wiring in board["wiring"])
    for wiring in board["wiring"]:
        assert set(wiring) == {"what", "how", "source"} and all(wiring.values())
    assert len(board["trouble"]) >= 4
    for trouble in board["trouble"]:
        assert set(trouble) == {"symptom", "cause", "remedy", "source"} and all(trouble.values())


def test_flashing(board: dict[str, Any]) -> None:
    flash = board["flash"]
    assert flash["method"] in ("esptool", "dfu")
    assert board["firmware"]["suffix"] == {"esptool": ".bin", "dfu": ".dfu"}[flash["method"]]
    assert board["firmware"]["page"].endswith(f"/{board['firmware']['name']}/")
    assert 0 < flash["filesystem_bytes"] < flash["flash_bytes"]


def test_agrees_with_the_profile(board: dict[str, Any], profile: Any) -> None:
    assert profile.NAME == board["name"]
    assert profile.MAX_SLEEP_MS == board["sleep"]["max_ms"]
    assert profile.RETAINED_BYTES == board["sleep"]["retained_bytes"]
    assert str("" if profile.LED is None else profile.LED) == board["pins"]["led"]
    assert profile.LED_ON in (0, 1)  # the level at which it shines
    assert profile.CHIP in (None, "mcu_temperature", "raw_temperature", "core", "rp2")  # sensors.chip
    assert str("" if profile.LIGHT is None else profile.LIGHT) == board["pins"]["light"]


def test_adc_agrees_with_the_profile(board: dict[str, Any], profile: Any) -> None:
    for wired in board["adc"].values():
        assert set(wired) == {"from", "ratio", "full_scale_mv", "rail"}
        assert wired["from"] in NAMES
    pin, numerator, denominator = profile.VBAT
    assert board["adc"][str(pin)]["from"] == "battery_mv"
    assert board["adc"][str(pin)]["ratio"] == [numerator, denominator]
    if profile.LIGHT is not None:
        assert board["adc"][str(profile.LIGHT)]["from"] == "light_mv"
    # A full LiPo cell must fit: the divider is for it.
    assert 4200 * denominator / numerator < board["adc"][str(pin)]["full_scale_mv"]


def test_battery_through_the_profiles_divider(board: dict[str, Any], profile: Any) -> None:
    scene = Scene(lambda: 0.0)
    for mv in (3000, 3700, 4200):
        scene.set("battery_mv", mv)
        reads = types.SimpleNamespace(VBAT=profile.VBAT, adc_mv=lambda pin: scene.adc_mv(board, pin))
        _, handle = battery.start(reads, {})
        # Whole millivolts at the pin: the divider multiplies what they lose.
        assert abs(battery.read(handle)[0] - mv) <= profile.VBAT[1] / profile.VBAT[2]
