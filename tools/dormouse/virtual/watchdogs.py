"""What resets a life that is stuck: machine.WDT, and the watchdogs that some firmware always has on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .board import VirtualBoard


class Watchdogs:
    """The watchdogs of one life. board: whose WDT outlives a life as the port's does. host_ms: the clock."""

    def __init__(self, board: VirtualBoard, host_ms: Callable[[], int]) -> None:
        self._board = board
        self._host_ms = host_ms
        self._fed: int | None = None  # when machine.WDT bites
        self._stuck: int | None = None
        self._irq: int | None = None
        self.interrupts = True  # switched on: without them no timer comes

    def feed(self) -> None:
        """The program feeds machine.WDT, or the life begins with one armed."""
        if self._board.watchdog_ms is not None:
            self._fed = self._host_ms() + self._board.watchdog_ms

    def arm(self, timeout_ms: int) -> None:
        """The program makes a machine.WDT, or another."""
        self._board.watchdog_ms = timeout_ms
        self.feed()

    def stop(self) -> None:
        """The program stops machine.WDT, where its register can be reached."""
        self._board.watchdog_ms = self._fed = None

    def stuck(self) -> None:
        """The firmware is stuck in a call."""
        if self._board.model.stuck_ms is not None:
            self._stuck = self._host_ms() + self._board.model.stuck_ms // self._board.speed

    def switch(self, on: bool) -> None:
        """The program switches the interrupts."""
        limit_ms = self._board.model.irq_off_ms
        self.interrupts = on
        self._irq = None if on or limit_ms is None else self._host_ms() + limit_ms // self._board.speed

    def next_due(self) -> int | None:
        """When the first of them bites, None when none does."""
        return min((due for due in (self._fed, self._stuck, self._irq) if due is not None), default=None)
