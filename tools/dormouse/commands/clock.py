"""``dormouse clock``: the time servers of a node, the clock of its board, and whether TLS would accept the time."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from dormouse import boards, serial_ports, settings, timeservers
from dormouse.errors import DormouseError, UsageError
from dormouse.project import find_root
from dormouse.settings import Settings
from dormouse.timeservers import Answer

if TYPE_CHECKING:
    from dormouse.board_clock import BoardClock

_WIDTH = 160
_ANY = "auto"
_NO_CHECK = ("esp8266",)  # axTLS: micropython docs/esp8266/general.rst

_NAME = typer.Argument(help="A node: nodes/NAME.py over config.py.", metavar="NAME", show_default=False)
_SERVER = typer.Option(help="Ask this server instead of the node's. Repeatable.", metavar="HOST[:PORT]")
_PORT = typer.Option(help=f"Read the clock of the board on this port too; {_ANY}: on the one found.", metavar="PORT")
_WAIT = typer.Option(min=0, max=3600, help="Seconds to wait for the board, and to try.")
_TIMEOUT = typer.Option(min=0.1, max=60, help="Seconds to wait for a server.")


def clock(
    name: Annotated[str | None, _NAME] = None,
    server: Annotated[list[str] | None, _SERVER] = None,
    port: Annotated[str | None, _PORT] = None,
    wait: Annotated[float, _WAIT] = 15,
    timeout: Annotated[float, _TIMEOUT] = 3,
) -> None:
    """Ask the node's time servers, and compare its board's clock and its certificates with them.

    Each server's offset is what this computer's clock lacks. A board that is asked (--port) is interrupted for a second and
    starts its program again. Exit status 1: no server gives a time that the node would believe, or TLS would refuse a
    certificate. For example: dormouse clock greenhouse --port auto
    """
    root = find_root()
    read = settings.load(root, node=name)
    facts = boards.read(root, read["BOARD"])
    servers = server or _servers(read)
    for text in servers:
        try:
            timeservers.split(text)
        except ValueError:
            raise UsageError(f"--server {text!r}; allowed: host or host:port") from None
    console = Console(highlight=False, markup=False, soft_wrap=True, width=max(_WIDTH, Console().width))
    busy = Console(stderr=True)
    with busy.status(f"asking {', '.join(servers)}") if busy.is_terminal else Console(quiet=True).status(""):
        answers = timeservers.ask_all(servers, timeout)
    _show(console, answers)
    good = timeservers.best(answers)
    if good:
        console.print(f"this computer: {_apart(-good.offset_s)} {good.server}")
    asked = _board(busy, port, wait, facts) if port else None
    if asked:
        _show_board(console, asked, good)
    else:
        console.print(f"board: not asked (--port {_ANY} reads the clock of the one that is connected)")
    refused = _tls(console, root / "credentials.py", read, good, facts["port"])
    if good is None:
        raise DormouseError("no server gives a time that the node would believe; NTP in config.py names another")
    if refused:
        raise DormouseError(f"TLS would refuse: {'; '.join(refused)}")


def _servers(read: Settings) -> list[str]:
    """As src/node/join.py chooses them."""
    if read["NTP"]:
        return [read["NTP"]]
    return [read["BROKER"].partition(":")[0], timeservers.FALLBACK]


def _show(console: Console, answers: list[Answer]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("server", "address", "stratum", "offset", "delay", "source", "the node"):
        numbers = head in ("stratum", "offset", "delay")
        table.add_column(head, no_wrap=head != "the node", justify="right" if numbers else "left")
    for it in answers:
        known = (f"{it.offset_s * 1000:+.1f} ms", f"{it.delay_s * 1000:.1f} ms") if it.usable else ("", "")
        stratum = "" if it.stratum is None else str(it.stratum)
        cells = (it.server, it.address, stratum, *known, it.reference, it.problem or "believes it")
        table.add_row(*cells, style="" if it.usable else "red")
    console.print(table)


def _board(busy: Console, port: str, wait_s: float, facts: boards.Facts) -> BoardClock:
    from dormouse import board_clock  # slow, and seldom needed; so below

    named = None if port == _ANY else port
    with busy.status("waiting for the board") if busy.is_terminal else Console(quiet=True).status(""):
        return board_clock.read(lambda: serial_ports.find(facts, named), wait_s, serial_ports.missing(facts))


def _show_board(console: Console, asked: BoardClock, good: Answer | None) -> None:
    text = f"board on {asked.port}: {_utc(asked.utc_s)}, counted from {asked.epoch}"
    if asked.utc_s < timeservers.OLDEST_S:
        console.print(f"{text}: not set. TLS would refuse it; the node asks a server first")
        return
    if good is None:
        console.print(f"{text}; {_apart(asked.utc_s - asked.at_s)} this computer")
        return
    console.print(f"{text}; {_apart(asked.utc_s - asked.at_s - good.offset_s)} {good.server}")


def _tls(console: Console, secrets: Path, read: Settings, good: Answer | None, port: str) -> list[str]:
    """Say what TLS makes of the time. Returns what it would refuse."""
    if not read["TLS"]:
        console.print("TLS: off, so no date matters")
        return []
    if port in _NO_CHECK:
        console.print(f"TLS: an {port} checks no certificate, nor its dates")
        return []
    if good is None:
        console.print("TLS: the node does not begin it before it has the time")
        return []
    from dormouse import certificates

    now = datetime.fromtimestamp(time.time() + good.offset_s, timezone.utc)
    found = certificates.of_credentials(settings.load_credentials(secrets), secrets.parent) if secrets.is_file() else []
    if not any(it.what.startswith("CA") for it in found):
        console.print("TLS: no CA in credentials.py, so nobody checks a certificate")
        return []
    refused = []
    for it in [*found, certificates.of_broker(read["BROKER"])]:
        verdict = it.verdict(now)
        dates = f"{it.begin:%Y-%m-%d} to {it.end:%Y-%m-%d}: " if it.begin and it.end else ""
        console.print(f"TLS: {it.what}: {dates}{verdict or 'valid now'}")
        if verdict and not verdict.startswith("not looked at"):
            refused.append(f"{it.what} is {verdict.removeprefix('is ')}")
    return refused


def _apart(seconds: float) -> str:
    size = abs(seconds)
    text = f"{size * 1000:.0f} ms" if size < 10 else f"{size:.0f} s" if size < 172800 else f"{size / 86400:.0f} days"
    return f"{text} {'ahead of' if seconds >= 0 else 'behind'}"


def _utc(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
