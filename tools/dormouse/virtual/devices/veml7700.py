"""Vishay VEML7700 at register level.

Sources: Vishay, Datasheet VEML7700 (84286), revision 1.8; Application Note "Designing the VEML7700 Into an Application"
(84323), "note" below. Where they say nothing, the model takes the harsher answer, and the comment says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dormouse.virtual.devices.i2c_part import I2CPart
from dormouse.virtual.devices.scene import Scene

START_MS = 2.5  # note: from the end of the shutdown to the first measurement
# Integrations until a value with new settings can be read. One, says the note; up to two, say those who tried: Zephyr's
# veml7700.c, Adafruit_VEML7700.cpp.
INTEGRATIONS = 2
LINEAR_LX = 1000  # note: above, a correction is needed
_GAINS = (1.0, 2.0, 0.125, 0.25)  # ALS_CONF, bits 12:11
_TIMES_MS = {0xC: 25, 0x8: 50, 0x0: 100, 0x1: 200, 0x2: 400, 0x3: 800}  # bits 9:6
_SAVING_MS = (500, 1000, 2000, 4000)  # power saving, bits 2:1: added to each measurement (note)
_CONF, _SAVING, _ALS, _WHITE, _ID = 0, 3, 4, 5, 7


def lux_a_count(gain: float, time_ms: float) -> float:
    """The resolution: 0.0042 lx with gain 2 and 800 ms, the rest in proportion (datasheet, revision 1.7 on)."""
    return 0.0042 * (2 / gain) * (800 / time_ms)


def corrected(lux: float) -> float:
    """What the note's polynomial makes of a reading above 1000 lx."""
    return 6.0135e-13 * lux**4 - 9.3924e-9 * lux**3 + 8.1488e-5 * lux**2 + 1.0023 * lux


def shown(lux: float) -> float:
    """What the part shows of an illuminance: the correction the other way round, found by halving.

    Between 1000 lx and what the polynomial makes of that, 1075 lx, nothing can be right: there it shows 1000 lx.
    """
    if lux <= corrected(LINEAR_LX):
        return min(lux, LINEAR_LX)
    low, high = float(LINEAR_LX), 140000.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if corrected(middle) < lux else (low, middle)
    return high


class VEML7700(I2CPart):
    """One VEML7700.

    now_ms: the virtual board's monotonic milliseconds. scene: gives illuminance_lx; its failure "veml7700" is "nack" (not
    there) or "stuck" (SDA held low: every bit reads 0).
    """

    addresses = (0x10,)

    def __init__(self, now_ms: Callable[[], float], scene: Scene) -> None:
        super().__init__(now_ms, scene, self.addresses[0])

    def power_up(self) -> None:
        """It is shut down."""
        self._registers = {_CONF: 1, 1: 0, 2: 0, _SAVING: 0, _ALS: 0, _WHITE: 0, 6: 0, _ID: 0xC481}
        self._pointer = 0
        self._due_ms: float | None = None

    @property
    def asleep(self) -> bool:
        """Whether it is shut down."""
        return bool(self._registers[_CONF] & 1)

    def take(self, data: bytes) -> None:
        """Set the command code; with two bytes more, the low one first, write it."""
        self._measure()
        self._pointer = data[0]
        if len(data) == 3 and data[0] <= _SAVING:
            before = self._registers[_CONF]
            self._registers[data[0]] = data[1] | data[2] << 8
            if data[0] == _CONF:
                self._configured(before)

    def give(self, n: int) -> bytes:
        """The register of the command code, the low byte first; nobody drives what comes after it."""
        self._measure()
        return (self._registers.get(self._pointer, 0).to_bytes(2, "little") + b"\xff" * n)[:n]

    def _settings(self) -> tuple[float, float, float]:
        # Gain, milliseconds, and what saving power adds to them. Unknown times: not mentioned, the longest.
        conf, saving = self._registers[_CONF], self._registers[_SAVING]
        return _GAINS[conf >> 11 & 3], _TIMES_MS.get(conf >> 6 & 15, 800), _SAVING_MS[saving >> 1 & 3] * (saving & 1)

    def _configured(self, before: int) -> None:
        if self.asleep:
            self._due_ms = None  # the last value stays readable (auto-memorization)
        elif before & 1 or self._due_ms is None:
            _, ms, more = self._settings()
            self._due_ms = self.now_ms() + START_MS + INTEGRATIONS * ms + more
        elif before != self._registers[_CONF]:
            # Changed while it measures: the old measurement goes on first (Adafruit_VEML7700, pull request 19).
            self._due_ms += INTEGRATIONS * self._settings()[1]

    def _measure(self) -> None:
        if self._due_ms is None or self.now_ms() < self._due_ms:
            return
        gain, ms, more = self._settings()
        counts = round(shown(self.scene.value("illuminance_lx")) / lux_a_count(gain, ms))
        self._registers[_ALS] = self._registers[_WHITE] = min(0xFFFF, max(0, counts))
        self._due_ms += ms + more


def make(now_ms: Callable[[], float], scene: Scene, _: Mapping[str, Any]) -> VEML7700:
    """The part that a sensor's entry in config.py describes."""
    return VEML7700(now_ms, scene)
