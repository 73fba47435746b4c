"""Wakes and sleep told apart in a measured current, and compared with the model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

from dormouse import energy
from dormouse.battery.samples import Blocks
from dormouse.battery.wakes import FAILED, QUIET, SILENT, UPLOAD, Cause, Kind
from dormouse.errors import DormouseError

POWER_UP = "power-up"
_WINDOW_MS = 8000.0  # awake after a power-up (src/node/outcome.py, _WINDOW_S)
# Awake is what takes a third of the processor's current; asleep what takes less than half of that, for a while: a board that
# waits in its wake has dips, one that sleeps has spikes.
_UP, _DOWN = 3.0, 6.0
_QUIET_MS = 100.0
_LEAST_MS = 50.0  # the shortest wake: none boots faster
_SETTLE_MS = 200.0  # after a wake, in which capacitors are charged
_SECOND_MS = 1000.0
_RADIO_MS = 5.0  # as long must the radio's current last to be believed
SLEEP_OFF = Cause("sleep, measured", 0.95, 1.05)


@dataclass(frozen=True)
class Seen:
    """One wake in the file. Times in ms from the file's beginning, charges in mC. kind: which of the model's is most like it.
    before_ms, before_mc: until the radio is on.
    """

    start_ms: float
    length_ms: float
    charge_mc: float
    before_ms: float
    before_mc: float
    kind: str = ""


@dataclass(frozen=True)
class Measured:
    """A file's wakes and sleep. sleep_ma: median of its seconds. interval_s: from one wake to the next, None with one wake."""

    wakes: tuple[Seen, ...]
    sleep_ma: float
    asleep_s: float
    interval_s: float | None
    length_s: float

    def of(self, kind: str) -> list[Seen]:
        """The wakes of a kind."""
        return [wake for wake in self.wakes if wake.kind == kind]

    def kinds(self, model: dict[str, Kind]) -> dict[str, Kind]:
        """The kinds that were seen, with their mean charge; each phase as the model has it."""
        found = {}
        for name in (UPLOAD, QUIET):
            seen = self.of(name)
            if seen:
                count = f"{len(seen)} wakes" if len(seen) > 1 else "one wake"
                charge = fmean(wake.charge_mc for wake in seen)
                found[name] = Kind(name, model[name].phases, model[name].sensors_mc, f"measured, {count}", charge)
        return found


def find(blocks: Blocks, currents: energy.Currents, model: dict[str, Kind], threshold_ma: float | None = None) -> Measured:
    """Tell wakes from sleep.

    Arguments: blocks, the current; currents, the board's; model, the kinds of wakes of its settings; threshold_ma, above it the
    node is awake (below half of it asleep), None: a third of the board's current without the radio.
    Raises DormouseError when there is no whole wake, or no sleep, in it.
    """
    up_ua = 1000 * (threshold_ma if threshold_ma is not None else currents.cpu_ma / _UP)
    spans, cut = _spans(blocks, up_ua, up_ua * _UP / _DOWN)
    asleep = _asleep(blocks, spans)
    if not asleep:
        raise DormouseError(
            f"the current is never below {up_ua * _UP / _DOWN / 1000:.2g} mA for long: no sleep can be told from a wake; "
            "if the board takes so much asleep, name the current above which it is awake: --threshold MA"
        )
    whole = [span for span in spans if span not in cut]
    if not whole:
        partly = "; the one in it has no beginning or no end" if cut else ""
        raise DormouseError(f"no whole wake, with more than {up_ua / 1000:.2g} mA between two sleeps{partly}: record longer")
    radio_ua = 1000 * math.sqrt(currents.cpu_ma * currents.radio_ma)
    seen = tuple(_named(_seen(blocks, span, radio_ua), currents, model) for span in whole)
    starts = [start * blocks.block_ms for start, _ in spans if start]
    gaps = [later - sooner for sooner, later in pairwise(starts)]
    return Measured(
        seen,
        median(asleep) / 1000,
        (len(blocks) - sum(end - start for start, end in spans)) * blocks.block_ms / 1000,
        median(gaps) / 1000 if gaps else None,
        len(blocks) * blocks.block_ms / 1000,
    )


def _spans(blocks: Blocks, up_ua: float, down_ua: float) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The wakes as (first block, block behind the last), and those of them that the file cuts off."""
    quiet, least = max(1, round(_QUIET_MS / blocks.block_ms)), _LEAST_MS / blocks.block_ms
    spans: list[tuple[int, int]] = []
    start, last = None, 0
    for at, ua in enumerate(blocks.ua):
        if start is None:
            if ua >= up_ua:
                start = last = at
        elif ua >= down_ua:
            last = at
        elif at - last >= quiet:
            if last + 1 - start >= least:
                spans.append((start, last + 1))
            start = None
    cut = []
    if start is not None:
        spans.append((start, len(blocks)))
        cut.append(spans[-1])
    if spans and spans[0][0] < 2:
        cut.append(spans[0])
    return spans, cut


def _asleep(blocks: Blocks, spans: Sequence[tuple[int, int]]) -> list[float]:
    """Mean currents of the seconds between the wakes, in uA; a sleep of less than two seconds as a whole."""
    settle, second = round(_SETTLE_MS / blocks.block_ms), max(1, round(_SECOND_MS / blocks.block_ms))
    found = []
    begin = 0
    for start, end in [*spans, (len(blocks), len(blocks))]:
        sleep = blocks.ua[begin + (settle if begin else 0) : max(begin, start - 1)]
        found += [fmean(sleep[at : at + second]) for at in range(0, len(sleep) - second + 1, second)]
        if settle < len(sleep) < second:
            found.append(fmean(sleep))
        begin = end
    return found


def _seen(blocks: Blocks, span: tuple[int, int], radio_ua: float) -> Seen:
    start, end = span
    ua, ms = blocks.ua[start:end], blocks.block_ms
    run = max(1, round(_RADIO_MS / ms))
    radio = next((at for at in range(len(ua) - run + 1) if fmean(ua[at : at + run]) >= radio_ua), len(ua))
    while radio < len(ua) and ua[radio] < radio_ua:
        radio += 1  # the rise itself, not the end of what is before it
    to_mc = ms / 1e6  # uA times ms
    return Seen(start * ms, len(ua) * ms, sum(ua) * to_mc, radio * ms, sum(ua[:radio]) * to_mc)


def _named(seen: Seen, currents: energy.Currents, model: dict[str, Kind]) -> Seen:
    """By charge and length on a scale of factors, whatever is nearest."""
    known = {name: (model[name].total_mc(currents), model[name].awake_ms) for name in (UPLOAD, QUIET, FAILED, SILENT)}
    charge, ms = known[UPLOAD]
    known[POWER_UP] = charge + currents.cpu_ma * _WINDOW_MS / 1000, ms + _WINDOW_MS

    def distance(name: str) -> float:
        return math.hypot(math.log(seen.charge_mc / known[name][0]), math.log(seen.length_ms / known[name][1]))

    return Seen(**{**vars(seen), "kind": min(known, key=distance)})
