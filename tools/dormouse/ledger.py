"""What each wake came to, judged from outside: by how it ended, and by the sequence numbers a subscriber has received."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Protocol

from dormouse.subscriber import Message

PUBLISHED = "published"  # everything measured so far has arrived
KEPT = "kept"  # measured; by UPLOAD_EVERY a later wake uploads
SLEPT_ON = "slept_on"  # only the middle of a sleep that is longer than the board's longest
NOT_PUBLISHED = "not_published"
NOT_ASLEEP = "not_asleep"  # it did not put itself to sleep
GOOD = (PUBLISHED, KEPT, SLEPT_ON)


class LikeWake(Protocol):
    """The parts of a virtual board's Wake that are judged."""

    ended: str
    by: str
    phases: list[tuple[str, int, int]]


class Ledger:
    """Follows a node's sequence numbers over a run.

    Arguments: readings, the topics of the readings, late ones too; every, UPLOAD_EVERY; new, whether the board starts with
    record 1; test_mode, whether a soft reset is its sleep.
    """

    def __init__(self, readings: Container[str], every: int, *, new: bool, test_mode: bool) -> None:
        self._readings, self._every, self._new = readings, every, new
        self._ends = ("deepsleep", "soft_reset") if test_mode else ("deepsleep",)
        self._seen: set[tuple[int, int]] = set()  # (boot, seq)
        self._last: tuple[int, int] | None = None  # the newest that has arrived
        self._since = 0  # records made after it

    def judge(self, wake: LikeWake) -> str:
        """What is to be expected of a wake that has just ended: PUBLISHED until settle() says otherwise, or final."""
        phases = {name for name, _, _ in wake.phases}
        if "measure" in phases:
            self._since += 1
        if wake.by != "node" or wake.ended not in self._ends:
            return NOT_ASLEEP
        if "measure" not in phases:
            # Without the mark of an orderly sleep it is main.py's last resort, after a mistake.
            return SLEPT_ON if "sleep" in phases else NOT_PUBLISHED
        return KEPT if "link" not in phases and not self._due() else PUBLISHED

    def arrived(self, messages: Iterable[Message]) -> bool:
        """Take note of messages; whether every record made so far is among those that have arrived."""
        for message in messages:
            reading = message.json() if message.topic in self._readings else {}
            boot, seq = reading.get("boot"), reading.get("seq")
            if isinstance(boot, int) and isinstance(seq, int):
                self._seen.add((boot, seq))
        return not self._missing()

    def settle(self, expected: str) -> str:
        """The outcome of a wake, once waiting for its messages is over."""
        if expected != PUBLISHED:
            return expected
        if self._missing():
            return NOT_PUBLISHED
        self._last, self._since = max(self._seen), 0
        return PUBLISHED

    def _due(self) -> bool:
        """Whether the newest record's number asks for an upload. Before the first arrival nobody knows the number."""
        if self._last is None:
            return self._new or self._since >= self._every
        return (self._last[1] + self._since - 1) % self._every == 0

    def _missing(self) -> bool:
        if self._last is None:
            return not self._seen or (self._new and max(self._seen)[1] != self._since)
        boot, seq = self._last
        return any((boot, seq + step) not in self._seen for step in range(1, self._since + 1))
