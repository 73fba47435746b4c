"""Every board.toml alike: the same keys, every number with a source, and no contradiction to the profile beside it."""

from __future__ import annotations

import importlib
import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dormouse.virtual import models
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
    "": {"name", "title", "chip", "port", "usb", "firmware", "flash", "currents", "sleep", "pins", "rails"}
    | {"reach", "network", "radio", "wiring", "trouble", "adc", "virtual", "virtual_sources"},
    "firmware": {"name", "also", "page", "suffix", "minimum", "machine", "hostname", "source"},
    "flash": {"method", "offset", "baud", "enter", "flash_bytes", "filesystem_bytes", "source"},
    "sleep": {"max_ms", "retained_bytes", "kind", "source"},
    "pins": {"i2c", "spi", "onewire", "led", "led_on", "light", "battery", "rail", "wake", "kind", "source"},
    "reach": {"button", "uart", "source"},
    "network": {"local_names", "source"},
    "rails": {"battery", "always", "sensors", "switched", "settle_ms", "divider", "source"},
    "virtual": {"boot_ms", "wake_boot_ms", "radio_ms", "associate_ms", "associate_bssid_ms", "dhcp_ms", "scan_ms"}
    | {"auth_fail_ms", "drift"},
}
_OPTIONAL = {"pins": {"names", "labels", "taken", "care"}, "virtual": {"unique_id", "radio"}}
_CURRENTS = {"deepsleep": ("uA", 5, 20000), "cpu": ("mA", 5, 150), "radio": ("mA", 30, 300), "peak": ("mA", 100, 1000)}


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
    promised = {
        "feather_s2",
        "pyboard_d",
        "esp8266",
        "d1_mini",
        "esp32",
        "esp32_s3",
        "esp32_c3",
        "pico_w",
        "nano_rp2040",
        "virtual",
    }
    assert promised <= set(_FOLDERS) and models.names() == _FOLDERS


def test_same_shape(board: dict[str, Any]) -> None:
    assert set(board) - {"folder", "not_for_batteries"} == _KEYS[""]
    for table in set(_KEYS) - {""}:
        assert set(board[table]) - _OPTIONAL.get(table, set()) == _KEYS[table], table
    assert board["name"] == board["folder"]


def test_every_number_has_a_source(board: dict[str, Any]) -> None:
    for table in ("firmware", "flash", "sleep", "pins", "rails"):
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


def test_what_takes_milliamperes_asleep_is_not_for_batteries(board: dict[str, Any]) -> None:
    assert ("not_for_batteries" in board) == (board["currents"]["deepsleep"]["value"] >= 1000)
    assert len(board.get("not_for_batteries", "why")) > 2


def test_radio(board: dict[str, Any]) -> None:
    assert board["radio"]
    for quirk in board["radio"]:
        assert set(quirk) == {"quirk", "source"} and all(quirk.values())


def test_wiring_and_trouble(board: dict[str, Any]) -> None:
    told = {wiring["what"] for wiring in board["wiring"]}
    assert told >= {"Battery voltage", "I2C sensors", "1-Wire"}
    assert ("Wake pin" in told) == bool(board["pins"]["wake"])
    assert ("Wake from deep sleep" in told) == (board["port"] == "esp8266")  # GPIO16 to RST
    for wiring in board["wiring"]:
        assert set(wiring) == {"what", "how", "source"} and all(wiring.values())
    assert len(board["trouble"]) >= 4
    for trouble in board["trouble"]:
        assert set(trouble) == {"symptom", "cause", "remedy", "source"} and all(trouble.values())


@pytest.mark.parametrize("folder", _FOLDERS)
def test_wiring_names_the_pins(folder: str) -> None:
    board = models.read(folder)
    pins, how = board["pins"], {wire["what"]: wire["how"] for wire in board["wiring"]}
    named = {"1-Wire": [pins["onewire"]], "I2C sensors": [pin.split()[1] for pin in pins["i2c"]]}
    named["Battery voltage"] = [pins["battery"]] if pins["battery"] else []
    for what, numbers in named.items():
        for number in numbers:
            label = pins.get("labels", {}).get(number, number)
            assert re.search(rf"\b(GPIO|GP)?{number}\b|\b{label}\b", how[what]), (what, number)


