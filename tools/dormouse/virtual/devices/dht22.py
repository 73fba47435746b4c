"""Aosong AM2302 (DHT22) at the level of pulses and 40 bits.

Source: Aosong, Temperature and humidity module AM2302, product manual. Where it says nothing, or only what not to do, the model
takes the harsher answer, and the comment says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dormouse.virtual.devices import PulsedDevice
from dormouse.virtual.devices.scene import Scene

START_MS = (0.8, 20.0)  # single bus signal characteristics, host's start signal
INTERVAL_MS = 2000.0  # of power-up, and of two readings (reading step example; communication timing, note)


def answer_of(celsius: float, percent: float) -> bytes:
    """The 40 bits: humidity and temperature in tenths, the highest bit of which is its sign, and the sum of the four bytes."""
    humidity = round(10 * min(99.9, max(0.0, percent)))
    tenths = round(10 * min(80.0, max(-40.0, celsius)))
    temperature = abs(tenths) | (0x8000 if tenths < 0 else 0)
    data = humidity.to_bytes(2, "big") + temperature.to_bytes(2, "big")
    return data + bytes([sum(data) & 0xFF])


class DHT22(PulsedDevice):
    """One DHT22.

    now_ms: the virtual board's monotonic milliseconds. scene: gives temperature_c and humidity_pct; its failure "dht22" is
    "nack", "open" or "busy" (does not answer), "crc" (wrong checksum) or "stuck" (holds the line low). pin: as config.py names
    it. switched: its supply comes and goes with the board's rail; else it always has one.
    """

    def __init__(self, now_ms: Callable[[], float], scene: Scene, pin: int | str, *, switched: bool = False) -> None:
        self.pin = str(pin)
        self._switched = switched
        self._now_ms = now_ms
        self._scene = scene
        self._powered = False
        self._turn_on()

    def power(self, on: bool) -> None:
        """Switch the supply. Switched on, the part measures, and must not be asked for INTERVAL_MS."""
        if not self._switched:
            return
        if on and not self._powered:
            self._turn_on()
        self._powered = on

    def pulse(self, low_ms: float) -> bytes | None:
        failure = self._scene.failure("dht22")
        if not self._powered or failure in ("nack", "open", "busy", "stuck") or not START_MS[0] <= low_ms <= START_MS[1]:
            return None
        early = self._now_ms() < self._ready_ms
        self._ready_ms = self._now_ms() + INTERVAL_MS
        if early:
            return None  # not to be done; the harsher: no answer, and the time begins anew
        answer, self._kept = self._kept, self._measured()
        return answer[:4] + bytes([answer[4] ^ 1]) if failure == "crc" else answer

    def holds(self) -> bool:
        return self._powered and self._scene.failure("dht22") == "stuck"

    def _turn_on(self) -> None:
        self._powered = True
        self._ready_ms = self._now_ms() + INTERVAL_MS
        self._kept = self._measured()

    def _measured(self) -> bytes:
        return answer_of(self._scene.value("temperature_c"), self._scene.value("humidity_pct"))


def make(now_ms: Callable[[], float], scene: Scene, options: Mapping[str, Any]) -> DHT22:
    """The part that a sensor's entry in config.py describes."""
    return DHT22(now_ms, scene, options.get("pin", ""), switched=bool(options.get("switched") or "supply" in options))
