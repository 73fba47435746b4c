"""The timing diagram of a wake, as SVG: a bar for each phase where it lies in time, and the time that the radio is on.

Every number in it comes from a trace; `data-` attributes carry them, so that a test can read them back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape

from dormouse.phases import Row

# What happens in a phase; the words beside the bars.
TELLS = {
    "boot": "the firmware starts",
    "start": "what was kept; config.py, when it is new",
    "measure": "sensors, the record; the radio starts",
    "link": "Wi-Fi: association, address",
    "clock": "the time, when it is due",
    "mqtt": "one burst: connect, publish, listen",
    "finish": "radio off; when to wake next",
    "window": "awake for mpremote, after a power-up",
    "sleep": "the state is kept; deep sleep",
}
_TITLES = {
    "warm": "A wake that uploads",
    "no upload": "A wake that only measures",
    "cold boot": "The first wake after a power-up",
}
_WIDTH, _LEFT, _RIGHT, _LINE, _GAP = 960, 84, 390, 19, 34
_CPU, _RADIO, _WINDOW = "#5b8db8", "#d9822b", "#a5b4c0"
_STEPS = (50, 100, 200, 500, 1000, 2000, 5000, 10000)


def draw(rows: Sequence[Row], board: str) -> str:
    """The picture of some wakes, one below the other. board: its name, for the caption."""
    parts: list[str] = []
    top = 30
    for row in rows:
        drawn, height = _wake(row, top)
        parts += drawn
        top += height + _GAP
    note = f"A model, no measurement: the virtual {board}. Orange: the radio is on."
    parts.append(_text(12, top - 8, note, "#666"))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top + 6}" width="{_WIDTH}" height="{top + 6}"'
    style = 'font-family="sans-serif" font-size="12"'
    return "\n".join([f"{head} {style}>", '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>", ""])


def wakes(svg: str) -> dict[str, list[tuple[str, int]]]:
    """What a picture shows: for each wake the phases in their order, with their lengths in ms."""
    shown: dict[str, list[tuple[str, int]]] = {}
    for group in re.findall(r'<g data-wake="([^"]*)">(.*?)</g>', svg, re.DOTALL):
        found = re.findall(r'data-phase="([^"]*)" data-ms="(\d+)"', group[1])
        shown[group[0]] = [(name, int(ms)) for name, ms in found]
    return shown


def _wake(row: Row, top: int) -> tuple[list[str], int]:
    scale = (_WIDTH - _LEFT - _RIGHT) / max(1, row.awake_ms)
    parts = [f'<g data-wake="{escape(row.name)}">']
    title = f"{_TITLES.get(row.name, row.name)}: {row.awake_ms} ms, {row.charge_mc:.0f} mC"
    parts.append(_text(12, top - 10, title, "black", bold=True))
    bottom = top + _LINE * len(row.phases) + 4
    for at in range(0, row.awake_ms, _step(row.awake_ms)):
        x = _LEFT + at * scale
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" stroke="#ddd"/>')
        parts.append(_text(x, bottom + 12, f"{at} ms" if at else "0", "#888", middle=True))
    names = [name for name, _, _ in row.phases]
    for number, (name, start, length) in enumerate(row.phases):
        y = top + number * _LINE
        x, width = _LEFT + start * scale, max(1.5, length * scale)
        with_radio = "link" in names and name in ("measure", "link", "clock", "mqtt", "finish")
        color = _RADIO if with_radio else _WINDOW if name == "window" else _CPU
        place = f'x="{x:.1f}" y="{y + 3}" width="{width:.1f}" height="{_LINE - 6}"'
        parts.append(f'<rect data-phase="{escape(name)}" data-ms="{length}" {place} fill="{color}"/>')
        parts.append(_text(_LEFT - 8, y + 14, name, "black", end=True))
        parts.append(_text(_WIDTH - _RIGHT + 8, y + 14, f"{length} ms", "black"))
        parts.append(_text(_WIDTH - _RIGHT + 76, y + 14, TELLS.get(name, ""), "#555"))
    parts.append("</g>")
    return parts, bottom - top + 14


def _step(total_ms: int) -> int:
    return next((step for step in _STEPS if total_ms / step <= 8), _STEPS[-1])


def _text(x: float, y: float, text: str, color: str, *, bold: bool = False, middle: bool = False, end: bool = False) -> str:
    anchor = ' text-anchor="middle"' if middle else ' text-anchor="end"' if end else ""
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y}" fill="{color}"{anchor}{weight}>{escape(text)}</text>'


