"""Pins: which the board has, and what each of them can do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dormouse import drivers
from dormouse.checking import ERROR, WARNING, Finding, Node, rule

_FAILS = "the sensor fails in each wake and is counted as an error"
# What a pin is used for: the kinds of a driver's options, and these.
_SUPPLY, _BUS = "supply", "bus line"
_DRIVEN = ("pin", "shared pin", _SUPPLY, _BUS)


@dataclass(frozen=True)
class Use:
    """A pin that config.py names for a sensor. option: by which."""

    sensor: str
    option: str
    pin: Any
    kind: str

    def finding(self, text: str) -> Finding:
        """What is wrong with it."""
        return Finding("SENSORS", f"has {self.option} {self.pin!r}{text}", self.sensor)


def uses(node: Node) -> Iterator[Use]:
    """Every pin that SENSORS names. What a driver takes when none is named, is the board's own."""
    for sensor, options, driver in node.sensors():
        for name, option in driver.allowed.items():
            if option.allowed in drivers.PINS and options.get(name) is not None:
                yield Use(sensor, name, options[name], str(option.allowed))
        if "supply" in options:
            supply = options["supply"]
            yield Use(sensor, "supply", supply[0] if isinstance(supply, tuple) else supply, _SUPPLY)
        if options.get("i2c"):
            for line in options["i2c"][1:]:
                if line is not None:
                    yield Use(sensor, "i2c line", line, _BUS)


def chips(node: Node, pin: Any) -> Any:
    """A pin as the chip names it, None for one that the board has not: as machine.Pin takes it."""
    names = node.board["pins"].get("names", {})
    if isinstance(pin, str):
        if pin in names:
            return int(names[pin]) if names[pin].isdigit() else names[pin]
        return pin if node.chip.port == "stm32" and pin in names.values() else None
    return pin if pin in node.chip.pins else None


def shown(node: Node, able: Any) -> str:
    """The board's pins of which the chip's are in `able`, in the words of config.py; those in use are left out."""
    pins = node.board["pins"]
    taken = pins.get("taken", {})
    named = {name: chips(node, name) for name in pins.get("names", {}) if name != "VBAT" and name not in taken}
    found = [repr(pin) for pin in node.chip.pins if pin in able and str(pin) not in taken and node.chip.port != "stm32"]
    # Of several names of a pin the first.
    first = {pin: name for name, pin in reversed(named.items())}
    found = found or [repr(name) for name, pin in named.items() if pin in able and first[pin] == name != pins["rail"]]
    return ", ".join(found) or "none"


@rule("pin-unknown", ERROR, "a pin that the board does not have", _FAILS)
def unknown(node: Node) -> Iterator[Finding]:
    labels = {label: pin for pin, label in node.board["pins"].get("labels", {}).items()}
    for use in uses(node):
        if chips(node, use.pin) is None and use.kind != "analogue pin":
            hint = f"; {use.pin} is {labels[use.pin]}" if use.pin in labels else ""
            every = shown(node, node.chip.pins or set(node.board["pins"].get("names", {}).values()))
            yield use.finding(f", which {node['BOARD']} does not have{hint}; allowed: {every}")


@rule("pin-analogue", ERROR, "an analogue sensor on a pin without a converter", _FAILS)
def analogue(node: Node) -> Iterator[Finding]:
    for use in uses(node):
        if use.kind == "analogue pin" and chips(node, use.pin) not in node.chip.adc:
            yield use.finding(f", which has no converter on {node['BOARD']}; allowed: {shown(node, node.chip.adc)}")


@rule("pin-input-only", ERROR, "a pin that must be driven, and can only be read", _FAILS)
def input_only(node: Node) -> Iterator[Finding]:
    for use in uses(node):
        if use.kind in _DRIVEN and chips(node, use.pin) in node.chip.inputs:
            able = set(node.chip.pins) - set(node.chip.inputs)
            yield use.finding(f", which can only be read; allowed: {shown(node, able)}")


