"""A measured current, streamed from a CSV file into a bounded number of blocks: Power Profilers export millions of lines.

Its export (NordicSemiconductor/pc-nrfconnect-ppk, src/actions/exportChartAction.ts): a line "Timestamp(ms),Current(uA)" with
"D0-D7" or "D0" to "D7" behind it, then a line per sample, 100 000 a second at most. Another meter's log does as well when its
header names time and current with their units: "time(s);current(mA)".
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import BinaryIO

from dormouse.errors import DormouseError, UsageError
from dormouse.project import shown

_TIME = re.compile(r"time\w*\W*\(?\s*(us|ms|s)\s*\)?$", re.IGNORECASE)
_CURRENT = re.compile(r"(?:current|i)\W*\(?\s*([nu\u00b5\u03bcm]?a)\s*\)?$", re.IGNORECASE)
_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
_UA = {"na": 1e-3, "ua": 1.0, "ma": 1e3, "a": 1e6}
_MOST = 1 << 20  # blocks: 4 MB
_FIRST_MS = 1.0
_GAP_MS = 1000.0
_TOLD = 1 << 16  # lines between two reports of progress


@dataclass
class Blocks:
    """Mean currents in microamperes, one for each block_ms milliseconds, without a gap."""

    block_ms: float
    ua: array[float] = field(default_factory=lambda: array("f"))
    samples: int = 0

    def __len__(self) -> int:
        return len(self.ua)

    def add(self, mean_ua: float) -> None:
        """One more block; when there are too many, two become one."""
        self.ua.append(mean_ua)
        if len(self.ua) >= _MOST:
            self.ua = array("f", [(one + two) / 2 for one, two in zip(self.ua[::2], self.ua[1::2])])
            self.block_ms *= 2


def read(path: Path, stepped: Callable[[int, int], None] | None = None) -> Blocks:
    """Read a file of measured current.

    Arguments: path, the CSV file; stepped, told how many bytes of how many are read.
    Raises UsageError for a file that is not there or has other columns, DormouseError for a broken line or a gap.
    """
    try:
        with path.open("rb") as file:
            return _read(path, file, stepped or (lambda _, __: None))
    except OSError as error:
        raise UsageError(f"cannot read {shown(path)}: {(error.strerror or str(error)).lower()}") from error


def _read(path: Path, file: BinaryIO, stepped: Callable[[int, int], None]) -> Blocks:
    size = path.stat().st_size
    head = file.readline(4096)
    time_at, current_at, to_ms, to_ua, comma = _columns(path, head)
    most = max(time_at, current_at) + 1
    blocks = Blocks(_FIRST_MS)
    number, done = 1, len(head)
    first = before = held = 0.0
    total = 0.0
    ends = 0.0
    for line in file:
        number += 1
        done += len(line)
        try:
            cells = line.split(comma, most)
            now, ua = float(cells[time_at]) * to_ms, float(cells[current_at]) * to_ua
        except (ValueError, IndexError) as error:
            if not line.strip():
                continue
            raise DormouseError(f"{shown(path)}:{number}: not a sample: {line[:60].decode('latin-1').strip()!r}") from error
        blocks.samples += 1
        if blocks.samples == 1:
            first = before = now
            ends = first + blocks.block_ms
        elif not 0 <= now - before <= _GAP_MS:
            if now < before:
                raise DormouseError(f"{shown(path)}:{number}: the time goes back, from {before:g} to {now:g} ms")
            seconds = f"{(before - first) / 1000:.1f} s to {(now - first) / 1000:.1f} s"
            raise DormouseError(f"{shown(path)}:{number}: no samples from {seconds}; export a part without a gap")
        # A sample counts until the next one.
        while now >= ends:
            total += held * (ends - before)
            if not isfinite(total):
                raise DormouseError(f"{shown(path)}:{number}: a current before this line is no number")
            blocks.add(total / blocks.block_ms)
            total, before = 0.0, ends
            ends += blocks.block_ms
        total += held * (now - before)
        before, held = now, ua
        if not blocks.samples % _TOLD:
            stepped(done, size)
    stepped(size, size)
    if len(blocks) < 2:
        raise DormouseError(f"{shown(path)}: less than two milliseconds of samples")
    return blocks


def _columns(path: Path, head: bytes) -> tuple[int, int, float, float, bytes]:
    text = head.decode("utf-8-sig", "replace").strip()
    comma = next((mark for mark in ",;\t" if mark in text), ",")
    names = [name.strip().strip('"') for name in text.split(comma)]
    times = [(at, _MS[found[1].lower()]) for at, name in enumerate(names) if (found := _TIME.match(name))]
    currents = [(at, _UA[_plain(found[1])]) for at, name in enumerate(names) if (found := _CURRENT.match(name))]
    if not times or not currents:
        raise UsageError(
            f"{shown(path)}: its first line is {text[:60]!r}; it must name a time and a current with their units, "
            "as Timestamp(ms),Current(uA): in the Power Profiler, Export with Timestamp and Current switched on"
        )
    return times[0][0], currents[0][0], times[0][1], currents[0][1], comma.encode()


def _plain(unit: str) -> str:
    return unit.lower().replace("\u00b5", "u").replace("\u03bc", "u")
