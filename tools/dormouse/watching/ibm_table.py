"""The clients of IBM's platform as a table."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dormouse.watching import ibm
from dormouse.watching.lines import clean, clock
from dormouse.watching.table import ago

_STYLES = {ibm.CONNECTED: "green", ibm.DISCONNECTED: "yellow", ibm.UNKNOWN: "dim"}
_FRAME = 6


def draw(monitor: ibm.Monitor, now: float, height: int, title: str = "", notes: tuple[str, ...] = ()) -> RenderableType:
    """The table at a time: disconnected ones first."""
    ordered = sorted(monitor.clients.values(), key=lambda it: (it.state != ibm.DISCONNECTED, it.name))
    room = max(1, height - _FRAME - len(notes))
    table = Table(title=Text(title, "bold") if title else None, title_justify="left", pad_edge=False)
    for name in ("client", "state", "since"):
        table.add_column(name, no_wrap=True)
    table.add_column("last message", ratio=1, no_wrap=True, overflow="ellipsis")
    for name in ("failed", "again"):
        table.add_column(name, justify="right")
    for it in ordered[:room]:
        said = ibm.when(it.last.get("Time"))
        since = ago(now - said.timestamp()) if said else ""
        what = ibm.text(it).partition(": ")[2]
        state = Text(it.state, _STYLES[it.state])
        # As Text: brackets of anybody's words are no markup.
        table.add_row(Text(clean(it.name)), state, since, Text(clean(what)), str(it.failed or ""), str(it.reconnects or ""))
    count = f"{len(ordered)} clients" + (f", {len(ordered) - room} not shown" if len(ordered) > room else "")
    return Group(table, Text(f"{clock(now)}  {count}", "dim"), *(Text(note, "yellow") for note in notes))
