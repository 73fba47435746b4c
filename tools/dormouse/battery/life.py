"""What a day takes from the battery, by what takes it, and how long the battery lasts: a model.

`months(settings, root)` is the short way; `of(...)` has everything that `dormouse battery` shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dormouse import energy
from dormouse.battery import cells, outage, wakes
from dormouse.battery.cells import Spread
from dormouse.battery.wakes import Assumed, Cause, Kind
from dormouse.settings import Settings
from dormouse.virtual import models

DAY_S = 86400.0
_MC_PER_MAH = 3600.0
_DAYS_PER_MONTH = energy.HOURS_PER_MONTH / 24
# A cell gives less than its label says, and less again when it has aged. Chosen.
CAPACITY = Cause("capacity", 1 / 0.85, 1.0)
_MEASURED = Cause("measurement", 0.95, 1.05)  # chosen: of a meter, and of a few wakes for all
# What takes the charge, in the order of the table; the phases of a wake that belong to it.
ORDER = (
    "asleep: board", "asleep: sensors", "asleep: divider", "boot", "program", "sensors", "Wi-Fi", "clock", "TLS", "MQTT",
    "failures", "pin", "no broker", "self-discharge",
)  # fmt: skip
_OF_PHASE = {
    "boot": "boot", "start": "program", "finish": "program", "sleep": "program", "window": "program", "measure": "sensors",
    "link": "Wi-Fi", "search": "Wi-Fi", "clock": "clock", "tls": "TLS", "mqtt": "MQTT",
}  # fmt: skip
# D1 mini: 220 kOhm and 100 kOhm behind its A0, in series with the one of board.toml (its comment there).
_ON_BOARD_OHM = {"d1_mini": 320e3}
_OHM = {"Ohm": 1.0, "kOhm": 1e3, "MOhm": 1e6}


@dataclass(frozen=True)
class Part:
    """A piece of a day's charge. name: of ORDER. mc: in a day, from the battery. causes: what it is uncertain by."""

    name: str
    mc: float
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True)
class Draw:
    """All that one thing takes in a day, in mC."""

    name: str
    mc: Spread


@dataclass(frozen=True)
class Life:
    """What `of` found. day_mc: a day's charge, self-discharge with it. months: None on mains. kinds: of wakes, by name."""

    settings: Settings
    assumed: Assumed
    currents: energy.Currents
    kinds: dict[str, Kind]
    draws: tuple[Draw, ...]
    day_mc: Spread
    months: Spread | None
    shelf: bool = False  # the shelf life is what ends it
    asleep_ma: float | None = None  # where it was measured
    told: tuple[str, ...] = field(default=())


def months(settings: Settings, root: Path) -> float:
    """How many months the battery of a node lasts, as a model has it that runs nothing; infinite on mains.

    Arguments: settings, as settings.load() gives them; root, the template. Raises DormouseError when board.toml or a driver
    lacks a number. The same number is the middle one of `dormouse battery`.
    """
    found = of(settings, root).months
    return math.inf if found is None else found.typical


def of(
    settings: Settings,
    root: Path,
    assumed: Assumed | None = None,
    kinds: Mapping[str, Kind] | None = None,
    deepsleep: tuple[float, Cause] | None = None,
) -> Life:
    """What a day takes and how long it goes on.

    Arguments: settings, root: as months(); assumed, what they do not say; kinds, wakes from a trace or a measurement in place
    of the model's, by name; deepsleep, a measured current in mA, in place of board.toml's and of all that draws in deep sleep.
    """
    assumed = assumed or Assumed()
    board = models.read(settings["BOARD"], root / "boards")
    currents = energy.read_currents(root, settings["BOARD"])
    all_kinds = {**wakes.model(root, settings, assumed), **(kinds or {})}
    sensors = wakes.sensing(root, settings)
    battery = settings["BATTERY"]
    kind, mah = (battery.get("type", "lipo"), battery.get("mah", 1000)) if battery else ("lipo", 0)
    cell = cells.CELLS[kind]
    parts = list(_asleep(board, currents, sensors.idle_ma, cell if battery else None, deepsleep))
    asleep_mc = sum(part.mc for part in parts)
    parts += _awake(board, currents, settings, all_kinds, assumed)
    if battery:
        parts = [Part(part.name, part.mc * cell.step_up, part.causes) for part in parts]
        lost = cell.loss_at(assumed.celsius)
        cause = Cause("self-discharge", lost.low / lost.typical, lost.high / lost.typical)
        parts.append(Part("self-discharge", mah * lost.typical * _MC_PER_MAH / _DAYS_PER_MONTH, (cause,)))
    draws = tuple(
        Draw(name, _spread([part for part in parts if part.name == name]))
        for name in ORDER
        if any(part.name == name and part.mc > 0 for part in parts)
    )
    day_mc = _spread(parts)
    life, shelf = None, False
    if battery:
        awake_mc = sum(part.mc for part in parts if part.name != "self-discharge") / cell.step_up - asleep_mc
        asleep = energy.Currents(asleep_mc / DAY_S, currents.cpu_ma, currents.radio_ma)
        every_s = settings["WAKE_EVERY_S"]
        typical = energy.life_months(
            asleep, awake_mc * every_s / DAY_S, every_s, kind, mah, cells.stages(root, battery), assumed.celsius
        )
        life = _months(typical, day_mc, cell)
        shelf = life.typical >= cell.shelf_months
    asleep_ma = deepsleep[0] if deepsleep else None
    return Life(settings, assumed, currents, all_kinds, draws, day_mc, life, shelf, asleep_ma, sensors.told)


