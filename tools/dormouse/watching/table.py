"""The live table of nodes, as rich draws it."""

from __future__ import annotations

from collections import Counter

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dormouse.watching import nodes
from dormouse.watching.lines import brief, clean, clock
from dormouse.watching.nodes import Fleet, Node

_STYLES = {
    nodes.ASLEEP: "green", nodes.AWAKE: "bold green", nodes.LATE: "yellow", nodes.MISSING: "bold red", nodes.LOST: "red",
    nodes.UNKNOWN: "dim",
}  # fmt: skip
_TROUBLE = (nodes.MISSING, nodes.LOST, nodes.LATE)
_COLUMNS = ("node", "state", "last reading", "battery", "dBm", "seen", "due", "missed", "lost", "failed uploads", "version")
_RIGHT = ("battery", "dBm", "seen", "due", "missed", "lost")
_READING = 2
_FROM = {"version": 140, "failed uploads": 115, "dBm": 95, "seen": 78, "missed": 70, "lost": 70}  # from which width on
_FRAME = 7  # lines of the table and around it that are no nodes


def draw(
    fleet: Fleet, now: float, width: int, height: int, title: str = "", notes: tuple[str, ...] = (), shared: bool = False,
    utc: bool = False,
) -> RenderableType:  # fmt: skip
    """The table as it is at a time, no larger than the terminal: nodes in trouble first, then by name.

    Arguments: width, height: of the terminal; shared: this instance sees a part of the readings, so gaps say nothing.
    """
    states = {name: node.state(now) for name, node in fleet.nodes.items()}
    ordered = sorted(fleet.nodes.values(), key=lambda node: (_rank(states[node.name], node, now), node.name))
    room = max(1, height - _FRAME - len(notes))
    shown = ordered[:room]
    rows = [_row(node, states[node.name], now, shared, width) for node in shown]
    names = [name for name in _COLUMNS if width >= _FROM.get(name, 0)]
    rows = [[row[_COLUMNS.index(name)] for name in names] for row in rows]
    table = Table(title=Text(title, "bold") if title else None, title_justify="left", pad_edge=False, box=box.SIMPLE_HEAD)
    for name in names:
        table.add_column(name, justify="right" if name in _RIGHT else "left", no_wrap=True, overflow="ellipsis")
    # The reading gives way, the others are numbers.
    room = width - sum(max([len(name), *(len(row[i]) for row in rows)]) + 3 for i, name in enumerate(names) if i != _READING)
    for row in rows:
        row[_READING].truncate(max(len(names[_READING]), room - 1), overflow="ellipsis")
        table.add_row(*row)
    count = Counter(states.values())
    parts = [f"{len(fleet.nodes)} node{'s' if len(fleet.nodes) != 1 else ''}"]
    parts += [f"{count[word]} {word}" for word in _STYLES if count[word]]
    parts.append(f"{fleet.readings} readings")
    if fleet.twice:
        parts.append(f"{fleet.twice} came twice")
    if fleet.gaps and not shared:
        parts.append(f"{fleet.gaps} more did not come")
    if len(shown) < len(ordered):
        parts.append(f"{len(ordered) - len(shown)} not shown")
    foot = Text(f"{clock(now, utc)}  " + ", ".join(parts), "dim")
    return Group(table, foot, *(Text(note, "yellow") for note in notes))


def _rank(state: str, node: Node, now: float) -> int:
    if state in _TROUBLE:
        return _TROUBLE.index(state)
    return len(_TROUBLE) + (not node.missed_in_all(now))


def _row(node: Node, state: str, now: float, shared: bool, width: int) -> list[Text]:
    battery = node.battery
    cells = [f"{battery['percent']:g} %"] if isinstance(battery.get("percent"), (int, float)) else []
    if isinstance(battery.get("voltage_v"), (int, float)) and (width >= _FROM["failed uploads"] or not cells):
        cells.append(f"{battery['voltage_v']:.2f} V")
    low = node.status.get("battery") == "low" or battery.get("state") is not None
    missed = node.missed_in_all(now)
    gaps = node.numbers.gaps
    dropped = node.status.get("dropped", 0)
    failed = ", ".join(f"{kind} {count}" for kind, count in node.failures.most_common(3))
    firmware, python = node.report.get("firmware"), node.report.get("micropython")
    return [
        Text(clean(node.name)),
        Text(state, _STYLES[state]),
        Text(clean(brief(node.reading))),
        Text(" ".join(cells), "yellow" if low else ""),
        Text(clean(str(node.report.get("rssi_dbm", "")))),
        Text("" if node.seen is None else ago(now - node.seen)),
        Text("" if node.due is None else due(node.due - now)),
        Text(str(missed or ""), "yellow"),
        Text("" if shared else clean(str(gaps or (f"{dropped} dropped" if dropped else ""))), "red"),
        Text(clean(failed), "yellow"),
        Text(clean(f"{firmware or '?'} on {python or '?'}") if firmware or python else ""),
    ]


def ago(seconds: float) -> str:
    """ "5 s", "12 min", "3 h", "9 d"."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def due(seconds: float) -> str:
    """ "in 12 min", or "3 h ago" for what has not come."""
    return f"in {ago(seconds)}" if seconds >= 0 else f"{ago(-seconds)} ago"
