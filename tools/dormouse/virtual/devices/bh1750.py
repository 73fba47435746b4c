"""ROHM BH1750FVI at command level.

Source: ROHM, BH1750FVI Technical Note, 2009.04 Rev. B. Where it says nothing, the model takes the harsher answer, and the
comment says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dormouse.virtual.devices import Nack
from dormouse.virtual.devices.i2c_part import I2CPart
from dormouse.virtual.devices.scene import Scene

H_MS, L_MS = 180.0, 24.0  # page 2, the longest, with the default MTreg
_DEFAULT = 69  # "adjust measurement result"
_MODES = {
    0x10: (1, H_MS),
    0x11: (2, H_MS),
    0x13: (1, L_MS),
    0x20: (1, H_MS),
    0x21: (2, H_MS),
    0x23: (1, L_MS),
}  # instruction set


class BH1750(I2CPart):
    """One BH1750FVI.

    now_ms: the virtual board's monotonic milliseconds. scene: gives illuminance_lx; its failure "bh1750" is "nack" (not there),
    "busy" (never done measuring) or "stuck" (SDA held low: every bit reads 0). address: 0x23 or 0x5C.
    """

    addresses = (0x23, 0x5C)  # page 10: ADDR low, high

    def __init__(self, now_ms: Callable[[], float], scene: Scene, address: int = 0x23) -> None:
        super().__init__(now_ms, scene, address)

    def power_up(self) -> None:
        """It is powered down, its data 0."""
        self.awake = False
        self._mtreg = _DEFAULT
        self._counts = 0
        self._mode = 0

    def take(self, data: bytes) -> None:
        """Take a command: one byte, no more without a stop (page 10)."""
        self._finish()
        command = data[0]
        if command in (0, 1):
            self.awake = command == 1
            self._mode = 0
        elif command == 7:
            if self.awake:  # instruction set: not acceptable when powered down
                self._counts = 0
        elif command in _MODES:
            self.awake = True  # "power on" may be left out
            self._measure(command)
        elif command & 0xF8 == 0x40 or command & 0xE0 == 0x60:
            if self.awake:  # powered down: not mentioned
                high = command & 0xF8 == 0x40
                self._mtreg = self._mtreg & 31 | (command & 7) << 5 if high else self._mtreg & 0xE0 | command & 31
        else:
            raise Nack(0)  # not mentioned
        if len(data) > 1:
            raise Nack(1)

    def give(self, n: int) -> bytes:
        """Give the data register: the last measurement that was finished, whenever that was."""
        self._finish()
        return (self._counts.to_bytes(2, "big") + b"\xff" * n)[:n]

    def _measure(self, mode: int) -> None:
        self._mode = mode
        times, ms = _MODES[mode]
        mtreg = min(254, max(31, self._mtreg))  # "adjust measurement result"
        self._done_ms = self.now_ms() + ms * mtreg / _DEFAULT
        self._coming = min(0xFFFF, round(self.scene.value("illuminance_lx") * 1.2 * times * mtreg / _DEFAULT))

    def _finish(self) -> None:
        if not self._mode or self.now_ms() < self._done_ms or self.fails("busy"):
            return
        self._counts = self._coming
        if self._mode & 0x20:
            self._mode = 0
            self.awake = False  # one time
        else:
            self._measure(self._mode)


def make(now_ms: Callable[[], float], scene: Scene, options: Mapping[str, Any]) -> BH1750:
    """The part that a sensor's entry in config.py describes."""
    return BH1750(now_ms, scene, options.get("address", 0x23))
