"""``dormouse wake``: the parts of docs/wake.md that are made, not written: the settings' table and the timing diagram."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from dormouse import made_parts, phases, picture, settings
from dormouse.errors import DormouseError, UsageError
from dormouse.project import board_names, find_root, shown

_DOCUMENT, _PICTURE = "docs/wake.md", "docs/wake.svg"
_SHOWN = ("warm", "no upload", "cold boot")
_BOARD = "feather_s2"
_HURRY = 16  # what phases there are does not depend on the speed

_CHECK = typer.Option("--check", help=f"Write nothing; fail when {_DOCUMENT} or {_PICTURE} is stale.")
_OF = typer.Option("--board", help="The virtual board whose wakes are drawn, a folder of boards/.", metavar="NAME")
_RUNS = typer.Option(min=1, max=100, help="How often the ordinary wake is run; the median is drawn.")


def wake(check: Annotated[bool, _CHECK] = False, board: Annotated[str, _OF] = _BOARD, runs: Annotated[int, _RUNS] = 5) -> None:
    """Make the table of settings and the timing diagram of docs/wake.md anew.

    The table comes from the schema that checks config.py, the diagram from traces of a virtual board: a model. For example:
    dormouse wake --board esp8266
    """
    root = find_root()
    possible = board_names(root)
    if board not in possible:
        raise UsageError(f"no virtual board {board!r}: there are {', '.join(possible)}")
    document, drawn = root / _DOCUMENT, root / _PICTURE
    text = made_parts.read(document)
    fresh = made_parts.filled(document, {"dormouse wake": table(settings.load_schema(root))})
    if check:
        if fresh != text:
            raise DormouseError(f"{_DOCUMENT} is stale: run dormouse wake")
        _compare(picture.wakes(made_parts.read(drawn)), _rows(root, board, 1, _HURRY))
        print(f"{_DOCUMENT} and {_PICTURE} are fresh")
        return
    rows = _rows(root, board, runs, 1)
    document.write_text(fresh, encoding="utf-8")
    drawn.write_text(picture.draw(rows, board), encoding="utf-8")
    print(f"wrote {shown(document)} and {shown(drawn)}")


def table(schema: Any) -> str:
    """The settings as a table. schema: the module node.schema."""
    lines = ["| setting | range | unit | default | what |", "|---|---|---|---|---|"]
    for row in schema.SETTINGS:
        name, kind, unit, low, high, default, note = row
        none = " or None" if kind.endswith("?") else ""
        limits = schema.allowed(row)
        if kind.rstrip("?") in ("int", "number"):
            limits = f"{low} to {high}{none}"
        elif isinstance(note, str) and limits == f"{note}, {low} to {high} bytes{none}":
            limits, unit = f"{low} to {high}{none}", "bytes"
        what = note if isinstance(note, str) and note not in limits else ""
        cells = (f"`{name}`", limits, unit, f"`{default!r}`", what)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _rows(root: Path, board: str, runs: int, speed: int) -> list[phases.Row]:
    console = Console(stderr=True)
    with console.status("a cold boot") if console.is_terminal else Console(quiet=True).status("") as status:
        found = {row.name: row for row in phases.good_wakes(root, board, runs, status.update, speed)}
    return [found[name] for name in _SHOWN]


def _compare(kept: dict[str, list[tuple[str, int]]], rows: list[phases.Row]) -> None:
    """Raise DormouseError unless a picture has the phases of these wakes, in their order."""
    for row in rows:
        was, now = [name for name, _ in kept.get(row.name, ())], [name for name, _, _ in row.phases]
        # Whether the time is asked for in an ordinary wake depends on the sleep clock.
        if [name for name in was if name != "clock"] != [name for name in now if name != "clock"]:
            raise DormouseError(f"{_PICTURE} is stale, {row.name}: it has {', '.join(was)}; a wake has {', '.join(now)}")