@rule(
    "pin-taken", ERROR, "a pin that the board itself needs", "a resistor, the radio or the flash is in the way: no true value"
)
def taken(node: Node) -> Iterator[Finding]:
    pins = node.board["pins"]
    for use in uses(node):
        pin = chips(node, use.pin)
        why = pins.get("taken", {}).get(str(use.pin)) or pins.get("taken", {}).get(str(pin))
        if pins["rail"] and pin == chips(node, _typed(pins["rail"])):
            why = "the switch of the sensors' supply"
        elif node["BATTERY"] and use.kind != "analogue pin" and pins["battery"] and pin == chips(node, _typed(pins["battery"])):
            why = "the battery's divider, which BATTERY asks for"
        if why and pin is not None:
            able = set(node.chip.pins) or set(pins.get("names", {}).values())
            yield use.finding(f": {why}; allowed: {shown(node, able - {pin})}")


@rule(
    "pin-care",
    WARNING,
    "a pin that decides how the chip starts, or that speaks at a start",
    "works, if the sensor leaves it alone at a reset",
)
def care(node: Node) -> Iterator[Finding]:
    for use in uses(node):
        why = node.board["pins"].get("care", {}).get(str(chips(node, use.pin)))
        # ADC 0 of an ESP8266 is no GPIO 0.
        if why and not (use.kind == "analogue pin" and node.chip.port == "esp8266"):
            yield use.finding(f": {why}; another pin is safer")


@rule(
    "pin-radio", ERROR, "an analogue pin that cannot be read while the radio is on, behind a supply that takes time",
    "the sensor fails in each wake that uploads",
)  # fmt: skip
def with_radio(node: Node) -> Iterator[Finding]:
    for use in uses(node):
        options = node["SENSORS"][use.sensor]
        # Without a wait it is read before the radio starts (src/node/measure.py).
        waits = "supply" in options or options.get("settle_ms")
        if use.kind == "analogue pin" and waits and chips(node, use.pin) in node.chip.shared:
            able = set(node.chip.adc) - set(node.chip.shared)
            text = f", whose converter the radio takes before supply and settle_ms are over; allowed: {shown(node, able)}"
            yield use.finding(text)


@rule(
    "pin-pull",
    WARNING,
    "a pin that has no pull-up of its own, asked for it",
    "counts nothing, or noise, without a resistor on the outside",
)
def pull(node: Node) -> Iterator[Finding]:
    for use in uses(node):
        pulled = node["SENSORS"][use.sensor].get("pull", "up") == "up"
        if use.kind == "input pin" and pulled and chips(node, use.pin) in node.chip.inputs:
            yield use.finding(', which has no pull-up inside: a resistor to 3.3 V, and "pull": "none"')


@rule("i2c-bus", ERROR, "an I2C bus that the chip does not have, or not on these pins", _FAILS)
def bus(node: Node) -> Iterator[Finding]:
    for sensor, options in node["SENSORS"].items():
        if not options.get("i2c"):
            continue
        number, scl, sda = options["i2c"]
        allowed = _bus(node, number, chips(node, scl), chips(node, sda))
        if allowed:
            yield Finding("SENSORS", f"has i2c {options['i2c']!r}; allowed: {allowed}", sensor)


def _bus(node: Node, number: Any, scl: Any, sda: Any) -> str | None:
    """What would be right, None when it is (ports/*/machine_i2c.c)."""
    port = node.chip.port
    if port == "stm32":
        return None if number in ("X", "Y") else '("X", None, None) or ("Y", None, None)'
    if port == "esp8266":
        return None if scl is not None and sda is not None else "(None, scl, sda) with two pins"
    most = int(node.chip.shims["i2c"]) if port == "esp32" else 2
    whole = type(number) is int and 0 <= number < most
    if not whole or scl is None or sda is None:
        return f"({' or '.join(map(str, range(most)))}, scl, sda) with two pins"
    if port == "rp2" and not (scl % 2 == 1 and sda % 2 == 0 and scl >> 1 & 1 == sda >> 1 & 1 == number):
        lines = [[pin for pin in node.chip.pins if pin % 4 == 2 * number + of] for of in (1, 0)]
        return f"bus {number} has SCL on {', '.join(map(str, lines[0]))} and SDA on {', '.join(map(str, lines[1]))}"
    return None


def _typed(pin: str) -> Any:
    """A pin of board.toml, where all are text, as config.py has it."""
    return int(pin) if pin.isdigit() else pin
