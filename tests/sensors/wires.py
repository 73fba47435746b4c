"""Firmware for the drivers of single wires on CPython: Pins, _onewire and machine's functions over the virtual board's parts.

The module onewire is the virtual board's own, and so is what a call does there (dormouse.virtual.onewire), but for the pipe.
"""

from __future__ import annotations

import importlib.util
import struct
import sys
import time
from types import ModuleType
from typing import Any

from wirekit import crc8, load

from dormouse.virtual import interpreter, onewire
from dormouse.virtual.wire import Refused

DHT_HIGH_MS = 250  # drivers/dht/dht.c


class Clock:
    """Milliseconds that pass when told to."""

    def __init__(self) -> None:
        self.ms = 0.0

    def __call__(self) -> float:
        return self.ms


class _Board:
    def __init__(self) -> None:
        self.devices: list[Any] = []
        self.model = self
        self.pins = {"X3": "A2"}
        self.onewire = "X3"
        self.errno: dict[str, int] = {}


class Life:
    """What a call knows of the board, and the firmware's modules."""

    def __init__(self, clock: Clock, *devices: Any) -> None:
        self.board = _Board()
        self.board.devices += devices
        self.clock = clock
        self.pins: dict[str, int] = {}
        self.machine = ModuleType("machine")
        self.machine.Pin = lambda pin: Pin(self, pin)  # type: ignore[attr-defined]
        self.machine.Pin.OPEN_DRAIN = Pin.OPEN_DRAIN  # type: ignore[attr-defined]
        self.machine.time_pulse_us = self._time_pulse_us  # type: ignore[attr-defined]
        self._onewire = ModuleType("_onewire")
        for name, what, value in (("reset", b"r", bool), ("readbit", b"b", int), ("readbyte", b"R", int)):
            call = lambda pin, what=what, value=value: value(self.wire(what, pin)[0])  # noqa: E731
            setattr(self._onewire, name, call)
        self._onewire.writebit = lambda pin, bit: self.wire(b"1" if bit else b"0", pin)  # type: ignore[attr-defined]
        self._onewire.writebyte = lambda pin, byte: self.wire(b"W" + bytes([byte]), pin)  # type: ignore[attr-defined]
        self._onewire.crc8 = crc8  # type: ignore[attr-defined]
        self.onewire = _shim("onewire", _onewire=self._onewire)

    def wire(self, what: bytes, pin: Pin) -> bytes:
        return onewire.one_wire(self, what + pin.name.encode())  # type: ignore[arg-type]

    def driver(self, name: str) -> Any:
        """The driver, with these modules."""
        dht = ModuleType("dht")
        dht.dht_readinto = self._readinto  # type: ignore[attr-defined]
        module = load(name, machine=self.machine, onewire=self.onewire, dht=dht)
        module.time = self
        return module

    # time

    def ticks_ms(self) -> int:
        return int(self.clock.ms)

    def ticks_diff(self, end: int, start: int) -> int:
        return end - start

    def sleep_us(self, us: int) -> None:
        time.sleep(us / 1e6)  # the pulse is measured

    # machine

    def _time_pulse_us(self, pin: Pin, level: int, _most_us: int) -> int:
        return int(struct.unpack("<q", onewire.pulse_us(self, bytes([level]) + pin.name.encode()))[0])  # type: ignore[arg-type]

    def _readinto(self, pin: Pin, data: bytearray) -> None:
        self.clock.ms += DHT_HIGH_MS
        try:
            data[:] = onewire.dht(self, pin.name.encode())  # type: ignore[arg-type]
        except Refused as refused:
            raise OSError(refused.args[0]) from None


class Pin:
    """machine.Pin as far as these drivers use it."""

    OPEN_DRAIN = 7
    PULL_UP = 2

    def __init__(self, life: Life, pin: int | str) -> None:
        self.life = life
        self.name = life.board.pins.get(str(pin), str(pin))

    def init(self, mode: int, pull: int | None = None, *, value: int = 0) -> None:
        self.value(value)

    def value(self, level: int) -> None:
        self.life.pins[self.name] = level
        onewire.level(self.life, self.name, level)  # type: ignore[arg-type]


def _shim(name: str, **modules: ModuleType) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, interpreter.SHIMS / "common" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    kept = {key: sys.modules.get(key) for key in modules}
    sys.modules.update(modules)
    try:
        spec.loader.exec_module(module)
    finally:
        for key, old in kept.items():
            if old is None:
                del sys.modules[key]
            else:
                sys.modules[key] = old
    return module
