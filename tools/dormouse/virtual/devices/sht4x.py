"""Sensirion SHT4x at register level.

Source: Sensirion, Datasheet SHT4x, version 7.3 (June 2026). Where it says nothing, the model takes the harsher answer, and the
comment says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dormouse.virtual.devices import Nack
from dormouse.virtual.devices.scene import Scene
from dormouse.virtual.devices.sensirion import SensirionPart, ticks, words

POWER_UP_MS = 1.0  # table 5, t_PU
RESET_MS = 1.0  # table 5, t_SR
MEASURE_MS = {0xFD: 8.3, 0xF6: 4.5, 0xE0: 1.6}  # table 8, and table 5's maxima
# Table 8: 200, 110, 20 mW for 1 s, then for 0.1 s, at most 10 % longer; then a measurement of high precision.
_HEATER_MS = {0x39: 1100, 0x2F: 1100, 0x1E: 1100, 0x32: 110, 0x24: 110, 0x15: 110}
_SERIAL = 0x89
_RESET = 0x94


class SHT4x(SensirionPart):
    """One SHT4x.

    now_ms: the virtual board's monotonic milliseconds. scene: gives temperature_c and humidity_pct; its failure "sht4x" is
    "nack" (not there), "crc" (first CRC wrong), "busy" (never done converting) or "stuck" (SDA held low: every bit reads 0).
    address: 0x44 to 0x46. serial: 32 bits.
    """

    addresses = (0x44, 0x45, 0x46)  # product table: ordering codes A, B, C

    def __init__(self, now_ms: Callable[[], float], scene: Scene, address: int = 0x44, serial: int = 0x0D0A0001) -> None:
        self.serial = serial
        super().__init__(now_ms, scene, address)

    def power_up(self) -> None:
        """It answers after POWER_UP_MS."""
        self.begin(POWER_UP_MS)
        self._abortable = False

    def take(self, data: bytes) -> None:
        """Take a command: the first byte, all that a command has."""
        command = data[0]
        # The datasheet says that a busy part does not acknowledge a read (4.1) and that a reset aborts everything (4.8); other
        # writes to a busy part it does not mention.
        if self.busy() and not (command == _RESET and self._abortable):
            raise Nack
        self._abortable = True
        if command == _RESET:
            self.begin(RESET_MS)
        elif command == _SERIAL:
            self.begin(0, words(self.serial >> 16, self.serial & 0xFFFF))
        elif command in MEASURE_MS:
            self._measure(MEASURE_MS[command])
        elif command in _HEATER_MS:
            self._measure(_HEATER_MS[command] + MEASURE_MS[0xFD])
        else:
            raise Nack  # not mentioned

    def give(self, n: int) -> bytes:
        """Give the answer of the last command once; it is deleted by the first read that is acknowledged (4.1)."""
        busy = self.busy() or self.fails("busy")
        if busy or not self._answer:
            raise Nack
        return self.once(n)

    def _measure(self, ms: float) -> None:
        self.begin(
            ms,
            words(
                ticks(self.scene.value("temperature_c"), -45, 175),  # 4.6, formulae 2 and 1 the other way round
                ticks(self.scene.value("humidity_pct"), -6, 125),
            ),
        )


def make(now_ms: Callable[[], float], scene: Scene, options: Mapping[str, Any]) -> SHT4x:
    """The part that a sensor's entry in config.py describes."""
    return SHT4x(now_ms, scene, options.get("address", 0x44))
