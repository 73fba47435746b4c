"""The way to a board that sleeps almost always: wait until its port is there and somebody answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dormouse import serial_ports
from dormouse.deploying.link import LEASH_S, Link, NoAnswer, pulse_reset
from dormouse.errors import DormouseError
from dormouse.report import duration

_PAUSE_S = 0.2
_SHOW_EVERY_S = 15
_WINDOW_S = 8  # src/node/begin.py, with its two fifths
_MORE_S = 60


def advice(board: dict[str, Any], settings: Mapping[str, Any], asked: bool = False) -> str:
    """How to get at this board, for somebody who waits.

    Arguments: board, its facts (dormouse.boards.read); settings, the node's; asked, whether it was asked by MQTT to stay awake.
    """
    wake_s, upload_s = settings["WAKE_EVERY_S"], settings["WAKE_EVERY_S"] * settings["UPLOAD_EVERY"]
    window_s = min(_WINDOW_S, settings["MAX_AWAKE_S"] * 2 // 5)
    button, uart = serial_ports.ways(board)
    press = f"press {button}, or without a battery plug it in anew" if button else "cut its supply and give it back"
    press += f": after that the node stays awake for {window_s} s"
    hears = f"the node hears of it when it uploads next, within {duration(upload_s)}"
    if asked:
        return f"Asked to stay awake: {hears}. At once: {press}"
    wake = f"start this with --wake: {hears}"
    if board["usb"] != "native":
        return (
            f"The {board['name']}'s USB-serial chip stays while the node sleeps: it is caught in its next wake, within "
            f"{duration(wake_s)} (--wait {wake_s + _MORE_S}). At once: {press}. Or {wake}"
        )
    adapter = (
        f"Or put a USB-UART adapter to its UART ({uart}, and GND), named with --port: there it is caught in its next wake"
        if uart
        else "A USB-UART adapter does not help: its firmware listens to USB alone"
    )
    return (
        f"The {board['name']}'s USB ends with each sleep, and a wake is shorter than USB takes to come up. Now {press}. "
        f"Or {wake}. {adapter}"
    )


def reach(
    board: dict[str, Any],
    option: str | None,
    wait_s: float,
    show: Callable[[str], None],
    advice: str,
    may_knock: Callable[[], bool] = lambda: True,
    leash_s: float = LEASH_S,
) -> Link:
    """Wait for the board and take over.

    Arguments: board, its facts; option, what --port says; wait_s, the deadline; show, told what happens; advice, what to do,
    shown when nobody answers at once; may_knock, asked again and again: while it says no, the board is left alone; leash_s, see
    link.Link.
    Raises DormouseError when nobody has answered by then, or several ports can be the board's.
    """
    end = time.monotonic() + wait_s
    told, pulsed, why = 0.0, False, serial_ports.missing(board)
    while True:
        port = serial_ports.find(board, option)
        if not may_knock():
            why = "the node has not answered by MQTT that it stays awake"
        elif port and is_there(port):
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
        time.sleep(min(_PAUSE_S, left_s))


def is_there(port: str) -> bool:
    """Whether a port may be there."""
    # COM3, socket://...: only opening them tells.
    return not port.startswith("/") or Path(port).exists()
