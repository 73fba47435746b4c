"""What esptool would print, taken instead of printed: this command has its own words."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from esp_pylib.logger import EspLog, EspLogBase, Verbosity


class Listener(EspLogBase):
    """esptool's logger. said: its warnings; told: called with the part that is written, 0 to 1."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.told: Callable[[float], None] | None = None

    def print(self, *args: Any, **kwargs: Any) -> None:
        """Its plain lines: not shown."""

    def err(self, *args: Any, suggestion: str | None = None) -> None:
        """An error is raised too: nothing is lost."""

    def warn(self, *args: Any, suggestion: str | None = None) -> None:  # noqa: ARG002
        """Kept for the one who asks why."""
        self.said.append(" ".join(map(str, args)))

    def note(self, *args: Any) -> None:
        """Not shown."""

    def hint(self, *args: Any) -> None:
        """Not shown."""

    def debug(self, *args: Any) -> None:
        """Not shown."""

    def set_verbosity(self, mode: int | str) -> None:
        """There is one."""

    def progress_bar(  # esptool's signature
        self,
        cur_iter: int,
        total_iters: int,
        prefix: str = "",  # noqa: ARG002
        suffix: str = "",  # noqa: ARG002
        bar_length: int = 30,  # noqa: ARG002
    ) -> None:
        """Passed on."""
        if self.told is not None and total_iters:
            self.told(cur_iter / total_iters)


@contextlib.contextmanager
def listening() -> Iterator[Listener]:
    """While this lasts esptool talks to the listener."""
    from esptool import loader  # puts its own logger there, if nobody did; and keeps it for one warning (reset.py, print_once)

    assert loader.ESPLoader
    before, listener = EspLog.instance, Listener()
    if before is not None:
        before.set_verbosity(Verbosity.SILENT)
    EspLog.instance = listener
    try:
        yield listener
    finally:
        EspLog.instance = before
        if before is not None:
            before.set_verbosity(Verbosity.NORMAL)


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """While this lasts esptool says nothing."""
    with listening():
        yield
