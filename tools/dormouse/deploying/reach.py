"""The way to a board that sleeps almost always: wait until its port is there and somebody answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dormouse import serial_ports
from dormouse.deploying.link import LEASH_S, Link, NoAnswer, pulse_reset
from dormouse.errors import DormouseError
from dormouse.report import duration

_PAUSE_S = 0.2
_SHOW_EVERY_S = 15


def advice(board: dict[str, Any], wake_every_s: int) -> str:
    """How to get at this board, for somebody who waits. Arguments: board, its facts (dormouse.boards.read); wake_every_s."""
    button = "press its reset button, or plug it in anew: after that the node stays awake for 8 s"
    if board["usb"] == "native":
        return (
            f"The {board['name']}'s USB ends with each sleep, and a wake is shorter than USB takes to come up. Now {button}. "
            f"Or let the node stay awake with --wake: it hears of it within {duration(wake_every_s)}, when it uploads "
            "next. Or connect a USB-serial adapter to its UART, where the firmware has a REPL on it, and name it with --port"
        )
    return (
        f"The {board['name']}'s USB-serial chip stays while the node sleeps, but nobody listens. It is reset by the adapter's "
        f"RTS line where that is wired to it; else {button}. Or --wake"
    )


def reach(
    board: dict[str, Any],
    option: str | None,
    wait_s: float,
    show: Callable[[str], None],
    advice: str,
    each: Callable[[], None] = lambda: None,
    leash_s: float = LEASH_S,
) -> Link:
    """Wait for the board and take over.

    Arguments: board, its facts; option, what --port says; wait_s, the deadline; show, told what happens; advice, what to do,
    shown when nobody answers at once; each, called again and again meanwhile; leash_s, see link.Link.
    Raises DormouseError when nobody has answered by then, or several ports can be the board's.
    """
    end = time.monotonic() + wait_s
    told, pulsed, why = 0.0, False, serial_ports.missing(board)
    while True:
        port = serial_ports.find(board, option)
        if port and _there(port):
            try:
                return Link(port, leash_s)
            except NoAnswer as error:
                why = str(error)
            if board["usb"] == "bridge" and not pulsed:
                pulsed = True
                if pulse_reset(port):
                    show(f"nobody answers at {port}: reset by its RTS line")
                    continue
        elif port:
            why = f"there is no port {port}"
        left_s = end - time.monotonic()
        if left_s <= 0:
            raise DormouseError(f"no board within {duration(round(wait_s))}: {why}. {advice}")
        if not told:
            show(advice)
        if not told or time.monotonic() - told > _SHOW_EVERY_S:
            told = time.monotonic()
            show(f"waiting for {port or 'the ' + board['name']}, {duration(round(left_s))} left; Ctrl-C ends it")
        each()
        time.sleep(min(_PAUSE_S, left_s))


def _there(port: str) -> bool:
    # COM3, socket://...: only opening them tells.
    return not port.startswith("/") or Path(port).exists()
