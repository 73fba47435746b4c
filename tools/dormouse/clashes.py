"""Sensors that get in each other's way: one address twice on a bus, one pin for two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dormouse import drivers

# What an option's note says when the pin is the profile's.
_OWN = {"the board's 1-Wire pin": "ONEWIRE", "the board's battery pin": "VBAT"}
_SHARED = ("supply", "bus", "shared pin")  # two of the same kind may have one pin


def find(root: Path, values: dict[str, Any]) -> list[tuple[str, str]]:
    """(sensor, what is wrong) of SENSORS, of which every entry by itself is right.

    Arguments: root, the template; values, the settings by name.
    """
    wrong = []
    addresses: dict[tuple[Any, int], str] = {}
    pins: dict[str, list[tuple[str, str, str | None]]] = {}  # who, how, ROM code
    if values["WAKE_PIN"] is not None:
        pins[str(values["WAKE_PIN"]["pin"])] = [("WAKE_PIN", "wake", None)]
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
        for pin, how in _pins(root, values["BOARD"], driver, options, bus):
            others = pins.setdefault(str(pin), [])
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


def _pins(root: Path, board: str, driver: drivers.Driver, options: dict[str, Any], bus: Any) -> Iterator[tuple[Any, str]]:
    """The pins of a sensor, and for what."""
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
        for line in bus[1:]:
            if line is not None:
                yield line, "bus"
    if "supply" in options:
        supply = options["supply"]
        yield supply[0] if isinstance(supply, tuple) else supply, "supply"
