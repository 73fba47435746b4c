"""``dormouse bench --phases``: where the awake time of a node goes, and what that makes of its battery."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from dormouse import phases
from dormouse.errors import UsageError
from dormouse.phases import NAMES, Phases, Row
from dormouse.project import board_names
from dormouse.report import duration

BEGIN, END = "<!-- dormouse bench --phases: begin -->", "<!-- dormouse bench --phases: end -->"
SECTION = f"""

# Where the awake time goes

Single wakes of the node as config.py has it, on virtual boards.

{BEGIN}
{END}
"""
_TITLE = "Where the awake time goes: ms by phase, and the charge of the wake"
_WIDTH = 100
_NOTE = (
    "A model, no measurement of a board: boot, radio and conversions take what boards/*/board.toml says, as do the currents;\n"
    "the code and the network are this computer's. window: awake after a power-up, so that mpremote can take over.\n"
    "Without a broker every wake tries, and backs off into longer sleeps: the days here come after ten failures in a row."
)


def run(root: Path, boards: Sequence[str], runs: int) -> list[Phases]:
    """Measure, with progress on a terminal. boards: none for all that can be virtual. Raises DormouseError."""
    possible = board_names(root)
    for name in boards:
        if name not in possible:
            raise UsageError(f"no virtual board {name!r}: there are {', '.join(possible)}")
    chosen = list(boards) or possible
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, refresh_per_second=2, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting", total=phases.STEPS * len(chosen))
        begun = iter(range(10**9))
        return phases.measure(root, chosen, runs, lambda what: bar.update(task, description=what, completed=next(begun)))


def as_json(found: Sequence[Phases]) -> str:
    """All of it, for programs."""
    plain = [{**asdict(one), "day_mc": one.day_mc, "is": "a model"} for one in found]
    return json.dumps(plain, indent=1)


def show(found: Sequence[Phases]) -> None:
    """Print the table and what it comes to."""
    # A narrow screen may break the lines, not take the numbers away.
    console = Console(highlight=False, soft_wrap=True, width=max(_WIDTH, Console().width))
    console.print(_TITLE, style="bold")
    used = _used(found)
    for one in found:
        console.print(_table(one, used))
        for line in _summary(one):
            console.print(line)
        console.print()
    console.print(_NOTE, style="dim")


def markdown(found: Sequence[Phases], where: str) -> str:
    """What stands between the marks. where: the day and the machine."""
    used = _used(found)
    head = f"| board | wake | {' | '.join(used)} | awake ms | mC |", "|---|---" + "|--:" * (len(used) + 2) + "|"
    rows = [f"| {' | '.join((one.board, *_cells(row, used)))} |" for one in found for row in one.rows]
    lines = [line for one in found for line in (*_summary(one), "")]
    note = "\n".join(line.strip() for line in _NOTE.splitlines())
    return f"{_TITLE}. {where}\n\n" + "\n".join((*head, *rows, "", *lines)) + f"\n{note}\n"


def _table(one: Phases, used: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for number, name in enumerate((one.board, *used, "awake ms", "mC")):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    for row in one.rows:
        table.add_row(*_cells(row, used))
    return table


def _used(found: Sequence[Phases]) -> list[str]:
    """The phases that there are: known ones in their order, then others."""
    names = [name for one in found for row in one.rows for name, _, _ in row.phases]
    return [name for name in (*NAMES, *dict.fromkeys(n for n in names if n not in NAMES)) if name in names]


def _cells(row: Row, used: Sequence[str]) -> tuple[str, ...]:
    present = {name for name, _, _ in row.phases}
    cells = (str(row.ms(name)) if name in present else "-" for name in used)
    return (row.name, *cells, str(row.awake_ms), f"{row.charge_mc:.0f}")


def _summary(one: Phases) -> list[str]:
    warm = one.row("warm")
    own = f"{one.own_ms:.0f} ms of this computer's CPU time, of {warm.awake_ms} ms awake"
    usual = f"a day of uploads every {duration(one.every_s)} takes {one.day_mc / 3600:.2f} mAh"
    refused = f"one whose broker refuses every connection {one.down.mc / 3600:.2f} mAh ({one.down.wakes} wakes)"
    silent = f"one whose broker never answers {one.silent.mc / 3600:.2f} mAh ({one.silent.wakes} wakes)"
    lines = [
        f"{one.board}: the code's own share of a warm wake is {own}; the rest waits for boot, radio, sensors, network.",
        f"{one.board}: {usual}, {refused}, {silent}.",
    ]
    if one.battery and one.months is not None and one.down.months is not None and one.silent.months is not None:
        kind, mah = one.battery
        lines.append(
            f"{one.board}: {kind}, {mah} mAh, would last about {one.months:.1f} months; "
            f"{one.down.months:.1f} if the broker were gone for good, {one.silent.months:.1f} if it never answered again."
        )
    return lines
