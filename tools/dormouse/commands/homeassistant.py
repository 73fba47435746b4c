"""``dormouse homeassistant``: the entities that a node has in Home Assistant, before anything is deployed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dormouse import settings
from dormouse.errors import DormouseError, UsageError
from dormouse.homeassistant import discovery
from dormouse.homeassistant.entities import Entity, entities
from dormouse.project import find_root, shown

_DOCUMENT = "docs/homeassistant.md"
_EXAMPLE = "example_weather"  # of nodes/, for the document's table
_HEAD = ("entity", "kind", "unit", "device class", "state class", "goes when no reading comes")
_NAME = typer.Argument(help="The node: nodes/NAME.py over config.py. Without it: config.py alone.", metavar="NAME")
_CONFIG = typer.Option(help="Settings to use instead of config.py.", metavar="FILE")
_MESSAGES = typer.Option("--messages", help="Print the messages themselves, as a deploy copies them to the board.")
_WRITE = typer.Option("--write", help=f"Make the table of {_DOCUMENT} anew.")
_CHECK = typer.Option("--check", help=f"Write nothing; fail when {_DOCUMENT} is stale.")


def homeassistant(
    name: Annotated[str | None, _NAME] = None,
    config: Annotated[Path | None, _CONFIG] = None,
    messages: Annotated[bool, _MESSAGES] = False,
    write: Annotated[bool, _WRITE] = False,
    check: Annotated[bool, _CHECK] = False,
) -> None:
    """Print which entities a node has in Home Assistant, with SERVICE = "homeassistant".

    For example: dormouse homeassistant greenhouse
    """
    root = find_root()
    if not write and not check:
        read = settings.load(root, config, name)
        print(discovery.text(root, read).decode() if messages else table(entities(root, read.values)), end="")
        return
    document = root / _DOCUMENT
    try:
        text = document.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {shown(document)}: {error.strerror}") from error
    fresh = filled(root, text)
    if check:
        if fresh != text:
            raise DormouseError(f"{_DOCUMENT} is stale: run dormouse homeassistant --write")
        print(f"{_DOCUMENT} is fresh")
        return
    document.write_text(fresh, encoding="utf-8")
    print(f"wrote {shown(document)}")


def filled(root: Path, text: str) -> str:
    """The document with a fresh table. Raises UsageError where it has no place for it."""
    begin, end = "<!-- dormouse homeassistant: begin -->\n", "<!-- dormouse homeassistant: end -->"
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise UsageError(f"{_DOCUMENT} has no lines {begin.strip()} and {end}")
    read = settings.load(root, node=_EXAMPLE)
    return f"{before}{begin}{table(entities(root, read.values))}{end}{after}"


def table(found: list[Entity]) -> str:
    """The entities as a table in Markdown."""
    rows = [_row(entity) for entity in found]
    lines = ["| " + " | ".join(_HEAD) + " |", "|" + "---|" * len(_HEAD)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def _row(entity: Entity) -> tuple[str, ...]:
    meaning: Any = entity.meaning
    kind = f"{entity.component}, {entity.category}" if entity.category else entity.component
    cells = (meaning.name, kind, meaning.unit, meaning.device_class, meaning.state_class, "yes" if entity.expires else "no")
    return tuple(cell or "" for cell in cells)
