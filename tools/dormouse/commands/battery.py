"""``dormouse battery``: how long the battery lasts, and where its charge goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from dormouse import energy, settings
from dormouse.battery import assumptions, document, draw, life, measured, samples, show, traces, wakes, whatif
from dormouse.battery.life import Life
from dormouse.battery.measured import Measured
from dormouse.battery.wakes import Assumed
from dormouse.battery.whatif import Basis
from dormouse.errors import UsageError
from dormouse.project import find_root, node_names

_NAME = typer.Argument(help="The node nodes/NAME.py; without it, config.py.", metavar="NAME", show_default=False)
_ALL = typer.Option("--all", help="A table of all nodes/*.py.")
_CONFIG = typer.Option(help="Settings to use instead of config.py.", metavar="FILE")
_BOARD = typer.Option(help="Board to be, instead of config.py's: a folder of boards/.", metavar="NAME")
_IF = typer.Option(
    "--if",
    help="Another row: what if these settings were so? WAKE_EVERY_S=60,UPLOAD_EVERY=4. Also RTT_MS, FAILED_PCT, EVENTS_A_DAY, "
    "CELSIUS, DOWN_DAYS, SILENT_DAYS. Repeatable.",
    metavar="NAME=VALUE,...",
)
_TRACE = typer.Option(help="Take the wakes of this trace of dormouse simulate --trace.", metavar="FILE")
_CURRENT = typer.Option(help="Take the wakes and the sleep of this measured current: a PPK2's CSV export.", metavar="FILE")
_THRESHOLD = typer.Option(min=0.01, help="With --current: awake is what takes more than this, in mA.", metavar="MA")
_RTT = typer.Option(min=0, max=10000, help=f"Round trip to the broker in ms; without it {Assumed.rtt_ms:g}.", metavar="MS")
_FAILED = typer.Option(min=0, max=100, help="How many uploads of a hundred find no access point.", metavar="PCT")
_EVENTS = typer.Option(min=0, max=86400, help="How often a day WAKE_PIN wakes it.", metavar="N")
_CELSIUS = typer.Option(min=-40, max=60, help="Mean temperature of the battery in degrees Celsius.", metavar="C")
_DOWN = typer.Option(min=0, max=30, help="Days a month without the broker.", metavar="DAYS")
_PLOT = typer.Option(help="Draw it: one page FILE.html that loads nothing, or the picture FILE.svg.", metavar="FILE")
_JSON = typer.Option("--json", help="Print JSON.")
_SOURCES = typer.Option("--sources", help="Show where each number that is taken for true comes from.")
_WRITE = typer.Option("--write", hidden=True, help=f"Make the made parts of {document.DOCUMENT} and its picture anew.")
_CHECK = typer.Option("--check", hidden=True, help=f"Write nothing; fail when {document.DOCUMENT} or its picture is stale.")
_CODE = typer.Option("--measure-code", hidden=True, help="Measure anew what the node's own code takes, on virtual boards.")


def battery(
    name: Annotated[str | None, _NAME] = None,
    every: Annotated[bool, _ALL] = False,
    config: Annotated[Path | None, _CONFIG] = None,
    board: Annotated[str | None, _BOARD] = None,
    what_if: Annotated[list[str] | None, _IF] = None,
    trace: Annotated[Path | None, _TRACE] = None,
    current: Annotated[Path | None, _CURRENT] = None,
    threshold: Annotated[float | None, _THRESHOLD] = None,
    rtt: Annotated[float | None, _RTT] = None,
    failed: Annotated[float, _FAILED] = Assumed.failed_pct,
    events: Annotated[float, _EVENTS] = Assumed.events_a_day,
    celsius: Annotated[float, _CELSIUS] = Assumed.celsius,
    down: Annotated[float, _DOWN] = Assumed.down_days,
    plot: Annotated[Path | None, _PLOT] = None,
    sources: Annotated[bool, _SOURCES] = False,
    as_json: Annotated[bool, _JSON] = False,
    write: Annotated[bool, _WRITE] = False,
    check: Annotated[bool, _CHECK] = False,
    measure_code: Annotated[bool, _CODE] = False,
) -> None:
    """How long the battery lasts, and what takes its charge: a model.

    From the settings, board.toml and the drivers' data sheets; nothing is run. Better numbers come from a trace of the virtual
    board, and the best ones from a measurement of your own board: docs/battery.md. For example:
    dormouse battery greenhouse --if WAKE_EVERY_S=1800
    """
    root = find_root()
    if write or check or measure_code:
        document.renew(root, check=check, measure=measure_code)
        return
    if plot is not None:
        draw.check(plot)
    if rtt is not None and (trace or current):
        raise UsageError("--rtt does not go with --trace and --current: their wakes have the broker's own time in them")
    # What is added to a trace, whose broker is on the same computer, counts from nothing.
    usual_ms = 0.0 if trace else Assumed.rtt_ms
    assumed = Assumed(usual_ms if rtt is None else rtt, failed, events, celsius, down)
    if every:
        if name is not None or trace or current or plot or what_if:
            raise UsageError("--all is a table of all nodes: leave NAME, --trace, --current, --plot and --if out")
        _fleet(root, config, board, assumed, as_json)
        return
    if trace and current:
        raise UsageError("--trace or --current, not both")
    if threshold is not None and current is None:
        raise UsageError("--threshold needs --current")
    read = settings.load(root, config, name, board)
    if read["WAKE_PIN"] is None and events:
        raise UsageError(f"--events {events:g}: WAKE_PIN is None, so that no pin wakes this node")
    model = wakes.model(root, read, assumed)
    basis, seen = Basis(root, read, assumed, {}), None
    if trace is not None:
        basis = Basis(root, read, assumed, traces.read(trace, read["BOARD"], model))
    if current is not None:
        currents = energy.read_currents(root, read["BOARD"])
        seen = measured.find(_samples(current), currents, model, threshold)
        basis = Basis(root, read, assumed, seen.kinds(model), (seen.sleep_ma, measured.SLEEP_OFF))
    found, rows = basis.life(), whatif.rows(basis, what_if or ())
    _print(root, name or read["NAME"] or read.base.file, found, rows, seen, model, as_json, plot, sources)


def _print(
    root: Path,
    name: str,
    found: Life,
    rows: list[whatif.Row],
    seen: Measured | None,
    model: dict[str, wakes.Kind],
    as_json: bool,
    plot: Path | None,
    sources: bool,
) -> None:
    told = assumptions.rows(found, root)
    if as_json:
        plain = show.plain(name, found, rows, told)
        if seen is not None:
            names = ("what", "measured", "model", "unit")
            plain["measured"] = [dict(zip(names, row)) for row in show.comparison(seen, model, found.currents)]
        print(json.dumps(plain, indent=1))
    else:
        console = show.screen()
        if seen is not None:
            show.compared(console, seen, model, found.currents)
        show.node(console, name, found, rows, told, sources)
        if plot is None:
            console.print("as a picture: --plot battery.html; your own what-if: --if WAKE_EVERY_S=3600", style="dim")
    if plot is not None:
        draw.write(plot, name, found, rows, told)
        Console(stderr=True, highlight=False, markup=False).print(f"wrote {plot}", soft_wrap=True)


def _fleet(root: Path, config: Path | None, board: str | None, assumed: Assumed, as_json: bool) -> None:
    names = node_names(root)
    if not names:
        raise UsageError("--all: there is no node in nodes/ yet; dormouse new NAME makes one")
    lives = [(name, life.of(settings.load(root, config, name, board), root, assumed)) for name in names]
    if as_json:
        print(json.dumps([show.plain(name, found, [], assumptions.rows(found, root)) for name, found in lives], indent=1))
    else:
        show.fleet(show.screen(), lives)


def _samples(path: Path) -> samples.Blocks:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, refresh_per_second=4, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"reading {path.name}")
        return samples.read(path, lambda done, size: bar.update(task, completed=done, total=size))
