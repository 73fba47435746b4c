"""A profile and an I2C bus for drivers on CPython: the bus carries what they write to the virtual board's parts."""

from __future__ import annotations

import errno
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from dormouse.virtual.devices import I2CDevice, Nack


class Bus:
    """machine.I2C as far as drivers use it. OSError(ENODEV): no acknowledge.

    soft: as SoftI2C (dormouse.virtual.i2c has the sources): a command that is not acknowledged to its end is no error, and with
    dead set, SDA held low, everything is acknowledged and reads 0.
    """

    def __init__(self, *devices: I2CDevice, soft: bool = False) -> None:
        self.devices = {device.address: device for device in devices}
        self.soft = soft
        self.dead = False

    def writeto(self, address: int, data: bytes) -> int:
        if self.dead:
            return len(data)
        try:
            self._at(address).write(data)
        except Nack as nack:
            if self.soft and nack.args:
                return int(nack.args[0])
            raise OSError(errno.ENODEV, "no acknowledge") from None
        return len(data)

    def readfrom(self, address: int, n: int) -> bytes:
        if self.dead:
            return bytes(n)
        try:
            return self._at(address).read(n)
        except Nack:
            raise OSError(errno.ENODEV, "no acknowledge") from None

    def readfrom_mem(self, address: int, register: int, n: int) -> bytes:
        self.writeto(address, bytes((register,)))
        return self.readfrom(address, n)

    def writeto_mem(self, address: int, register: int, data: bytes) -> None:
        self.writeto(address, bytes((register,)) + data)

    def _at(self, address: int) -> I2CDevice:
        if address not in self.devices:
            raise Nack
        return self.devices[address]


class Clock:
    """Milliseconds that pass when told to."""

    def __init__(self) -> None:
        self.ms = 0.0

    def __call__(self) -> float:
        return self.ms


class Board:
    """A profile with an I2C bus."""

    def __init__(self, *devices: I2CDevice, soft: bool = False) -> None:
        self.bus = Bus(*devices, soft=soft)

    def i2c(self, options: dict[str, Any]) -> Bus:
        return self.bus


class Measured(NamedTuple):
    """What a driver came to. waits: the milliseconds that it asked for, one after the other. took_ms: all in all."""

    values: tuple[Any, ...]
    waits: list[int]
    took_ms: float


def measured(driver: ModuleType, board: Board, clock: Clock, options: dict[str, Any] | None = None) -> Measured:
    """As node.measure does it: while read() gives an int, again after so many milliseconds, 20 times at most; then off()."""
    begun = clock.ms
    ms, handle = driver.start(board, options or {})
    waits = []
    while isinstance(ms, int):
        waits.append(ms)
        if len(waits) > 20:
            raise TimeoutError("node.measure would give it up")
        clock.ms += ms
        ms = driver.read(handle)
    took_ms = clock.ms - begun
    if hasattr(driver, "off"):
        clock.ms += 1
        driver.off(board, handle)
    return Measured(ms, waits, took_ms)


def values_of(driver: ModuleType, board: Board, clock: Clock, options: dict[str, Any] | None = None) -> tuple[Any, ...]:
    """What it measures."""
    return measured(driver, board, clock, options).values


def errno_of(driver: ModuleType, board: Board, clock: Clock, options: dict[str, Any] | None = None) -> int | None:
    """The number of the OSError with which it fails."""
    with pytest.raises(OSError) as caught:
        measured(driver, board, clock, options)
    return caught.value.args[0]
