"""Sensirion SCD41 at register level.

Source: Sensirion, Datasheet SCD4x, version 1.3 (September 2022). Where it says nothing, the model takes the harsher answer, and
the comment says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dormouse.virtual.devices import Nack
from dormouse.virtual.devices.scene import Scene
from dormouse.virtual.devices.sensirion import SensirionPart, crc8, ticks, words

POWER_UP_MS = 1000.0  # 3.1
WAKE_MS = 20.0  # table 31
COMMAND_MS = 1.0  # table 9, of the commands below that are not named otherwise
SHOT_MS = 5000.0  # table 28
_FIRST = 1.2  # of the CO2: the datasheet says only that the first measurement is to be discarded (3.10)
_SHOT, _POWER_DOWN, _WAKE_UP, _READ, _READY, _SERIAL = 0x219D, 0x36E0, 0x36F6, 0xEC05, 0xE4B8, 0x3682
_SET_ALTITUDE, _GET_ALTITUDE = 0x2427, 0x2322


class SCD41(SensirionPart):
    """One SCD41.

    now_ms: the virtual board's monotonic milliseconds. scene: gives co2_ppm, temperature_c and humidity_pct; its failure
    "scd41" is "nack" (not there), "crc" (first CRC wrong), "busy" (never done measuring) or "stuck" (SDA held low). serial: 48
    bits.
    """

    addresses = (0x62,)  # table 8

    def __init__(self, now_ms: Callable[[], float], scene: Scene, serial: int = 0xF896_9F07_3BBE) -> None:
        self.serial = serial
        super().__init__(now_ms, scene, self.addresses[0])

    def power_up(self) -> None:
        """It answers after POWER_UP_MS."""
        self.asleep = False
        self.altitude_m = 0  # of the EEPROM
        self.shots = 0  # since the power-up or the wake-up
        self._values = b""
        self.begin(POWER_UP_MS)

    def take(self, data: bytes) -> None:
        """Take a command and its word."""
        if self.asleep:
            if data[:2] == _WAKE_UP.to_bytes(2, "big"):
                self.asleep, self.shots = False, 0
                self.begin(WAKE_MS)
            raise Nack  # wake_up is not acknowledged either (3.10.4)
        self._idle()
        command = int.from_bytes(data[:2], "big")
        self.begin(COMMAND_MS)
        if command == _SHOT:
            self._values = self._measure()
            self.begin(SHOT_MS)
        elif command == _POWER_DOWN:
            self.asleep, self._values = True, b""  # whether it keeps them is not mentioned
        elif command == _READ:
            self._answer, self._values = self._values, b""
        elif command == _READY:
            self._answer = words(0x8006 if self._values else 0x8000)
        elif command == _SERIAL:
            self._answer = _serial(self.serial)
        elif command == _GET_ALTITUDE:
            self._answer = words(self.altitude_m)
        elif command == _SET_ALTITUDE and len(data) == 5 and crc8(data[2:4]) == data[4]:
            self.altitude_m = int.from_bytes(data[2:4], "big")
        else:
            raise Nack(2)  # not mentioned; wake_up without sleep among them

    def probe(self) -> None:
        """Asleep it does not answer."""
        if self.asleep:
            raise Nack
        self._idle()

    def give(self, n: int) -> bytes:
        """Give the answer to the last command once."""
        self._idle()
        if self.asleep or not self._answer:
            raise Nack  # 3.5.2: no data in the buffer
        return self.once(n)

    def _idle(self) -> None:
        # Commands must not be sent while another is being processed (3.3): a busy part acknowledges nothing.
        if self.busy() or (self._values and self.fails("busy")):
            raise Nack

    def _measure(self) -> bytes:
        self.shots += 1
        value = self.scene.value
        return words(
            round(min(40000.0, max(0.0, value("co2_ppm") * (_FIRST if self.shots == 1 else 1)))),
            ticks(value("temperature_c"), -45, 175),
            ticks(value("humidity_pct"), 0, 100),
        )


def make(now_ms: Callable[[], float], scene: Scene, _: Mapping[str, Any]) -> SCD41:
    """The part that a sensor's entry in config.py describes."""
    return SCD41(now_ms, scene)


def _serial(number: int) -> bytes:
    return words(number >> 32, number >> 16 & 0xFFFF, number & 0xFFFF)
