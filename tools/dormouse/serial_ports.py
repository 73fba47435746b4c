"""Which serial port a board is on: the one that was named, or the only one that can be it.

A board's own USB tells its maker's number. A USB-serial chip tells only what chip it is, so any board may be behind it: of
several, somebody has to choose.
"""

from __future__ import annotations

from typing import Any

from serial.tools import list_ports

from dormouse.errors import DormouseError

# The chip's own USB, by MicroPython's port: ports/esp32/mpconfigport.h (Espressif's), ports/stm32/mpconfigboard_common.h,
# ports/rp2/mpconfigport.h (Raspberry Pi's) and boards/ARDUINO_NANO_RP2040_CONNECT/mpconfigboard.h (Arduino's).
_NATIVE = {"esp32": (0x303A,), "stm32": (0xF055,), "rp2": (0x2E8A, 0x2341)}
# Silicon Labs CP210x, WCH CH34x, FTDI, Prolific: the numbers that their makers have from the USB-IF (usb.ids).
_BRIDGES = (0x10C4, 0x1A86, 0x0403, 0x067B)


def is_native(vid: int | None) -> bool:
    """Whether a USB vendor's number is that of a chip with USB of its own."""
    return any(vid in vids for vids in _NATIVE.values())


def candidates(board: dict[str, Any]) -> list[str]:
    """The ports that a board may be on, best first. Arguments: board, its facts (dormouse.boards.read)."""
    found = sorted((it.device, it.vid) for it in list_ports.comports() if it.vid is not None)
    native = _NATIVE.get(board["port"], ()) if board["usb"] == "native" else ()
    own = [device for device, vid in found if vid in native]
    # A board with USB of its own may be wired to an adapter.
    return own or [device for device, vid in found if vid in _BRIDGES]


def find(board: dict[str, Any], option: str | None) -> str | None:
    """The board's port, None when there is none now.

    Arguments: board, its facts; option, what --port says, which is taken as it is.
    Raises DormouseError when several can be it.
    """
    if option:
        return option
    found = candidates(board)
    if len(found) > 1:
        raise DormouseError(f"{', '.join(found)}: any of them may be the {board['name']}; choose one with --port")
    return found[0] if found else None


def ways(board: dict[str, Any]) -> tuple[str, str]:
    """How a board is got at: its reset button, and where a UART has its REPL; "" for none. Not every board.toml says it."""
    there = board.get("reach", {})
    return there.get("button", "its reset button"), there.get("uart", "")


def missing(board: dict[str, Any]) -> str:
    """What to do when find() finds none: words for the user."""
    if board["usb"] == "native":
        button, uart = ways(board)
        return (
            f"no serial port of a {board['name']}: its USB is there only while it is awake. "
            f"{f'Press {button}' if button else 'Cut its supply and give it back'}: it stays awake for some seconds"
            + (f"; or name the port of an adapter at its UART ({uart}) with --port" if uart else "")
        )
    return f"no serial port of a {board['name']}: plug it in with a cable that carries data, or name its port with --port"
