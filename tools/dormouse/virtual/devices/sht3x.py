"""Sensirion SHT3x-DIS at command level.

Source: Sensirion, Datasheet SHT3x-DIS, version 5 (May 2018). Where it says nothing, the model takes the harsher answer, and the
comment says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dormouse.virtual.devices import Nack
from dormouse.virtual.devices.scene import Scene
from dormouse.virtual.devices.sensirion import SensirionPart, ticks, words

POWER_UP_MS = 1.5  # 2.2, t_PU at 2.15 V
RESET_MS = 1.5  # 2.2, t_SR at 2.15 V
BREAK_MS = 1.0  # 4.8
COMMAND_MS = 1.0  # between two commands (4.3)
# Table 9, without and with clock stretching; the maxima of 2.2 at 2.15 V.
MEASURE_MS = {0x2400: 15.5, 0x240B: 6.5, 0x2416: 4.5, 0x2C06: 15.5, 0x2C0D: 6.5, 0x2C10: 4.5}
_PERIODIC = (  # table 10
    0x2032, 0x2024, 0x202F, 0x2130, 0x2126, 0x212D, 0x2236, 0x2220, 0x222B, 0x2334, 0x2322, 0x2329, 0x2737, 0x2721, 0x272A,
)  # fmt: skip
_FETCH, _BREAK, _RESET, _STATUS, _SERIAL = 0xE000, 0x3093, 0x30A2, 0xF32D, 0x3780
_OTHERS = (0x306D, 0x3066, 0x3041)  # heater on, heater off, clear status: they change nothing that is measured here


class SHT3x(SensirionPart):
    """One SHT3x.

    now_ms: the virtual board's monotonic milliseconds. scene: gives temperature_c and humidity_pct; its failure "sht3x" is
    "nack" (not there), "crc" (first CRC wrong), "busy" (never done converting) or "stuck" (SDA held low: every bit reads 0).
    address: 0x44 or 0x45. serial: 32 bits.
    """

    addresses = (0x44, 0x45)  # table 8

    def __init__(self, now_ms: Callable[[], float], scene: Scene, address: int = 0x44, serial: int = 0x0C0A0001) -> None:
        self.serial = serial
        super().__init__(now_ms, scene, address)

    def power_up(self) -> None:
        """It answers after POWER_UP_MS."""
        self.begin(POWER_UP_MS)
        self._periodic = False

    def take(self, data: bytes) -> None:
        """Take a command: two bytes, all that a command has. A busy part does not acknowledge (not mentioned: the harsher)."""
        if self.busy():
            raise Nack
        if len(data) != 2:
            raise Nack(1)
        command = int.from_bytes(data, "big")
        if self._periodic and command not in (_FETCH, _BREAK):
            raise Nack(1)  # github.com/libdriver/sht35, pull request 8: not even a reset; which byte is not mentioned
        if command == _BREAK:
            self._periodic = False
            self.begin(BREAK_MS)
        elif command == _RESET:
            self.begin(RESET_MS)
        elif command == _SERIAL:
            self.begin(COMMAND_MS, words(self.serial >> 16, self.serial & 0xFFFF))
        elif command == _STATUS:
            self.begin(COMMAND_MS, words(0x8010)[:3])  # table 18: the defaults
        elif command in MEASURE_MS:
            self.begin(MEASURE_MS[command], self._values())
        elif command == _FETCH and self._periodic:
            self.begin(0, self._values())
        elif command in _PERIODIC:
            self._periodic = True
            self.begin(MEASURE_MS[0x2400])
        elif command in _OTHERS:
            self.begin(COMMAND_MS)
        else:
            raise Nack(1)  # not mentioned

    def give(self, n: int) -> bytes:
        """Give the answer of the last command once (not mentioned: the harsher)."""
        # With clock stretching the part would hold the line instead; no driver here asks for that.
        if self.busy() or self.fails("busy") or not self._answer:
            raise Nack  # 4.4
        return self.once(n)

    def _values(self) -> bytes:
        return words(
            ticks(self.scene.value("temperature_c"), -45, 175),  # 4.13, the other way round
            ticks(self.scene.value("humidity_pct"), 0, 100),
        )


def make(now_ms: Callable[[], float], scene: Scene, options: Mapping[str, Any]) -> SHT3x:
    """The part that a sensor's entry in config.py describes."""
    return SHT3x(now_ms, scene, options.get("address", 0x44))
