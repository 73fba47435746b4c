"""``dormouse boards``: the boards that there are, and all that is known of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from dormouse import boards as facts
from dormouse import made_parts, wiring
from dormouse.errors import DormouseError, UsageError
from dormouse.project import find_root, shown

_DOCUMENT = "docs/boards.md"
_PARTS = {"table": facts.markdown_table, "each": facts.markdown_sections}
_WIDTH = 110

_NAME = typer.Argument(help="A folder of boards/; without it, a table of all.", metavar="NAME", show_default=False)
_WRITE = typer.Option("--write", help=f"Make the boards' parts of {_DOCUMENT} and the wiring pictures anew.")
_CHECK = typer.Option("--check", help=f"Write nothing; fail when {_DOCUMENT} or a picture is stale.")


def boards(
    name: Annotated[str | None, _NAME] = None, write: Annotated[bool, _WRITE] = False, check: Annotated[bool, _CHECK] = False
) -> None:
    """Show the boards, or one of them in full: pins, currents with their sources, wiring, what goes wrong.

    Everything comes from boards/NAME/board.toml. For example: dormouse boards feather_s2
    """
    root = find_root()
    if name is not None and (write or check):
        raise UsageError("--write and --check are for all boards: leave the name out")
    if write or check:
        _renew(root, check)
    elif name is None:
        _show_all(facts.every(root))
    else:
        _show(facts.read(root, name))


def _renew(root: Path, check: bool) -> None:
    every = facts.every(root)
    parts = {f"dormouse boards {part}": made(every) for part, made in _PARTS.items()}
    fresh = {root / _DOCUMENT: made_parts.filled(root / _DOCUMENT, parts)}
    fresh |= {root / "boards" / board["name"] / "wiring.svg": wiring.draw(board) for board in every}
    stale = [path for path, text in fresh.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if check:
        if stale:
            raise DormouseError(f"{', '.join(map(shown, stale))}: stale; run dormouse boards --write")
        print(f"{_DOCUMENT} and {len(every)} pictures are fresh")
        return
    for path in stale:
        path.write_text(fresh[path], encoding="utf-8")
        print(f"wrote {shown(path)}")


def _console() -> Console:
    # A narrow screen may break the lines, not take anything away.
    return Console(highlight=False, markup=False, soft_wrap=True, width=max(_WIDTH, Console().width))


def _show_all(every: list[facts.Facts]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown_too = [at for at, head in enumerate(facts.HEAD) if head != "firmware"]  # its names are too long for a screen
    for at in shown_too:
        table.add_column(facts.HEAD[at], no_wrap=facts.HEAD[at] != "what")
    for board in every:
        table.add_row(*(facts.row(board)[at] for at in shown_too), style="dim" if "not_for_batteries" in board else "")
    console = _console()
    console.print(table)
    console.print("All about one: dormouse boards NAME. How to add one: docs/boards.md.", style="dim")


def _show(board: facts.Facts) -> None:
    console = _console()

    def heading(text: str) -> None:
        console.print()
        console.print(text, style="bold cyan")

    def lines(*rows: tuple[str, str]) -> None:
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for one, other in rows:
            table.add_row(one, other)
        console.print(table)

    firmware, flash, sleep = board["firmware"], board["flash"], board["sleep"]
    console.print(f"{board['title']} ({board['name']})", style="bold")
    if "not_for_batteries" in board:
        console.print(f"Not for batteries: {board['not_for_batteries']}.", style="bold red")
    heading("Firmware and flashing")
    lines(
        ("chip", f"{board['chip']}, MicroPython's port {board['port']}; USB: {board['usb']}"),
        ("firmware", f"{', '.join([firmware['name'], *firmware['also']])}, {firmware['minimum']} or later: {firmware['page']}"),
        ("flashing", f"{flash['method']}" + (f", at {flash['offset']:#x}" if flash["method"] == "esptool" else "")),
        ("", flash["enter"]),
        ("sources", f"{firmware['source']}; {flash['source']}"),
    )
    heading("Pins")
    lines(*facts.pins(board), ("source", board["pins"]["source"]))
    heading("Supplies")
    lines(*facts.rails(board), ("source", board["rails"]["source"]))
    heading("Currents")
    for what, it in board["currents"].items():
        lines((f"{what:<9} {it['value']:>6} {it['unit']}", f"{it['kind']}: {it['source']}"))
    heading("Sleep")
    lines(
        ("longest", facts.row(board)[4]),
        ("state kept", f"{sleep['retained_bytes']} bytes"),
        ("source", sleep["source"]),
    )
    heading("Wiring")
    for wire in board["wiring"]:
        console.print(f"- {wire['what']}: {wire['how']}")
        console.print(f"  {wire['source']}", style="dim")
    heading("Before you blame the code")
    for it in board["trouble"]:
        console.print(f"- {it['symptom']} {it['cause']}\n  {it['remedy']}")
        console.print(f"  {it['source']}", style="dim")
    heading("The radio")
    for it in board["radio"]:
        console.print(f"- {it['quirk']}")
        console.print(f"  {it['source']}", style="dim")
