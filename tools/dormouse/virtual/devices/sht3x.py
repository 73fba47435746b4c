"""Sensirion SHT3x-DIS at command level.

Source: Sensirion, Datasheet SHT3x-DIS, version 5 (May 2018). Where it says nothing, the model takes the harsher answer, and the
comment says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dormouse.virtual.devices import I2CDevice, Nack
from dormouse.virtual.devices.scene import Scene
from dormouse.virtual.devices.sht4x import crc8

ADDRESSES = (0x44, 0x45)  # table 8
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


class SHT3x(I2CDevice):
    """One SHT3x.

    now_ms: the virtual board's monotonic milliseconds. scene: gives temperature_c and humidity_pct; its failure "sht3x" is
    "nack" (not there), "crc" (first CRC wrong), "busy" (never done converting) or "stuck" (SDA held low: every bit reads 0).
    address: 0x44 or 0x45. serial: 32 bits.
    """

    def __init__(self, now_ms: Callable[[], float], scene: Scene, address: int = 0x44, serial: int = 0x0C0A0001) -> None:
        if address not in ADDRESSES:
            raise ValueError(f"SHT3x address {address:#x}: 0x44 or 0x45")
        self.address = address
        self.serial = serial
        self._now_ms = now_ms
        self._scene = scene
        self._powered = False
        self.power(True)

    def power(self, on: bool) -> None:
        """Switch the supply; switched on, the part answers after POWER_UP_MS."""
        if on and not self._powered:
            self._begin(POWER_UP_MS, b"")
            self._periodic = False
        self._powered = on

    def write(self, data: bytes) -> None:
        """Take a command: two bytes, all that a command has. A busy part does not acknowledge (not mentioned: the harsher)."""
        self._present()
        if self._stuck() or not data:
            return
        if self._busy():
            raise Nack
        if len(data) != 2:
            raise Nack(1)
        command = int.from_bytes(data, "big")
        if self._periodic and command not in (_FETCH, _BREAK):
            raise Nack(1)  # github.com/libdriver/sht35, pull request 8: not even a reset; which byte is not mentioned
        if command == _BREAK:
            self._periodic = False
            self._begin(BREAK_MS, b"")
        elif command == _RESET:
            self._begin(RESET_MS, b"")
        elif command == _SERIAL:
            self._begin(COMMAND_MS, _words(self.serial >> 16, self.serial & 0xFFFF))
        elif command == _STATUS:
            self._begin(COMMAND_MS, _words(0x8010)[:3])  # table 18: the defaults
        elif command in MEASURE_MS:
            self._begin(MEASURE_MS[command], self._values())
        elif command == _FETCH and self._periodic:
            self._begin(0, self._values())
        elif command in _PERIODIC:
            self._periodic = True
            self._begin(MEASURE_MS[0x2400], b"")
        elif command in _OTHERS:
            self._begin(COMMAND_MS, b"")
        else:
            raise Nack(1)  # not mentioned

    def read(self, n: int) -> bytes:
        """Give the answer of the last command once (not mentioned: the harsher)."""
        self._present()
        if self._stuck():
            return bytes(n)
        # With clock stretching the part would hold the line instead; no driver here asks for that.
        if self._busy() or self._scene.failure("sht3x") == "busy" or not self._answer:
            raise Nack  # 4.4
        answer, self._answer = self._answer, b""
        if self._scene.failure("sht3x") == "crc":
            answer = answer[:2] + bytes([answer[2] ^ 1]) + answer[3:]
        return answer[:n] + b"\xff" * (n - len(answer))  # past its end nobody pulls the line down

    def _present(self) -> None:
        if not self._powered or self._scene.failure("sht3x") == "nack":
            raise Nack

    def _stuck(self) -> bool:
        return self._scene.failure("sht3x") == "stuck"

    def _busy(self) -> bool:
        return self._now_ms() < self._ready_ms

    def _begin(self, ms: float, answer: bytes) -> None:
        self._ready_ms = self._now_ms() + ms
        self._answer = answer

    def _values(self) -> bytes:
        return _words(
            _ticks(self._scene.value("temperature_c"), -45, 175),  # 4.13, the other way round
            _ticks(self._scene.value("humidity_pct"), 0, 100),
        )


def make(now_ms: Callable[[], float], scene: Scene, options: Mapping[str, Any]) -> SHT3x:
    """The part that a sensor's entry in config.py describes."""
    return SHT3x(now_ms, scene, options.get("address", 0x44))


def _ticks(value: float, low: float, span: float) -> int:
    return min(0xFFFF, max(0, round((value - low) * 65535 / span)))


def _words(*words: int) -> bytes:
    return b"".join(word.to_bytes(2, "big") + bytes([crc8(word.to_bytes(2, "big"))]) for word in words)
