"""``dormouse check``: the settings, before they reach a board."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dormouse import bundle, settings
from dormouse.project import find_root
from dormouse.settings import Settings
from dormouse.virtual import models

_CONFIG = typer.Option(help="Settings to check instead of config.py.", metavar="FILE")
_NODE = typer.Option(help="Overlay the settings with the lines of nodes/NAME.py.", metavar="NAME")
_FILES = typer.Option("--files", help="List the files that this node needs on its board, with their sizes in bytes.")


def check(
    config: Annotated[Path | None, _CONFIG] = None,
    node: Annotated[str | None, _NODE] = None,
    files: Annotated[bool, _FILES] = False,
) -> None:
    """Check config.py without running it, and that everything it needs compiles.

    Each mistake is one line: file, line, setting, and what is allowed. What is allowed and yet unwise is said too.
    """
    root = find_root()
    read = settings.load(root, config, node)
    needed = bundle.files(root, read, read.text(), None)
    if files:
        for name, data in needed.items():
            print(f"{len(data):6} {name}")
    if why := _no_board_for_a_battery(root, read):
        print(f"{read.base.file}: BATTERY: {read['BOARD']} is not for batteries: {why}")
    size = sum(map(len, needed.values()))
    print(f"{read.base.file}: in order; {read['BOARD']} needs {len(needed)} files, {size} bytes, and credentials.py")


def _no_board_for_a_battery(root: Path, read: Settings) -> str | None:
    """What board.toml says against running this board from the battery that the settings have; None: nothing."""
    why: str | None = models.read(read["BOARD"], root / "boards").get("not_for_batteries")
    return why if read["BATTERY"] else None
