"""``dormouse bench``: how long MQTT clients keep the radio on, over a link with a real round-trip time; and, with --phases,
where the whole wake goes.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from dormouse.broker import find_mosquitto
from dormouse.commands import _bench_phases
from dormouse.errors import UsageError
from dormouse.project import find_root, shown
from dormouse.rtt import clients
from dormouse.rtt.clients import Client
from dormouse.rtt.measure import Row, measure

_RTTS = (20.0, 100.0)
_COLUMNS = ("client", "broker", "RTT ms", "phase ms", "trips", "closed ms", "segments")
_TITLE = "Network phase: from the first SYN to the last segment with data, median of the runs"
_NOTE = (
    "broker: mosquitto as it comes, or with set_tcp_nodelay true; trips: phase / RTT; closed: to the FIN;\n"
    "segments: with data, sent by the client"
)
_BEGIN, _END = "<!-- dormouse bench: begin -->", "<!-- dormouse bench: end -->"

_RTT = typer.Option(min=1, max=2000, help="Round-trip time in ms. Repeatable; without it 20 and 100.", metavar="MS")
_PEER = typer.Option(
    help=f"Measure a client of your own checkout too: {' or '.join(clients.PEERS)}. Repeatable.", metavar="NAME=PATH"
)
_RUNS = typer.Option(min=1, max=100, help="How often each is run; the median counts.")
_JSON = typer.Option("--json", help="Print JSON instead of the table, with every run in it.")
_PHASES = typer.Option("--phases", help="Show where the time and the charge of whole wakes go, good ones and failed ones.")
_BOARD = typer.Option(help="With --phases: a virtual board, a folder of boards/. Repeatable; without it all.", metavar="NAME")
_WRITE = typer.Option(help="Put the table into this file too, between two marks as docs/bench.md has them.", metavar="FILE")


def bench(
    rtt: Annotated[list[float] | None, _RTT] = None,
    peer: Annotated[list[str] | None, _PEER] = None,
    runs: Annotated[int, _RUNS] = 5,
    as_json: Annotated[bool, _JSON] = False,
    write: Annotated[Path | None, _WRITE] = None,
    phases: Annotated[bool, _PHASES] = False,
    board: Annotated[list[str] | None, _BOARD] = None,
) -> None:
    """Measure the network phase of MQTT clients over a link with a round-trip time.

    Connect, subscribe, publish once with QoS 1, disconnect: on the MicroPython interpreter, against mosquitto, in two
    network namespaces with a round trip between them, timed from outside by the packets. Linux, as root.

    With --phases: whole wakes on virtual boards (a model), a cold boot, a warm wake, one without upload, and one for each
    failure; the energy of each, and the battery life. About two minutes; no root needed. For example:
    dormouse bench --phases --board feather_s2
    """
    if phases:
        if rtt or peer:
            raise UsageError("--rtt and --peer do not go with --phases")
        _phases(board or (), runs, as_json, write)
        return
    if board:
        raise UsageError("--board needs --phases")
    rtts = rtt or list(_RTTS)
    clients.interpreter()  # without one it ends here, in one line
    measured = [*clients.own(find_root()), *map(clients.peer, peer or ())]
    text = None if write is None else _text_of(write)
    rows = _measure(measured, rtts, runs)
    if as_json:
        print(json.dumps([_plain(row) for row in rows], indent=1))
    else:
        console = Console(highlight=False, soft_wrap=True)
        console.print(_TITLE, style="bold")
        console.print(_table(rows))
        console.print(_NOTE, style="dim")
    if write is not None and text is not None:
        before, after = text
        _put(write, f"{before}{_BEGIN}\n{_markdown(rows, _command(rtts, peer or (), runs))}{_END}{after}")


def _phases(boards: Sequence[str], runs: int, as_json: bool, write: Path | None) -> None:
    mine = _bench_phases
    before, after = ("", "") if write is None else _text_of(write, mine.BEGIN, mine.END, mine.SECTION)
    found = mine.run(find_root(), boards, runs)
    if as_json:
        print(mine.as_json(found))
    else:
        mine.show(found)
    if write is not None:
        command = " ".join(("dormouse bench --phases", *(f"--board {name}" for name in boards), f"--runs {runs}"))
        _put(write, f"{before}{mine.BEGIN}\n{mine.markdown(found, _where(command))}{mine.END}{after}")


def _put(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    Console(stderr=True, highlight=False).print(f"wrote {shown(file)}", soft_wrap=True)


def _measure(measured: Sequence[Client], rtts: Sequence[float], runs: int) -> list[Row]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    # seldom: what draws it must not disturb what is measured
    with Progress(*columns, console=console, transient=True, refresh_per_second=2, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting", total=len(measured) * 2 * len(rtts) * runs)
        begun = iter(range(10**9))

        def progress(what: str) -> None:
            bar.update(task, description=what, completed=next(begun))

        return measure(measured, rtts, runs, progress)


def _cells(row: Row) -> tuple[str, ...]:
    few, many = row.segments
    segments = str(few) if few == many else f"{few} to {many}"
    phase = f"{row.ms:.0f}", f"{row.round_trips:.1f}", f"{row.closed_ms:.0f}"
    return (row.client, "nodelay" if row.nodelay else "default", f"{row.rtt_ms:g}", *phase, segments)


def _table(rows: Sequence[Row]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for number, name in enumerate(_COLUMNS):
        table.add_column(name, justify="left" if number < 2 else "right", no_wrap=True)
    for number, row in enumerate(rows):
        following = rows[number + 1] if number + 1 < len(rows) else None
        last = following is None or following.client != row.client
        table.add_row(*_cells(row), end_section=last, style="bold" if row.client.startswith("Dormouse") else None)
    return table


def _plain(row: Row) -> dict[str, object]:
    few, many = row.segments
    return {
        "client": row.client,
        "set_tcp_nodelay": row.nodelay,
        "rtt_ms": row.rtt_ms,
        "network_phase_ms": round(row.ms, 2),
        "closed_ms": round(row.closed_ms, 2),
        "round_trips": round(row.round_trips, 2),
        "data_segments": [few, many],
        "runs": [asdict(phase) for phase in row.phases],
    }


def _text_of(file: Path, begin: str = _BEGIN, end: str = _END, section: str = "") -> tuple[str, str]:
    """What stands before the table and behind it. section: added to a file of benches that has no such table yet."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--write {file}: {error.strerror}") from error
    if section and begin not in text and _BEGIN in text:
        text = text.rstrip("\n") + section
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise UsageError(f"--write {file}: it has no lines {begin} and {end}")
    return before, after


