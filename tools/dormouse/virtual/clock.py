"""Time on the virtual board: true time, which jumps over sleeps, and the board's own clock, which drifts while it sleeps."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

SINCE_2000 = 946684800  # seconds from 1970 to 2000


def _host_ms() -> int:
    return time.monotonic_ns() // 1_000_000


@dataclass
class Clock:
    """True time in milliseconds since 1970, and the RTC as an offset to it.

    While the board is awake both run with the host's monotonic clock, whose milliseconds are also the board's ticks.
    """

    now_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    rtc_ms: int = 0  # the board's time since 2000
    uptime_ms: int = 0  # since the virtual board was made, sleeps included
    _from: int = field(default_factory=_host_ms)

    def tick(self) -> None:
        """Take in the host's time that has passed."""
        host = _host_ms()
        self._step(host - self._from)
        self._from = host

    def fine_ms(self) -> float:
        """uptime_ms with its fraction, taken anew."""
        self.tick()
        return self.uptime_ms + max(0.0, time.monotonic_ns() / 1_000_000 - self._from)

    def hold(self) -> None:
        """Forget the host's time that has passed: it was the supervisor's, not the board's."""
        self._from = _host_ms()

    def _step(self, ms: int, true_ms: int | None = None) -> None:
        true_ms = ms if true_ms is None else true_ms
        self.rtc_ms += ms
        self.now_ms += true_ms
        self.uptime_ms += true_ms

    def skip(self, ms: int, drift: float = 0.0) -> None:
        """A sleep of ms by the board's clock, whose error is drift: it lasts ms * (1 + drift) in truth."""
        self.hold()
        self._step(ms, round(ms * (1 + drift)))
