"""The plot: what takes a day's charge, for the node as it is and for each what-if; one self-contained file."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dormouse.battery.assumptions import MODEL
from dormouse.battery.assumptions import Row as Assumption
from dormouse.battery.life import ORDER, Life
from dormouse.battery.whatif import Row
from dormouse.battery.words import months_text, title
from dormouse.errors import DormouseError, UsageError
from dormouse.project import shown

SUFFIXES = (".html", ".svg")
_MAH = 3600.0
_COLORS = {
    "asleep: board": "#4e79a7", "asleep: sensors": "#6f93bd", "asleep: divider": "#a0bbd8", "boot": "#9c755f",
    "program": "#d4a6c8", "sensors": "#59a14f", "Wi-Fi": "#f28e2b", "clock": "#b6992d", "TLS": "#b07aa1", "MQTT": "#e15759",
    "failures": "#79706e", "pin": "#edc948", "no broker": "#d37295", "self-discharge": "#bab0ac",
}  # fmt: skip
_STYLE = (
    "body{font:16px sans-serif;max-width:64em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;padding:.25em .8em .25em 0;border-bottom:1px solid #ddd;vertical-align:top;font-size:90%}"
    "figure{margin:1em 0}svg{width:100%;height:auto}"
)


def check(path: Path) -> None:
    """Raise UsageError for a file name that no plot can have, before anything else is done."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--plot {path}: a plot is a page or a picture: FILE.html or FILE.svg")
    _library()


def write(path: Path, name: str, found: Life, rows: Sequence[Row], assumed: Sequence[Assumption]) -> None:
    """Write the plot. Arguments: path, FILE.html or FILE.svg; name, of the node. Raises UsageError, DormouseError."""
    check(path)
    text = svg(name, found, rows) if path.suffix.lower() == ".svg" else page(name, found, rows, assumed)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {shown(path)}: {(error.strerror or str(error)).lower()}") from error


def svg(name: str, found: Life, rows: Sequence[Row]) -> str:
    """The picture alone."""
    every = [Row("as it is", found), *rows]
    parts = [part for part in ORDER if any(draw.name == part for row in every for draw in row.life.draws)]
    pygal = _library()
    style = pygal.style.Style(
        background="white", plot_background="white", colors=[_COLORS[part] for part in parts], font_family="sans-serif",
        title_font_size=18, label_font_size=13, major_label_font_size=13, legend_font_size=13, tooltip_font_size=13,
        guide_stroke_color="#ddd", guide_stroke_dasharray="1",
        major_guide_stroke_color="#bbb", major_guide_stroke_dasharray="1",
    )  # fmt: skip
    chart = pygal.HorizontalStackedBar(
        style=style, js=[], no_prefix=True, disable_xml_declaration=True, width=1000, height=140 + 34 * len(every),
        legend_at_bottom=True, legend_at_bottom_columns=5, truncate_legend=-1, truncate_label=-1, show_y_guides=True,
        title=f"{title(name, found)}: mAh a day (a model)", print_values=False, spacing=8,
    )  # fmt: skip
    # From the top down, as one reads: the library draws from the bottom up.
    chart.x_labels = [f"{row.name}: {months_text(row.life, short=True)}" for row in reversed(every)]
    chart.value_formatter = lambda value: f"{value:.2f}".rstrip("0").rstrip(".")
    for part in parts:
        chart.add(part, [_mah(row.life, part) for row in reversed(every)])
    # What its own script needs, which is not there: a picture, and no program in it.
    return re.sub(r"<script\b.*?</script>", "", str(chart.render(is_unicode=True)), flags=re.DOTALL) + "\n"


def page(name: str, found: Life, rows: Sequence[Row], assumed: Sequence[Assumption]) -> str:
    """The picture and all numbers, as one HTML page that loads nothing."""
    escape = html.escape
    day = found.day_mc.typical
    draws = [(it.name, f"{it.mc.typical / _MAH:.3f}", _range(it), f"{it.mc.typical / day:.0%}") for it in found.draws]
    ifs = [(row.name, months_text(row.life), f"{row.life.day_mc.typical / _MAH:.2f}") for row in rows]
    body = [
        f"<h1>{escape(title(name, found))}</h1>",
        f"<p><b>{escape(months_text(found))}</b></p><p>{escape(MODEL)}</p>",
        f"<figure>{svg(name, found, rows)}</figure>",
        _table("What takes the charge of a day", ("what", "mAh a day", "range", "part"), draws),
        _table("What if", ("what", "lasts", "mAh a day"), ifs),
        _table("What is taken for true", ("what", "value", "source"), assumed),
    ]
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title(name, found))}</title>'
    return f"{head}<style>{_STYLE}</style></head><body>\n" + "\n".join(body) + "\n</body></html>\n"


def _mah(found: Life, part: str) -> float | None:
    return next((round(draw.mc.typical / _MAH, 4) for draw in found.draws if draw.name == part), None)


def _range(draw: Any) -> str:
    return f"{draw.mc.low / _MAH:.3f} to {draw.mc.high / _MAH:.3f}"


def _table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    names = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    return f"<h2>{html.escape(caption)}</h2><table><tr>{names}</tr>\n" + "\n".join(lines) + "</table>"


def _library() -> Any:
    try:
        import pygal
        import pygal.style
    except ImportError as error:
        raise DormouseError(f"--plot needs the library pygal ({error}): pip install pygal") from error
    return pygal
