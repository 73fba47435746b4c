"""``dormouse homeassistant``: the entities that a node has in Home Assistant, before anything is deployed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dormouse import made_parts, settings
from dormouse.homeassistant import discovery
from dormouse.homeassistant.entities import Entity, entities
from dormouse.project import find_root

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
    made_parts.settle({root / _DOCUMENT: filled(root)}, check, "dormouse homeassistant --write")


def filled(root: Path) -> str:
    """The document with a fresh table. Raises UsageError where it has no place for it."""
    read = settings.load(root, node=_EXAMPLE)
    return made_parts.filled(root / _DOCUMENT, {"dormouse homeassistant": table(entities(root, read.values))})


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
