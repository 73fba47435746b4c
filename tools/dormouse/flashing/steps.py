"""What `dormouse flash` shows: a line per step, and a bar on a terminal while it runs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

_POLL_S = 0.25
_QUARTERS = 4
_Found = TypeVar("_Found")
Set = Callable[[float], None]  # takes the part that is done, 0 to 1


class Steps:
    """Prints to standard output. console: where to instead."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, markup=False, soft_wrap=True)

    @property
    def watched(self) -> bool:
        """Whether somebody sits at a terminal, who can be asked to press a button."""
        return self._console.is_terminal

    def say(self, text: str) -> None:
        """One line."""
        self._console.print(text)

    @contextlib.contextmanager
    def bar(self, what: str) -> Iterator[Set]:
        """A step that takes a while; the function that it gives is told how much is done."""
        if not self._console.is_terminal:
            self.say(f"{what} ...")
            yield self._quarters()
            return
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as progress:
            task = progress.add_task(what, total=1.0)
            yield lambda done: progress.update(task, completed=done)
        self.say(f"{what}: done")

    def _quarters(self) -> Set:
        """A log is not a terminal: four lines are enough."""
        said = 0

        def tell(done: float) -> None:
            nonlocal said
            if int(done * _QUARTERS) > said:
                said = int(done * _QUARTERS)
                self.say(f"  {100 * said // _QUARTERS} %")

        return tell

    def wait_for(self, find: Callable[[], _Found | None], seconds: float, what: str) -> _Found | None:
        """Look until it is found.

        Arguments: find, looks once; seconds, how long to look; what, what the user is to do meanwhile, shown if it is
        not there at once.
        Returns what was found; None when the time is over.
        """
        found = find()
        if found is not None or seconds <= 0:
            return found
        self.say(what)
        until = time.monotonic() + seconds
        with self._console.status(f"waiting for it, {seconds:.0f} s at most; Ctrl-C ends it"):
            while found is None and time.monotonic() < until:
                time.sleep(_POLL_S)
                found = find()
        return found
