"""Sensirion SHT4x at register level.

Source: Sensirion, Datasheet SHT4x, version 7.3 (June 2026). Where it says nothing, the model takes the harsher answer, and the
comment says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dormouse.virtual.devices import I2CDevice, Nack
from dormouse.virtual.devices.scene import Scene

ADDRESSES = (0x44, 0x45, 0x46)  # product table: ordering codes A, B, C
POWER_UP_MS = 1.0  # table 5, t_PU
RESET_MS = 1.0  # table 5, t_SR
MEASURE_MS = {0xFD: 8.3, 0xF6: 4.5, 0xE0: 1.6}  # table 8, and table 5's maxima
# Table 8: 200, 110, 20 mW for 1 s, then for 0.1 s, at most 10 % longer; then a measurement of high precision.
_HEATER_MS = {0x39: 1100, 0x2F: 1100, 0x1E: 1100, 0x32: 110, 0x24: 110, 0x15: 110}
_SERIAL = 0x89
_RESET = 0x94
# Remainders of the four-bit numbers divided by the polynomial: on purpose another way to the CRC than the driver's.
_REMAINDERS = (0x00, 0x31, 0x62, 0x53, 0xC4, 0xF5, 0xA6, 0x97, 0xB9, 0x88, 0xDB, 0xEA, 0x7D, 0x4C, 0x1F, 0x2E)


def crc8(data: bytes) -> int:
    """Return the CRC of a word: polynomial 0x31, initial value 0xff (table 7: 0xBEEF gives 0x92)."""
    crc = 0xFF
    for byte in data:
        for nibble in (byte >> 4, byte & 15):
            crc = (crc << 4) & 0xFF ^ _REMAINDERS[crc >> 4 ^ nibble]
    return crc


class SHT4x(I2CDevice):
    """One SHT4x.

    now_ms: the virtual board's monotonic milliseconds. scene: gives temperature_c and humidity_pct; its failure "sht4x" is
    "nack" (not there), "crc" (first CRC wrong), "busy" (never done converting) or "stuck" (SDA held low: every bit reads 0).
    address: 0x44 to 0x46. serial: 32 bits.
    """

    def __init__(self, now_ms: Callable[[], float], scene: Scene, address: int = 0x44, serial: int = 0x0D0A0001) -> None:
        if address not in ADDRESSES:
            raise ValueError(f"SHT4x address {address:#x}: 0x44 to 0x46")
        self.address = address
        self.serial = serial
        self._now_ms = now_ms
        self._scene = scene
        self._powered = False
        self.power(True)

    def power(self, on: bool) -> None:
        """Switch the supply; switched on, the part answers after POWER_UP_MS."""
        if on and not self._powered:
            self._begin(POWER_UP_MS, b"", abortable=False)
        self._powered = on

    def write(self, data: bytes) -> None:
        """Take a command: the first byte, all that a command has."""
        self._present()
        if self._stuck() or not data:
            return
        command = data[0]
        # The datasheet says that a busy part does not acknowledge a read (4.1) and that a reset aborts everything (4.8); other
        # writes to a busy part it does not mention.
        if self._now_ms() < self._ready_ms and not (command == _RESET and self._abortable):
            raise Nack
        if command == _RESET:
            self._begin(RESET_MS, b"")
        elif command == _SERIAL:
            self._begin(0, _words(self.serial >> 16, self.serial & 0xFFFF))
        elif command in MEASURE_MS:
            self._measure(MEASURE_MS[command])
        elif command in _HEATER_MS:
            self._measure(_HEATER_MS[command] + MEASURE_MS[0xFD])
        else:
            raise Nack  # not mentioned

    def read(self, n: int) -> bytes:
        """Give the answer of the last command once; it is deleted by the first read that is acknowledged (4.1)."""
        self._present()
        if self._stuck():
            return bytes(n)
        busy = self._now_ms() < self._ready_ms or self._scene.failure("sht4x") == "busy"
        if busy or not self._answer:
            raise Nack
        answer, self._answer = self._answer, b""
        if self._scene.failure("sht4x") == "crc":
            answer = answer[:2] + bytes([answer[2] ^ 1]) + answer[3:]
        return answer[:n] + b"\xff" * (n - len(answer))  # past its end nobody pulls the line down

    def _present(self) -> None:
        if not self._powered or self._scene.failure("sht4x") == "nack":
            raise Nack

    def _stuck(self) -> bool:
        return self._scene.failure("sht4x") == "stuck"

    def _begin(self, ms: float, answer: bytes, *, abortable: bool = True) -> None:
        self._ready_ms = self._now_ms() + ms
        self._answer = answer
        self._abortable = abortable

    def _measure(self, ms: float) -> None:
        self._begin(
            ms,
            _words(
                _ticks(self._scene.value("temperature_c"), -45, 175),  # 4.6, formulae 2 and 1 the other way round
                _ticks(self._scene.value("humidity_pct"), -6, 125),
            ),
        )


def make(now_ms: Callable[[], float], scene: Scene, options: Mapping[str, Any]) -> SHT4x:
    """The part that a sensor's entry in config.py describes."""
    return SHT4x(now_ms, scene, options.get("address", 0x44))


def _ticks(value: float, low: float, span: float) -> int:
    return min(0xFFFF, max(0, round((value - low) * 65535 / span)))


def _words(*words: int) -> bytes:
    return b"".join(word.to_bytes(2, "big") + bytes([crc8(word.to_bytes(2, "big"))]) for word in words)
