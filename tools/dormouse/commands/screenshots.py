"""``dormouse screenshots``: the pictures of docs/screens, made anew from the commands themselves."""

from __future__ import annotations

from typing import Annotated

import typer

from dormouse.errors import DormouseError
from dormouse.project import find_root, shown

_FOLDER = "docs/screens"
_NAMES = typer.Argument(help="Only these: boards, check, deploy, logs, new, upgrade.", metavar="NAME", show_default=False)
_CHECK = typer.Option("--check", help="Write nothing; fail when a picture is stale.")


def screenshots(
    names: Annotated[list[str] | None, _NAMES] = None,
    check: Annotated[bool, _CHECK] = False,
) -> None:
    """Make the pictures of docs/screens anew: what commands print on a terminal. Linux and macOS, from a git checkout.

    Each command is really run, in a copy of the template, with a made-up node; deploy with a virtual board at its port.
    For example: dormouse screenshots --check boards
    """
    root = find_root()
    try:
        from dormouse.screens import picture, scenes
    except ImportError as error:
        raise DormouseError(f"screenshots need a pseudo-terminal, which this system has not ({error.name})") from error
    stale = []
    for name in names or scenes.SCENES:
        made = picture.svg(name, f"dormouse {name}", scenes.play(name))
        path = root / _FOLDER / f"{name}.svg"
        there = path.read_text("utf-8") if path.is_file() else ""
        # Releases of rich lay out the same words differently.
        same = picture.words(there) == picture.words(made) if check else there == made
        if same:
            print(f"{shown(path)}: as it should be")
        elif check:
            stale.append(shown(path))
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(made, "utf-8", newline="\n")
            print(f"{shown(path)}: written")
    if stale:
        raise DormouseError(f"{', '.join(stale)}: stale; dormouse screenshots makes it anew")
