"""``dormouse flash``: MicroPython onto a board."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dormouse import constants
from dormouse.errors import DormouseError, UsageError
from dormouse.flashing import dfu, esp, esp_image, firmware, ports, uf2
from dormouse.flashing.steps import Steps
from dormouse.project import board_names, find_root, node_file, shown
from dormouse.virtual import models

_WAIT_S = 60

_NODE = typer.Argument(help="A node, nodes/NAME.py: its BOARD. Without it, config.py's.", metavar="NAME", show_default=False)
_BOARD = typer.Option(help="The board itself, without a node: a folder of boards/.", metavar="BOARD")
_FILE = typer.Option("--firmware", help="The firmware. Without it, which one to download.", metavar="FILE")
_PORT = typer.Option(help="Serial port. Without it, the one that looks like the board's.", metavar="PORT")
_DRIVE = typer.Option(help="The boot loader's drive (RP2040). Without it, it is looked for.", metavar="FOLDER")
_BAUD = typer.Option(help="Bit/s over a USB bridge. Without it, board.toml's.", metavar="BAUD", min=9600, max=2_000_000)
_KEEP = typer.Option("--keep-files", help="Keep the board's files: erase only what the firmware covers (Espressif's chips).")
_WAIT = typer.Option(help=f"Wait this long for the board (s). Default: {_WAIT_S} on a terminal, else 0.", min=0, max=600)


def flash(
    name: Annotated[str | None, _NODE] = None,
    board: Annotated[str | None, _BOARD] = None,
    file: Annotated[Path | None, _FILE] = None,
    port: Annotated[str | None, _PORT] = None,
    drive: Annotated[Path | None, _DRIVE] = None,
    baud: Annotated[int | None, _BAUD] = None,
    keep_files: Annotated[bool, _KEEP] = False,
    wait: Annotated[int | None, _WAIT] = None,
) -> None:
    """Write MicroPython onto a board.

    The file is checked before anything is erased. Espressif's boards: with esptool; Pyboard D: with dfu-util; RP2040: by
    copying to the boot loader's drive. For example: dormouse flash greenhouse --firmware ESP32_GENERIC_S2-20251209-v1.27.0.bin
    """
    root = find_root()
    facts = models.read(_board(root, name, board), root / "boards")
    method = facts["flash"]["method"]
    _suit(facts, method, {"--port": port, "--drive": drive, "--baud": baud, "--keep-files": keep_files})
    if file is None:
        again = " ".join(filter(None, ("dormouse flash", name, f"--board {board}" if board else "", "--firmware FILE")))
        raise UsageError(f"which firmware? {facts['title']} needs {firmware.which(facts)}; then: {again}")
    steps = Steps()
    wait_s = float(wait if wait is not None else _WAIT_S if steps.watched else 0)
    data, needs = firmware.read(file, facts), 0
    if method == "esptool":
        needs = esp_image.check(file, data, facts)
        content = data
    else:
        content = (dfu if method == "dfu" else uf2).check(file, data, facts)
    found = firmware.look_into(file, content, facts)
    steps.say(f"{shown(file)}: whole; {found}")
    if why := firmware.doubt(found, facts):
        steps.say(f"look out: {why}")
    if method == "esptool":
        where = port or _port(facts, steps, wait_s)
        job = esp.Job(facts, data, needs, where, baud or facts["flash"]["baud"], keep_files)
        esp.write(job, _alike(root), steps)
        if facts["usb"] == "native":
            steps.say("If it does not start by itself, press RESET")
    elif method == "dfu":
        dfu.write(file, facts, steps, wait_s)
    else:
        uf2.write(uf2.chosen(drive, facts) if drive else _drive(facts, steps, wait_s), file, data, steps)
    steps.say(f"next: dormouse deploy {name or ''}".rstrip())


def _board(root: Path, name: str | None, board: str | None) -> str:
    """The board that is meant. Only BOARD is read: a mistake in another setting need not keep a board without firmware."""
    if name is not None and board is not None:
        raise UsageError("NAME and --board: say one of them, a node has its BOARD")
    where = "--board"
    if board is None:
        value: object = None
        for path in [root / "config.py", *([node_file(root, name)] if name else [])]:
            try:
                read = constants.read(path, shown(path))
            except OSError as error:
                raise UsageError(f"cannot read {shown(path)}: {(error.strerror or str(error)).lower()}") from error
            if read.problems and not read.constants:  # no Python: what its BOARD is nobody knows
                raise DormouseError(str(read.problems[0]))
            if "BOARD" in read.constants:
                found = read.constants["BOARD"]
                value, where = found.value, f"{found.file}:{found.line}: BOARD"
        if value is None:
            raise UsageError(f"config.py has no BOARD; allowed: {', '.join(board_names(root))}")
        board = str(value)
    if board not in board_names(root):
        raise UsageError(f"{where} {board!r}: there is no such board; there are: {', '.join(board_names(root))}")
    return board


def _suit(facts: dict[str, Any], method: str, given: dict[str, Any]) -> None:
    """Options that this board has no use for are a mistake. Raises UsageError."""
    if method == "none":
        raise UsageError(f"{facts['name']}: {facts['flash']['enter']}")
    of = {"esptool": {"--port", "--baud", "--keep-files"}, "uf2": {"--drive"}, "dfu": set[str]()}[method]
    for option, value in given.items():
        if value and option not in of:
            raise UsageError(f"{option} is not for {facts['title']}, which is written by {method}")


def _alike(root: Path) -> dict[str, list[str]]:
    """The boards by chip."""
    alike: dict[str, list[str]] = {}
    for name in models.names(root / "boards"):
        facts = models.read(name, root / "boards")
        if facts["flash"]["method"] == "esptool":
            alike.setdefault(facts["chip"], []).append(name)
    return alike


def _port(facts: dict[str, Any], steps: Steps, wait_s: float) -> str:
    how = f"{facts['title']}: {facts['flash']['enter']}"
    found = steps.wait_for(lambda: ports.look(facts).chosen(), wait_s, how)
    if found is None:
        raise DormouseError(ports.absent(facts, ports.look(facts)))
    return found


def _drive(facts: dict[str, Any], steps: Steps, wait_s: float) -> Path:
    found = steps.wait_for(lambda: uf2.find(facts), wait_s, f"{facts['title']}: {facts['flash']['enter']}")
    if found is None:
        raise DormouseError(f"no drive of a {facts['title']} in its boot loader was found. {facts['flash']['enter']}")
    return found