def _markdown(rows: Sequence[Row], command: str) -> str:
    head = f"| {' | '.join(_COLUMNS)} |", "|---|---" + "|--:" * (len(_COLUMNS) - 2) + "|"
    lines = [*head, *(f"| {' | '.join(_cells(row))} |" for row in rows)]
    return f"{_where(command)}\n\n" + "\n".join(lines) + "\n"


def _where(command: str) -> str:
    day = dt.datetime.now(dt.timezone.utc).date().isoformat()
    where = f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, mosquitto {_mosquitto()}, {_micropython()}"
    return f"One run on one machine: {day}, {where}.\n`{command}`"


def _command(rtts: Sequence[float], peers: Sequence[str], runs: int) -> str:
    words = [f"--rtt {rtt:g}" for rtt in rtts]
    words += [f"--peer {peer.partition('=')[0]}=PATH" for peer in peers]
    return " ".join(("dormouse bench", *words, f"--runs {runs}"))


def _mosquitto() -> str:
    help_text = _output([find_mosquitto() or "mosquitto", "-h"])
    found = re.search(r"version (\S+)", help_text)
    return found[1] if found else "of unknown version"


def _micropython() -> str:
    version = "import sys; print('MicroPython', '.'.join(map(str, sys.implementation.version[:3])))"
    return _output([*clients.interpreter(), "-c", version]).strip()


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout
