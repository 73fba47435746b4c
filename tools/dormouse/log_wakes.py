"""Lines of a serial port as wakes: where one ends and the next begins, and what it came to, as far as can be seen from here.

A native USB port tells it by vanishing. On an adapter's there is only what the chip's loader and the program print, and
silence. Pure: times are passed in, seconds since 1970.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dormouse import tracebacks
from dormouse.log_lines import Line, Lines

_DELIVERED = re.compile(r"delivered (\d+)$")
_FAILED = re.compile(r"upload failed: |sensor \S+ failed: ")
_UPLOAD = re.compile(r"delivered \d+$|upload failed: ")
_OURS = re.compile(r"delivered \d+$|upload failed: |sensor \S+ failed: ")
_SOFT = "MPY: soft reboot"
_APART_S = 2.0  # loader's lines that are further apart are two starts
_TAIL_S = 1.0  # silence after which a line without an end is taken as it is


@dataclass
class Wake:
    """One wake. number: from 1, as seen from here. began, ended: when. reset: what the chip's loader says of why.

    lines: the program's, as they came. port: whether the port's coming and going says how long it lasted.
    """

    number: int
    began: float
    ended: float
    port: bool = False
    reset: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def awake_s(self) -> float:
        """How long it was seen awake."""
        return max(0.0, self.ended - self.began)

    @property
    def delivered(self) -> int | None:
        """How many records the broker has taken, None when the wake does not say."""
        found = [int(it[1]) for line in self.lines if (it := _DELIVERED.match(line))]
        return sum(found) if found else None

    def failures(self) -> list[str]:
        """What went wrong: its own lines of it, and the last line of each traceback."""
        return [line for line in self.lines if _FAILED.match(line)] + [it[-1] for it in self.tracebacks()]

    def tracebacks(self) -> list[list[str]]:
        """The tracebacks in it, from their first line to the exception's."""
        return [block for is_one, block in self._blocks() if is_one]

    def others(self) -> list[str]:
        """What else it printed."""
        return [line for is_one, block in self._blocks() if not is_one for line in block if not _OURS.match(line)]

    def _blocks(self) -> list[tuple[bool, list[str]]]:
        blocks: list[tuple[bool, list[str]]] = []
        open_ = False
        for line in self.lines:
            if line == tracebacks.BEGIN:
                blocks.append((True, [line]))
                open_ = True
            elif open_:
                blocks[-1][1].append(line)
                open_ = tracebacks.is_frame(line)  # the first line that is no place names the exception
            else:
                blocks.append((False, [line]))
        return blocks


class Wakes:
    """Takes what happens at a port, gives wakes that are over.

    hold_s: silence after which a wake is over: longer than a node's longest wake.
    """

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self._lines = Lines()
        self._wake: Wake | None = None
        self._count = 0
        self._last = 0.0  # when something came
        self._loader = 0.0  # when its loader said something
        self._uploaded = False
        self._came: float | None = None  # when a port of the board's own came, until its first wake is over

    @property
    def open(self) -> Wake | None:
        """The wake that is not over."""
        return self._wake

    def came(self, at: float, native: bool) -> list[Wake]:
        """The port is there. native: it comes and goes with the board, as far as is known: an adapter may be in its place."""
        self._came = at if native else None
        self._last = at
        return self._end()

    def gone(self, at: float) -> list[Wake]:
        """The port is not there any more."""
        over = self.close(at)
        self._came = None
        return over

    def data(self, at: float, data: bytes) -> list[Wake]:
        """Bytes came."""
        over = self._take(at, self._lines.feed(data))
        self._last = at
        return over

    def idle(self, at: float) -> list[Wake]:
        """Nothing came for a while."""
        over = []
        if at - self._last > _TAIL_S:
            over = self._take(self._last, self._lines.rest())
        if self._wake is not None and at - self._last > self._hold_s:
            over += self._end()
        return over

    def close(self, at: float) -> list[Wake]:
        """Nobody listens any more: the wake so far."""
        over = self._take(self._last, self._lines.rest())
        if self._came is not None and self._wake is None:
            self._begin(at)
        if self._wake is not None and self._wake.port:
            self._wake.ended = at
        return over + self._end()

    def _take(self, at: float, lines: list[Line]) -> list[Wake]:
        over: list[Wake] = []
        for line in lines:
            if self._starts(at, line):
                over += self._end()
            wake = self._wake or self._begin(at)
            wake.ended = at  # not before the line is whole: its first bytes may be another wake's
            if line.kind == "text":
                wake.lines.append(line.text)
                self._uploaded = self._uploaded or bool(_UPLOAD.match(line.text))
            else:
                wake.reset = line.reset or wake.reset
                self._loader = at
        return over

    def _starts(self, at: float, line: Line) -> bool:
        """Whether a line is the first of another wake."""
        wake = self._wake
        if wake is None:
            return False
        if line.kind != "text":
            return bool(line.reset and wake.reset) or bool(wake.lines) or at - self._loader > _APART_S
        # In test mode nothing but the program says where one ends.
        return line.text == _SOFT or (self._uploaded and bool(_OURS.match(line.text)))

    def _begin(self, at: float) -> Wake:
        self._count += 1
        self._uploaded = False
        came, self._came = self._came, None
        # What is silent for longer than a wake has not begun it.
        own = came is not None and at - came <= self._hold_s
        self._wake = Wake(self._count, came if own and came is not None else at, at, own)
        return self._wake

    def _end(self) -> list[Wake]:
        wake, self._wake = self._wake, None
        return [wake] if wake else []
