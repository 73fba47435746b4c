"""``dormouse check``: the settings, before they reach a board."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dormouse import bundle, settings
from dormouse.project import find_root

_CONFIG = typer.Option(help="Settings to check instead of config.py.", metavar="FILE")
_NODE = typer.Option(help="Overlay the settings with the lines of nodes/NAME.py.", metavar="NAME")
_FILES = typer.Option("--files", help="List the files that this node needs on its board, with their sizes in bytes.")


def check(
    config: Annotated[Path | None, _CONFIG] = None,
    node: Annotated[str | None, _NODE] = None,
    files: Annotated[bool, _FILES] = False,
) -> None:
    """Check config.py without running it, and that everything it needs compiles.

    Each mistake is one line: file, line, setting, and what is allowed.
    """
    root = find_root()
    read = settings.load(root, config, node)
    needed = bundle.files(root, read, read.text(), None)
    if files:
        for name, data in needed.items():
            print(f"{len(data):6} {name}")
    size = sum(map(len, needed.values()))
    print(f"{read.base.file}: in order; {read['BOARD']} needs {len(needed)} files, {size} bytes, and credentials.py")
