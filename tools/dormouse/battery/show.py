"""`dormouse battery` on the screen: tables with bars, the same lines plain where there is no terminal; and as JSON."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from dormouse import energy
from dormouse.battery.assumptions import MODEL
from dormouse.battery.assumptions import Row as Assumption
from dormouse.battery.life import Life
from dormouse.battery.measured import Measured
from dormouse.battery.wakes import QUIET, UPLOAD, Kind
from dormouse.battery.whatif import Row
from dormouse.battery.words import battery_text, months_text, title
from dormouse.report import duration

_WIDTH = 100
_BAR = 24
_MAH = 3600.0


def screen() -> Console:
    """Where it is printed. A narrow one may break the lines, not take the numbers away; one without a sign shows another."""
    if not (sys.stdout.encoding or "").lower().startswith("utf") and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(highlight=False, markup=False, soft_wrap=True, width=max(_WIDTH, Console().width))


def node(
    console: Console, name: str, found: Life, rows: Sequence[Row], assumed: Sequence[Assumption], sources: bool = False
) -> None:
    """One node: how long, where the charge goes, what if, what is taken for true (sources: and who says so)."""
    console.print(title(name, found), style="bold")
    lasts = "on mains: what a battery would have to give" if found.months is None else f"lasts about {months_text(found)}"
    console.print(lasts, style="bold green")
    console.print(MODEL, style="dim")
    for line in wanted(found):
        console.print(line, style="yellow")
    console.print()
    console.print(_draws(console, found))
    console.print(_what_ifs(console, found, rows))
    if sources:
        console.print(_assumed(assumed))
    else:
        values = ", ".join(
            f"{row.what} {row.value}"
            for row in assumed
            if row.what not in ("not in it", "careful", "supply", "the range", "regulator")
        )
        console.print(f"Taken for true: {values}. Who says so: --sources.", style="dim")
        for row in assumed:
            if row.what == "careful":
                console.print(f"{row.value}: {row.source}", style="yellow")


def fleet(console: Console, lives: Sequence[tuple[str, Life]]) -> None:
    """Several nodes, a line each, the shortest-lived first."""
    table = _table("node", "board", "battery", "wakes every", "mAh a day", "lasts", "most goes to", right=(4,), fold=True)
    for name, found in sorted(lives, key=lambda one: one[1].months.typical if one[1].months else 1e9):
        most = max(found.draws, key=lambda draw: draw.mc.typical)
        part = f"{most.name} ({most.mc.typical / found.day_mc.typical:.0%})"
        every = duration(found.settings["WAKE_EVERY_S"])
        short = "yellow" if wanted(found) else None
        cells = battery_text(found), every, f"{found.day_mc.typical / _MAH:.2f}", months_text(found), part
        table.add_row(name, found.settings["BOARD"], *cells, style=short)
    console.print(table)
    for name, found in lives:
        for line in wanted(found):
            console.print(f"{name}: {line}", style="yellow")
    console.print(MODEL, style="dim")


def compared(console: Console, seen: Measured, model: dict[str, Kind], currents: energy.Currents) -> None:
    """What was measured, beside the model."""
    table = _table("measured", "measured", "model", "ratio", right=(1, 2, 3))
    for what, measured, modelled, unit in comparison(seen, model, currents):
        table.add_row(
            what, f"{measured:.4g} {unit}", f"{modelled:.4g} {unit}", f"{measured / modelled:.2f}" if modelled else "-"
        )
    kinds = sorted({wake.kind for wake in seen.wakes})
    counts = ", ".join(f"{len(seen.of(kind))} ({kind})" for kind in kinds)
    every = f", one every {duration(seen.interval_s)}" if seen.interval_s else ""
    console.print(f"{duration(seen.length_s)} measured, {duration(seen.asleep_s)} of it asleep; whole wakes: {counts}{every}")
    console.print(table)


def comparison(seen: Measured, model: dict[str, Kind], currents: energy.Currents) -> list[tuple[str, float, float, str]]:
    """What can be compared: (what, measured, modelled, unit)."""
    found = [("asleep", seen.sleep_ma * 1000, currents.deepsleep_ma * 1000, "uA")]
    for name in (UPLOAD, QUIET):
        wakes = seen.of(name)
        if not wakes:
            continue
        count = len(wakes)
        ms, mc = sum(wake.length_ms for wake in wakes) / count, sum(wake.charge_mc for wake in wakes) / count
        found += [(name, ms, model[name].awake_ms, "ms"), (name, mc, model[name].total_mc(currents), "mC")]
        if name == UPLOAD:
            before_ms, before_mc = (sum(values) / count for values in zip(*((it.before_ms, it.before_mc) for it in wakes)))
            early = ("boot", "start")
            phases = {phase.name: phase.ms for phase in model[name].phases}
            parts = dict(model[name].parts_mc(currents))
            then_ms, then_mc = (sum(values[phase] for phase in early) for values in (phases, parts))
            found += [
                ("  before the radio", before_ms, then_ms, "ms"),
                ("  before the radio", before_mc, then_mc, "mC"),
                ("  with the radio", ms - before_ms, model[name].awake_ms - then_ms, "ms"),
                ("  with the radio", mc - before_mc, model[name].total_mc(currents) - then_mc, "mC"),
            ]
    return found


def wanted(found: Life) -> list[str]:
    """What is to be said of want_months and of the settings' limits."""
    battery, lines = found.settings["BATTERY"], []
    if battery and found.months and battery.get("want_months") and found.months.typical < battery["want_months"]:
        lines.append(f"Less than BATTERY's want_months, {battery['want_months']}: wake or upload less often.")
    return lines


