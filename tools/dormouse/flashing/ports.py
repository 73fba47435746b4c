"""Which serial port a board is on: by its USB numbers, among the ports that pyserial lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dormouse.errors import UsageError

_ESPRESSIF = 0x303A
# A chip in its ROM loader. 0x1001: the USB-Serial-JTAG unit, which is there in any case and which esptool can reset;
# else the PID is the chip's image number (esptool 5.6 loader.py, uses_usb_otg; espressif/usb-pids).
_LOADER_PIDS = {
    "esp32s2": (0x0002,),
    "esp32s3": (0x0009, 0x1001),
    "esp32c3": (0x1001,),
    "esp32c6": (0x1001,),
    "esp32h2": (0x1001,),
}
_BRIDGES = {0x10C4: "CP210x", 0x1A86: "CH340 or CH9102", 0x0403: "FTDI", 0x067B: "PL2303", 0x303A: "Espressif"}


@dataclass(frozen=True)
class Ports:
    """Serial ports: those that the board can be on, and the others, which may be it all the same."""

    fit: list[str]
    others: list[str]  # each with what is known of it

    def chosen(self) -> str | None:
        """The port when there is one. None: there is none. Raises UsageError when there are several."""
        if len(self.fit) > 1:
            raise UsageError(f"several boards are connected ({', '.join(self.fit)}): say which with --port")
        return self.fit[0] if self.fit else None


def look(board: dict[str, Any], listed: list[Any] | None = None) -> Ports:
    """The ports that a board can be flashed by.

    Arguments: board, its board.toml; listed, pyserial's ports (default: those of this computer now).
    A board with native USB shows its chip's loader; one with a bridge, the bridge.
    """
    if listed is None:
        from serial.tools import list_ports

        listed = list(list_ports.comports())
    fit, others = [], []
    for port in sorted(listed, key=lambda port: str(port.device)):
        if board["usb"] == "native":
            fits = port.vid == _ESPRESSIF and port.pid in _LOADER_PIDS.get(board["chip"], ())
        else:
            fits = port.vid in _BRIDGES and port.vid != _ESPRESSIF
        if fits:
            fit.append(str(port.device))
        elif port.vid is not None:
            others.append(f"{port.device} ({_BRIDGES.get(port.vid, 'USB')} {port.vid:04x}:{port.pid:04x})")
    return Ports(fit, others)


def absent(board: dict[str, Any], ports: Ports) -> str:
    """What the user is told when there is no port: how to get the board into its boot loader, which no tool can do for him."""
    text = f"no {board['title']} in its boot loader was found"
    if board["usb"] != "native":
        text = f"no serial port of a {board['title']} was found: a cable without data wires, a missing driver?"
    others = f" Other ports: {', '.join(ports.others)}: if it is one of them, say --port." if ports.others else ""
    return f"{text}. {board['flash']['enter']}{others}"
