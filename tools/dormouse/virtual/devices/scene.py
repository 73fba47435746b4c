"""What is to be measured around the virtual board: smooth values that repeat for the same seed and time, and failures."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from typing import Any

_DAY_S = 86400.0
_FULL_MV = 4100.0  # a LiPo cell some hours off the charger
_EMPTY_MV = 3000.0
_FALL_MV_PER_DAY = 3.0  # made up: 1.1 V in a year
NAMES = (
    "temperature_c", "humidity_pct", "light_mv", "battery_mv", "pressure_hpa", "illuminance_lx", "co2_ppm", "soil_pct",
    "ground_c", "chip_c", "supply_v", "current_ma", "signal_v", "pulse_hz",
)  # fmt: skip
FAILURES = {  # of a part or of a value; what each looks like on the wire is the part's business
    "nack": "does not answer",
    "crc": "answers with a wrong checksum",
    "busy": "never finishes converting",
    "stuck": "holds the data line low",
    "clock": "holds the clock line low",
    "open": "is not connected",
}


class Scene:
    """The physical values.

    now_s: seconds of the virtual clock, any epoch. seed: another one gives another place: warmer, damper, darker.
    born_s: when the battery was full; None: now.
    """

    def __init__(self, now_s: Callable[[], float], seed: int | None = None, *, born_s: float | None = None) -> None:
        self._now_s = now_s
        self.born_s = now_s() if born_s is None else born_s
        dice = random.Random(seed or 0)
        self._phases = [dice.uniform(0, 2 * math.pi) for _ in range(4)]
        self._warmth = dice.uniform(-4, 4)
        self._pinned: dict[str, float] = {}
        self._failures: dict[str, str] = {}

    def value(self, name: str) -> float:
        """Return a value of NAMES now, in the unit of its name. Raises KeyError."""
        if name in self._pinned:
            return self._pinned[name]
        now = self._now_s()
        sun = math.sin(2 * math.pi * (now / _DAY_S - 0.25))  # -1 at midnight, 1 at noon
        if name == "temperature_c":
            return 15 + self._warmth + 6 * math.sin(2 * math.pi * (now / _DAY_S - 0.33)) + self._wander(now, 0, 5400, 0.4)
        if name == "humidity_pct":
            return 60 - 2 * self._warmth - 15 * sun + self._wander(now, 1, 4000, 2.0)
        if name == "pressure_hpa":
            return 1008 + self._warmth + self._wander(now, 3, 200000, 12.0)
        if name == "illuminance_lx":
            return max(0.0, 40000 * sun) * (1 + self._wander(now, 2, 900, 0.08)) + 1
        if name == "co2_ppm":
            return 620 - 180 * sun + self._wander(now, 1, 3000, 60.0)
        if name == "soil_pct":
            return 45 + self._wander(now, 0, 400000, 25.0)
        if name == "ground_c":
            return 11 + self._warmth / 2 + 2 * math.sin(2 * math.pi * (now / _DAY_S - 0.45))
        if name == "chip_c":
            return self.value("temperature_c") + 8
        if name == "supply_v":
            return 5.02 + self._wander(now, 3, 5000, 0.1)
        if name == "current_ma":
            return 120 + self._wander(now, 2, 2500, 60.0)
        if name == "signal_v":
            return 1.6 + self._wander(now, 1, 4000, 1.2)
        if name == "pulse_hz":
            return 10 + self._wander(now, 0, 20000, 8.0)
        if name == "light_mv":
            return max(0.0, 1900 * sun) * (1 + self._wander(now, 2, 900, 0.08)) + 4
        if name == "battery_mv":
            fallen = _FALL_MV_PER_DAY * (now - self.born_s) / _DAY_S
            return max(_EMPTY_MV, _FULL_MV - fallen)
        raise KeyError(name)

    def set(self, name: str, value: float | None) -> None:
        """Pin a value of NAMES; None lets it go again. Raises KeyError."""
        if name not in NAMES:
            raise KeyError(name)
        if value is None:
            self._pinned.pop(name, None)
        else:
            self._pinned[name] = value

    def fail(self, part: str, how: str | None) -> None:
        """Make a part ("sht4x") or a value on a pin ("battery_mv") fail in a way of FAILURES; None repairs it."""
        if how is None:
            self._failures.pop(part, None)
        elif how in FAILURES:
            self._failures[part] = how
        else:
            raise ValueError(f"failure {how!r}: one of {', '.join(FAILURES)}")

    def failure(self, part: str) -> str | None:
        """Return how a part fails now, None: it works."""
        return self._failures.get(part)

    def adc_mv(self, board_model: Mapping[str, Any], pin: int | str, *, rail_on: bool = True) -> int:
        """Return the millivolts that the converter sees at an ADC pin.

        board_model: a board.toml, whose [adc] says what hangs on which pin behind which divider, where the converter ends, and
        what lives on the sensors' rail. rail_on: whether that is on. A pin that nothing hangs on reads 0, and so does one whose
        value has a failure.
        """
        wired = board_model["adc"].get(str(pin))
        if wired is None or self.failure(wired["from"]) or (wired["rail"] and not rail_on):
            return 0
        numerator, denominator = wired["ratio"]
        return round(min(wired["full_scale_mv"], max(0.0, self.value(wired["from"]) * denominator / numerator)))

    def _wander(self, now: float, which: int, period_s: float, size: float) -> float:
        # Two periods without a common multiple worth mentioning look irregular and stay smooth.
        angle = 2 * math.pi * now / period_s + self._phases[which]
        return size * (math.sin(angle) + math.sin(angle * 0.377 + self._phases[3])) / 2