def plain(name: str, found: Life, rows: Sequence[Row], assumed: Sequence[Assumption]) -> dict[str, Any]:
    """One node for programs."""
    battery = found.settings["BATTERY"]
    return {
        "node": name,
        "is": "a model",
        "board": found.settings["BOARD"],
        "battery": {"type": battery.get("type", "lipo"), "mah": battery.get("mah", 1000)} if battery else None,
        **_life(found),
        "draws": {draw.name: _mah(draw.mc) for draw in found.draws},
        "wakes": {
            kind.name: {
                "awake_ms": round(kind.awake_ms, 1),
                "mc": round(kind.total_mc(found.currents), 2),
                "source": kind.source,
            }
            for kind in found.kinds.values()
        },
        "what_if": [{"name": row.name, **_life(row.life)} for row in rows],
        "assumptions": [row._asdict() for row in assumed],
    }


def _life(found: Life) -> dict[str, Any]:
    months = {name: round(value, 2) for name, value in found.months._asdict().items()} if found.months else None
    return {"months": months, "shelf_life_ends_it": found.shelf, "day_mah": _mah(found.day_mc)}


def _mah(spread: Any) -> dict[str, float]:
    return {name: round(value / _MAH, 4) for name, value in spread._asdict().items()}


def _draws(console: Console, found: Life) -> Table:
    table = _table("what takes the charge", "mAh a day", "range", "part", "", right=(1, 3))
    most = max((draw.mc.typical for draw in found.draws), default=1.0)
    for draw in found.draws:
        mah, low, high = draw.mc.typical / _MAH, draw.mc.low / _MAH, draw.mc.high / _MAH
        part = f"{draw.mc.typical / found.day_mc.typical:.0%}"
        table.add_row(draw.name, f"{mah:.3f}", f"{low:.3f} to {high:.3f}", part, _bar(console, draw.mc.typical / most))
    day = found.day_mc
    sums = f"{day.typical / _MAH:.3f}", f"{day.low / _MAH:.3f} to {day.high / _MAH:.3f}", "100%"
    table.add_row("a day", *sums, "", style="bold")
    return table


def _what_ifs(console: Console, found: Life, rows: Sequence[Row]) -> Table:
    table = _table("what if", "lasts", "mAh a day", "", right=(2,))
    every = [Row("as it is", found), *rows]
    lasts = [row.life.months.typical if row.life.months else 0.0 for row in every]
    if not all(lasts):
        lasts = [1 / row.life.day_mc.typical for row in every]
    for row, months in zip(every, lasts):
        bar = _bar(console, months / max(lasts))
        style = "bold" if row.life is found else None
        table.add_row(row.name, months_text(row.life), f"{row.life.day_mc.typical / _MAH:.2f}", bar, style=style)
    return table


def _assumed(rows: Sequence[Assumption]) -> Table:
    table = Table("what is taken for true", "value", "source", box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    return table


def _bar(console: Console, part: float) -> str:
    block = "\u2588" if (console.encoding or "").lower().startswith("utf") else "#"
    return block * max(1, round(part * _BAR)) if part > 0 else ""


def _table(*names: str, right: Sequence[int] = (), fold: bool = False) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for number, name in enumerate(names):
        table.add_column(name, justify="right" if number in right else "left", no_wrap=not fold, overflow="fold")
    return table
