"""``dormouse logs``: what a board prints, one line per wake, through all its sleeps."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from dormouse import boards, log_port, serial_ports, settings, tracebacks
from dormouse.errors import UsageError
from dormouse.log_port import Event
from dormouse.log_wakes import Wake, Wakes
from dormouse.project import find_root

_BAUD = 115200  # MicroPython's, on every board with a UART at its prompt
_OTHER = "The board's program is not this checkout's: deploy again, or look at the version that it has."
_HOLD_S = 3  # more than the longest wake

_NAME = typer.Argument(help="A node: nodes/NAME.py over config.py.", metavar="NAME", show_default=False)
_PORT = typer.Option(help="The serial port, instead of the one found.", metavar="PORT")
_BAUDS = typer.Option(min=300, max=4_000_000, help="Of a USB-UART adapter; 74880 shows an ESP8266's loader instead.")
_RAW = typer.Option("--raw", help="Everything as it comes, with the time.")
_JSON = typer.Option("--json", help="A JSON object per wake.")
_WAKES = typer.Option(min=1, help="End after so many wakes. Without it: Ctrl-C.")
_LINES = typer.Option("--no-lines", help="DTR and RTS stay off: for an adapter whose RTS goes straight to the reset pin.")


def logs(
    name: Annotated[str | None, _NAME] = None,
    port: Annotated[str | None, _PORT] = None,
    baud: Annotated[int, _BAUDS] = _BAUD,
    raw: Annotated[bool, _RAW] = False,
    as_json: Annotated[bool, _JSON] = False,
    wakes: Annotated[int | None, _WAKES] = None,
    no_lines: Annotated[bool, _LINES] = False,
) -> None:
    """Show what a board prints: one line per wake, through all its sleeps, until Ctrl-C.

    It only listens: nothing is sent, and opening the port does not reset the board. The port may come and go. Tracebacks are
    shown with the lines of this checkout. For example: dormouse logs greenhouse
    """
    if raw and as_json:
        raise UsageError("--raw and --json: choose one")
    root = find_root()
    read = settings.load(root, node=name)
    facts = boards.read(root, read["BOARD"])
    out, notes = _console(), Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    events = log_port.listen(lambda: serial_ports.find(facts, port), baud, not no_lines)
    _hint(notes, facts, read["TEST_MODE"], port)
    try:
        if raw:
            _raw(out, notes, events, wakes)
        else:
            kept = Wakes(read["MAX_AWAKE_S"] + _HOLD_S)
            _by_wake(out, events, kept, facts["usb"] == "native", lambda wake: _tell(root, out, wake, as_json), wakes)
    except KeyboardInterrupt:
        return
    finally:
        events.close()


def _console() -> Console:
    return Console(highlight=False, markup=False, soft_wrap=True, emoji=False)


def _hint(notes: Console, facts: boards.Facts, test_mode: bool, port: str | None) -> None:
    where = f" at {port}" if port else ""
    text = f"listening for the {facts['name']}{where}; Ctrl-C ends it."
    if facts["usb"] == "native" and not test_mode:
        _, uart = serial_ports.ways(facts)
        text += (
            " Its USB is gone in deep sleep, and most wakes end before it is back: what is seen are those after a reset, and"
            f" all with TEST_MODE = True{f' or an adapter ({uart})' if uart else ''} (docs/help.md)."
        )
    notes.print(text, style="dim")


def _by_wake(
    out: Console,
    events: Iterable[Event],
    wakes: Wakes,
    native: bool,
    tell: Callable[[Wake], None],
    most: int | None,
) -> None:
    told = 0
    # Where the lines go, so that they come above it.
    status = out.status("waiting for the port") if out.is_terminal else Console(quiet=True).status("")
    try:
        with status:
            for event in events:
                for wake in _take(wakes, event, native):
                    tell(wake)
                    out.file.flush()
                    told += 1
                    if told == most:
                        return
                status.update(_state(wakes.open, event))
    finally:
        if told != most:
            for wake in wakes.close(time.time()):
                tell(wake)


def _take(wakes: Wakes, event: Event, native: bool) -> list[Wake]:
    if event.kind == "came":
        return wakes.came(event.at, native)
    if event.kind == "gone":
        return wakes.gone(event.at)
    if event.kind == "data":
        return wakes.data(event.at, event.data)
    return wakes.idle(event.at)


def _state(wake: Wake | None, event: Event) -> str:
    if wake is None:
        return "asleep, or no port"
    return f"wake {wake.number}, {max(0.0, event.at - wake.began):.0f} s: {wake.lines[-1] if wake.lines else 'nothing yet'}"


def _tell(root: Path, out: Console, wake: Wake, as_json: bool) -> None:
    decoded = [tracebacks.decode(root, block) for block in wake.tracebacks()]
    if as_json:
        print(json.dumps(_record(wake, decoded)), flush=True)
        return
    failures = wake.failures()
    words = [f"delivered {wake.delivered}"] if wake.delivered is not None else []
    words += failures
    others = wake.others()
    style = "red" if failures else "green" if words else ""
    what = "; ".join(words) or (others.pop(0) if len(others) == 1 else "printed:" if others else "nothing printed")
    reset = f" ({wake.reset})" if wake.reset else ""
    # A Text, since the style given to print() would be that of the line with the wake's state, too.
    head = f"{_local(wake.began)}  wake {wake.number}{reset}  {wake.awake_s:.1f} s  {what}"
    out.print(Text(head, style=style))
    for line in others:
        out.print(f"    {line}")
    for lines, fits in decoded:
        for line in lines:
            out.print(f"    {line}")
        if not fits:
            out.print(
                f"    {_OTHER}",
                style="yellow",
            )
    out.file.flush()


def _record(wake: Wake, decoded: list[tuple[list[str], bool]]) -> dict[str, Any]:
    return {
        "wake": wake.number,
        "at": datetime.fromtimestamp(wake.began).astimezone().isoformat(timespec="milliseconds"),
        "awake_s": round(wake.awake_s, 3),
        "reset": wake.reset or None,
        "delivered": wake.delivered,
        "failures": wake.failures(),
        "lines": wake.lines,
        "tracebacks": [{"lines": lines, "this_checkout": fits} for lines, fits in decoded],
    }


def _raw(out: Console, notes: Console, events: Iterable[Event], most: int | None) -> None:
    held, gone = b"", 0
    for event in events:
        if event.kind in ("came", "gone"):
            notes.print(f"{_local(event.at)}  {event.port} {event.kind}", style="dim")
        gone += event.kind == "gone"
        held += event.data
        *whole, held = held.split(b"\n")
        if event.kind in ("gone", "idle") and held:
            whole, held = [*whole, held], b""
        for line in whole:
            out.print(f"{_local(event.at)}  {line.rstrip(bytes([13])).decode('utf-8', 'backslashreplace')}")
        out.file.flush()
        if gone == most:
            return


def _local(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S}"