def divider_ohm(board: Mapping[str, Any]) -> float | None:
    """What is between battery and GND to measure its voltage, in ohms; None where board.toml names nothing."""
    found = [value.split() for value in board["rails"]["divider"] if value]
    total = sum(float(number) * _OHM[unit] for number, unit in found) + _ON_BOARD_OHM.get(board["name"], 0.0)
    return total or None


def cause_of(board: Mapping[str, Any], name: str) -> Cause:
    """How far one of board.toml's currents may be off. name: "deepsleep", "cpu" or "radio"."""
    return Cause(f"current: {name}", *wakes.OFF[board["currents"][name]["kind"]])


def _asleep(
    board: Mapping[str, Any],
    currents: energy.Currents,
    idle_ma: float,
    cell: cells.Cell | None,
    deepsleep: tuple[float, Cause] | None,
) -> Iterable[Part]:
    if deepsleep:
        yield Part("asleep: board", deepsleep[0] * DAY_S, (deepsleep[1],))
        return
    yield Part("asleep: board", currents.deepsleep_ma * DAY_S, (cause_of(board, "deepsleep"),))
    yield Part("asleep: sensors", idle_ma * DAY_S, (Cause("sensors at rest", *wakes.OFF["datasheet"]),))
    ohm = divider_ohm(board) if cell else None
    if cell and ohm:
        # It hangs on the battery itself, before any converter.
        yield Part("asleep: divider", cell.volts / ohm * 1000 * DAY_S / cell.step_up)


def _awake(
    board: Mapping[str, Any],
    currents: energy.Currents,
    settings: Settings,
    kinds: Mapping[str, Kind],
    assumed: Assumed,
) -> Iterable[Part]:
    every_s = settings["WAKE_EVERY_S"]
    out_days = assumed.down_days / 30, assumed.silent_days / 30
    good = 1 - sum(out_days)
    wakes_a_day = DAY_S / every_s * good
    uploads = wakes_a_day / settings["UPLOAD_EVERY"]
    failed = uploads * assumed.failed_pct / 100

    def spent(kind: Kind, times: float, name: str | None = None) -> Iterable[Part]:
        uploading = any(phase.name == "link" for phase in kind.phases)
        pieces = kind.parts_mc(currents)
        # A wake measured as a whole: what of it belongs to which phase, only the model knows.
        scale = 1.0 if kind.charge_mc is None else kind.charge_mc / sum(charge for _, charge in pieces)
        for phase, (_, charge) in zip(kind.phases, pieces, strict=True):
            on = uploading and (phase.name in energy.WITH_RADIO or phase.name == "measure")
            causes = cause_of(board, "radio" if on else "cpu"), phase.cause
            if kind.charge_mc is not None:
                causes = (_MEASURED,)
            yield Part(name or _OF_PHASE.get(phase.name, "program"), charge * scale * times, causes)

    yield from spent(kinds[wakes.UPLOAD], uploads - failed)
    yield from spent(kinds[wakes.QUIET], wakes_a_day - uploads)
    yield from spent(kinds[wakes.FAILED], failed, "failures")
    if assumed.events_a_day:
        # One wake for the reading, which uploads, and one that looks whether the pin has moved again (src/node/pin.py).
        yield from spent(kinds[wakes.UPLOAD], assumed.events_a_day, "pin")
        yield from spent(kinds[wakes.LOOK], assumed.events_a_day, "pin")
    for days, kind in zip(out_days, (outage.refused(kinds[wakes.UPLOAD]), kinds[wakes.SILENT]), strict=True):
        if days:
            tries = outage.tries_a_day(kind.awake_ms / 1000, every_s, settings["UPLOAD_EVERY"]) * days
            yield from spent(kind, tries, "no broker")
            yield from spent(kinds[wakes.QUIET], tries * (settings["UPLOAD_EVERY"] - 1), "no broker")


def _spread(parts: Iterable[Part]) -> Spread:
    """The sum, and how far off it may be: causes are independent of each other, and one moves all that it touches."""
    total, less, more = 0.0, {}, {}
    for part in parts:
        total += part.mc
        for key, low, high in part.causes:
            less[key] = less.get(key, 0.0) + part.mc * (1 - low)
            more[key] = more.get(key, 0.0) + part.mc * (high - 1)
    return Spread(max(0.0, total - math.hypot(*less.values())), total, total + math.hypot(*more.values()))


def _months(typical: float, day_mc: Spread, cell: cells.Cell) -> Spread:
    more = math.hypot(day_mc.high / day_mc.typical - 1, CAPACITY.low - 1)
    less = min(0.9, 1 - day_mc.low / day_mc.typical)
    return Spread(typical / (1 + more), typical, min(cell.shelf_months, typical / (1 - less)))
