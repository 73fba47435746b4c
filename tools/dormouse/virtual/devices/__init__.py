"""Parts on the virtual board's buses and pins, modelled as a driver sees them: bytes on the wire, levels, time, failures.

A model is devices/DRIVER.py, named as its driver in sensors/, with make(now_ms, scene, options), which gives a Part: now_ms,
the virtual board's monotonic milliseconds (modelled: --speed makes them pass faster); scene, devices.scene.Scene; options, the
sensor's entry in config.py.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .scene import Scene


class Nack(Exception):
    """No acknowledge on the bus: nobody at this address, or a part that is busy. args[0], where there is one: so many bytes of
    what was written were acknowledged, and then no more.
    """


class Part:
    """Something with a supply: the board's, or where `supply` says so a pin at a level: ("5", 1)."""

    supply: tuple[str, int] | None = None

    def power(self, on: bool) -> None:
        """The part's supply is switched: off, it answers nothing and forgets everything."""
        raise NotImplementedError


class I2CDevice(Part):
    """One part on an I2C bus. Its 7-bit address is `address`, its wires are `bus`: (bus, SCL, SDA), None: the board's own."""

    address: int
    bus: tuple[Any, Any, Any] | None = None

    def driver(self) -> str:
        """Its driver's name, under which the scene knows its failures; "stuck" and "clock" are the bus's (virtual/i2c.py)."""
        return type(self).__module__.rpartition(".")[2]

    def write(self, data: bytes) -> None:
        """Take what the master writes, b"" for an address probe. Raises Nack."""
        raise NotImplementedError

    def read(self, n: int) -> bytes:
        """Give the master n bytes. Raises Nack."""
        raise NotImplementedError


class AnalogDevice(Part):
    """One part that drives an ADC pin. pin: its name as config.py gives it, text."""

    pin: str

    def mv(self) -> float:
        """The millivolts it drives now; 0 without supply."""
        raise NotImplementedError


class DigitalDevice(Part):
    """One part that moves an input pin. pin: its name as config.py gives it, text. Times: milliseconds of the board's ticks."""

    pin: str

    def next_edge(self, after_ms: float) -> tuple[float, int] | None:
        """The first edge after a time, and the level from then on; None: none comes as things are."""
        raise NotImplementedError

    def level(self, at_ms: float, otherwise: int) -> int:
        """The level at a time. otherwise: of the pin when the part does not drive it."""
        raise NotImplementedError


class OneWireDevice(Part):
    """One part on a 1-Wire bus, the wired AND of its parts. pin: its name as config.py gives it, text."""

    pin: str

    def reset(self) -> bool:
        """A reset pulse. Returns whether the part pulls the line low after it."""
        raise NotImplementedError

    def slot(self, bit: int) -> int:
        """A time slot: the master writes 0, or writes 1 and looks. Returns 0 when the part pulls the line low in it."""
        raise NotImplementedError


class PulsedDevice(Part):
    """One part that answers a low pulse on a wire of its own with 40 bits. pin: its name as config.py gives it, text."""

    pin: str

    def pulse(self, low_ms: float) -> bytes | None:
        """The master pulled the line low for so long and lets go. Returns the answer, None: there is none."""
        raise NotImplementedError

    def holds(self) -> bool:
        """Whether the part holds the line low."""
        raise NotImplementedError


_ONE: dict[str, dict[str, Any]] = {"air": {"driver": "sht4x"}}


def wired(config: bytes | None, now_ms: Callable[[], float], scene: Scene) -> list[Any]:
    """The parts that a config.py's SENSORS names, in its order; a driver without a model brings none. No file: an SHT4x."""
    parts = []
    for options in _sensors(config).values():
        name = f"{__name__}.{options.get('driver')}"
        if options.get("driver") not in ("scene", None) and importlib.util.find_spec(name):
            part = importlib.import_module(name).make(now_ms, scene, options)
            if isinstance(part, I2CDevice):
                part.bus = options.get("i2c")
            part.supply = _supply(options.get("supply"))
            parts.append(part)
    return parts


def _supply(option: Any) -> tuple[str, int] | None:
    if option is None:
        return None
    pin, level = option if isinstance(option, tuple) else (option, 1)
    return str(pin), level


def _sensors(config: bytes | None) -> dict[str, dict[str, Any]]:
    try:
        for node in ast.parse(config or b"").body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "SENSORS":
                return dict(ast.literal_eval(node.value))
    except (SyntaxError, ValueError, TypeError):
        pass  # a test of such a mistake
    return _ONE
