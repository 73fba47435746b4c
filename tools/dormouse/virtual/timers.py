"""The board's timers: when each is due. The callbacks are the board's own."""

from __future__ import annotations


class Timers:
    """Timers by their key on the pipe to the board. Times in milliseconds of the host's clock."""

    def __init__(self) -> None:
        self._due: dict[int, tuple[int, int | None]] = {}  # when, and the period of one that comes again

    def set(self, key: int, due: int, period: int | None) -> None:
        """Set a timer, or set it anew. period: None for one shot."""
        self._due[key] = due, period

    def stop(self, key: int) -> None:
        """Stop a timer, if there is one."""
        self._due.pop(key, None)

    def clear(self) -> None:
        """Stop all."""
        self._due.clear()

    def next_due(self) -> int | None:
        """When the next one is due; None: never."""
        return min((due for due, _ in self._due.values()), default=None)

    def due(self, now: int) -> bytes:
        """The keys of those that are due, which is their turn."""
        keys = bytes(key for key, (due, _) in self._due.items() if due <= now)
        for key in keys:
            due, period = self._due[key]
            if period is None:
                del self._due[key]
            else:
                self._due[key] = max(due + period, now), period
        return keys