def test_flashing(board: dict[str, Any]) -> None:
    flash = board["flash"]
    assert board["usb"] in ("native", "bridge")
    assert 0 < flash["filesystem_bytes"] < flash["flash_bytes"]
    if flash["method"] == "none":
        return
    assert board["firmware"]["suffix"] == {"esptool": ".bin", "dfu": ".dfu", "uf2": ".uf2"}[flash["method"]]
    assert board["firmware"]["page"].endswith(f"/{board['firmware']['name']}/")
    if flash["method"] == "esptool":  # where the chip's ROM looks for a program (esptool, BOOTLOADER_FLASH_OFFSET)
        assert flash["offset"] == (0x1000 if board["chip"] in ("esp32", "esp32s2") else 0)


def test_pins_are_the_chips(board: dict[str, Any], profile: Any) -> None:
    pins, chip = board["pins"], models.load(board["name"]).chip
    names = pins.get("names", {})
    numbers = [pin.split()[1] for pin in pins["i2c"] + pins["spi"]]
    for pin in [*numbers, pins["onewire"], pins["led"], pins["light"], pins["rail"], *pins["wake"], *pins.get("labels", ())]:
        known = pin == "" or pin in names or (chip.pins and int(pin) in chip.pins)
        assert known or (not chip.pins and re.fullmatch(r"[XYW]\d+", pin)), pin
    assert [str(pin) for pin in profile.WAKE_PINS] == pins["wake"]
    for pin in profile.WAKE_PINS:
        assert names.get(pin, pin) in chip.wakes
    if chip.adc and pins["battery"]:  # a pin whose converter works with the radio on
        battery = names.get(pins["battery"], pins["battery"])
        assert battery in map(str, chip.adc) and battery not in map(str, chip.shared)
    for pin, why in {**pins.get("taken", {}), **pins.get("care", {})}.items():
        assert (int(pin) in chip.pins if pin.isdigit() else pin in names) and len(why) > 5, pin
    used = {*pins["wake"], pins["battery"], pins["onewire"], pins["led"]}
    assert not used & set(pins.get("taken", {}))
    assert not set(pins.get("taken", {})) & set(pins.get("care", {}))


def test_no_pin_has_two_functions(board: dict[str, Any]) -> None:
    pins = board["pins"]
    used = [pin.split()[1] for pin in pins["i2c"]] + [pins[name] for name in ("onewire", "led", "light", "rail")]
    used += [pins["battery"]] if board["port"] != "esp8266" else []  # its ADC is no GPIO
    used = [pin for pin in used if pin]
    assert len(set(used)) == len(used)
    assert not {pins["onewire"], pins["led"], pins["rail"]} & set(pins["wake"])


def test_rails(board: dict[str, Any], profile: Any) -> None:
    rails = board["rails"]
    assert rails["switched"] == bool(board["pins"]["rail"]) and 0 <= rails["settle_ms"] <= 100
    assert getattr(profile, "_SETTLE_MS", 0) == rails["settle_ms"]
    upper, lower = rails["divider"] or ("", "")
    if lower:
        ohm = [float(text.split()[0]) * {"kOhm": 1e3, "MOhm": 1e6}[text.split()[1]] for text in (upper, lower)]
        assert profile.VBAT[1] / profile.VBAT[2] == pytest.approx(sum(ohm) / ohm[1], rel=0.01)


def test_agrees_with_the_profile(board: dict[str, Any], profile: Any) -> None:
    assert profile.NAME == board["name"]
    assert profile.MAX_SLEEP_MS == board["sleep"]["max_ms"]
    assert profile.RETAINED_BYTES == board["sleep"]["retained_bytes"]
    assert str("" if profile.LED is None else profile.LED) == board["pins"]["led"]
    assert profile.LED_ON == board["pins"]["led_on"] in (0, 1)  # the level at which it shines
    assert str(profile.ONEWIRE) == board["pins"]["onewire"]
    assert str(profile.VBAT[0] if profile.VBAT else "") == board["pins"]["battery"]
    if profile.I2C[1] is not None:
        assert [f"SCL {profile.I2C[1]}", f"SDA {profile.I2C[2]}"] == board["pins"]["i2c"]
    # What passed before the first line of power.deadline counts for the budget too.
    assert board["virtual"]["boot_ms"] < profile.BOOT_MS <= board["virtual"]["boot_ms"] + 100
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
