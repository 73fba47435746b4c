"""Sensors that get in each other's way: one address twice on a bus, one pin for two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dormouse import drivers
from dormouse.virtual import models

# What an option's note says when the pin is the profile's.
_OWN = {"the board's 1-Wire pin": "ONEWIRE", "the board's battery pin": "VBAT"}
_SHARED = ("supply", "bus", "shared pin")  # two of the same kind may have one pin


def find(root: Path, values: dict[str, Any]) -> list[tuple[str, str]]:
    """(sensor, what is wrong) of SENSORS, of which every entry by itself is right.

    Arguments: root, the template; values, the settings by name.
    """
    wrong = []
    addresses: dict[tuple[Any, int], str] = {}
    pins: dict[str, list[tuple[str, str, str | None]]] = {}  # by the chip's name: who, how, ROM code
    names, lines = _board(root, values["BOARD"])
    if values["WAKE_PIN"] is not None:
        wake = values["WAKE_PIN"]["pin"]
        pins[str(names.get(wake, wake))] = [("WAKE_PIN", "wake", None)]
    for sensor, options in values["SENSORS"].items():
        driver = drivers.read(root, options["driver"])
        bus = options.get("i2c") or drivers.profile(root, values["BOARD"], "I2C")
        if "i2c" in driver.options:
            # A part that has one address only does not offer it.
            row = driver.allowed.get("address")
            only = drivers.constant(root / "sensors" / f"{driver.name}.py", "_ADDRESS")
            address = options.get("address", row.default if row else only)
            if isinstance(address, int):
                other = addresses.setdefault((bus, address), sensor)
                if other != sensor:
                    wrong.append((sensor, f"has the I2C address {address:#x}, as {other!r} on the same bus"))
        rom = next((options.get(o.name) for o in driver.allowed.values() if o.allowed == "rom"), None)
        for pin, how in _pins(root, values["BOARD"], driver, options, bus, lines):
            others = pins.setdefault(str(names.get(pin, pin)), [])
            for other, as_what, its_rom in others:
                if how == as_what and how in _SHARED:
                    continue
                if how == as_what == f"pin of {driver.name}" and rom and its_rom and rom != its_rom:
                    continue
                if other != sensor:
                    wrong.append((sensor, f"has the pin {pin!r}, as {other!r}"))
                else:
                    wrong.append((sensor, f"has the pin {pin!r} twice"))
                break
            others.append((sensor, how, rom))
    return wrong


def _board(root: Path, board: str) -> tuple[dict[str, str], list[str]]:
    """The board's names of pins with the chip's, and the lines of its own I2C bus."""
    try:
        pins = models.read(board, root / "boards")["pins"]
    except (ValueError, KeyError):
        return {}, []  # the rules say so (checking/node.py)
    return pins.get("names", {}), [line.split()[1] for line in pins["i2c"]]


def _pins(
    root: Path, board: str, driver: drivers.Driver, options: dict[str, Any], bus: Any, lines: list[str]
) -> Iterator[tuple[Any, str]]:
    """The pins of a sensor, and for what. lines: of the board's own bus, where bus names none."""
    for name, row in driver.allowed.items():
        pin = options.get(name, row.default)
        if pin is None and row.note in _OWN:
            own = drivers.profile(root, board, _OWN[row.note])
            pin = own[0] if isinstance(own, tuple) else own
        if row.allowed == "shared pin" and pin is not None:
            yield pin, "shared pin"
        elif row.allowed in drivers.PINS and pin is not None:
            yield pin, f"pin of {driver.name}"
    if "i2c" in driver.options and bus:
        own = bus == drivers.profile(root, board, "I2C")
        for line in lines if own and bus[1] is None else bus[1:]:
            if line is not None:
                yield line, "bus"
    if "supply" in options:
        supply = options["supply"]
        yield supply[0] if isinstance(supply, tuple) else supply, "supply"
