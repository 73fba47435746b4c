"""What tells one virtual board from another: read from boards/NAME/board.toml, on top of what its port gives all of them.

Times are a model's, not measurements, unless board.toml names a source.
"""

from __future__ import annotations

import hashlib
import sys
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from .ports import CHIPS, PORTS, RADIOS, Chip, Port

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BOARDS = Path(__file__).parents[3] / "boards"


@dataclass(frozen=True, kw_only=True)
class BoardModel(Port):
    """A board: its port, and what is its own. Times in milliseconds, sizes in bytes, drift as a relative error."""

    name: str
    chip_name: str
    chip: Chip
    machine: str  # the end of os.uname()
    hostname: str
    unique_id: bytes
    flash_bytes: int  # of the file system
    whole_flash_bytes: int
    retained_bytes: int
    boot_ms: int  # power applied to the first line of main.py
    wake_boot_ms: int  # the same after a deep sleep
    radio_ms: int  # WLAN.active(True)
    associate_ms: int  # scan, authentication, 4-way handshake
    associate_bssid_ms: int  # the same with bssid given (and channel, where the port uses it)
    dhcp_ms: int
    scan_ms: int  # a scan of all channels; also the time until "no such network" is known
    auth_fail_ms: int  # until a wrong password is known
    drift: float  # of the clock that runs in deep sleep: 0.01 sleeps 1 % too long
    native_usb: bool  # the port vanishes in deep sleep
    local_names: bool  # asks for NAME.local by multicast; else there is no such name
    rail: str | None  # pin that switches the sensors' supply, as the chip names it
    pin_range: tuple[int, int]
    pins: dict[str, str] = field(default_factory=dict)  # the board's names of pins to the chip's
    i2c: list[str] = field(default_factory=list)  # its own bus: "SCL 9", "SDA 8"
    onewire: str = ""  # its own 1-Wire pin, as the board names it
    adc: dict[str, Any] = field(default_factory=dict)  # board.toml's table: what hangs on which pin


def names(boards: Path | None = None) -> list[str]:
    """The boards that there are: folders with a board.toml, sorted. boards: where they are, None: this checkout's."""
    return sorted(path.parent.name for path in (boards or BOARDS).glob("*/board.toml"))


def read(name: str, boards: Path | None = None) -> dict[str, Any]:
    """The board.toml of a board. Raises ValueError for a board that is not there, or whose file is no TOML."""
    path = (boards or BOARDS) / name / "board.toml"
    if name not in names(boards):
        raise ValueError(f"no virtual board {name!r}: there are {', '.join(names(boards))}")
    try:
        return deepcopy(_parsed(path.read_text("utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"boards/{name}/board.toml: {error}") from error


@cache
def _parsed(text: str) -> dict[str, Any]:
    # A check of a fleet reads each board dozens of times.
    return tomllib.loads(text)


def load(name: str, boards: Path | None = None) -> BoardModel:
    """The model of a board.

    name: a folder of boards/. boards: that folder's place.
    Raises ValueError for a board that is not there, or whose board.toml lacks something or names an unknown port or chip.
    """
    try:
        return _model(name, read(name, boards))
    except KeyError as error:
        raise ValueError(f"boards/{name}/board.toml: {error.args[0]!r} is missing") from error


def _model(name: str, board: dict[str, Any]) -> BoardModel:
    port, chip = PORTS.get(board["port"]), CHIPS.get(board["chip"])
    if port is None:
        raise ValueError(f"boards/{name}/board.toml: port {board['port']!r}; known: {', '.join(PORTS)}")
    if chip is None or chip.port != port.port:
        known = (chip for chip, it in CHIPS.items() if it.port == port.port)
        raise ValueError(f"boards/{name}/board.toml: chip {board['chip']!r}; known of {port.port}: {', '.join(known)}")
    numbers, pins = board["virtual"], board["pins"]
    aliases = pins.get("names", {})
    identity = numbers.get("unique_id")
    return BoardModel(
        **{**vars(port), **RADIOS[numbers.get("radio", "")]},
        name=name,
        chip_name=board["chip"],
        chip=chip,
        machine=board["firmware"]["machine"],
        hostname=board["firmware"]["hostname"],
        unique_id=bytes.fromhex(identity) if identity else hashlib.sha256(name.encode()).digest()[: port.id_bytes],
        flash_bytes=board["flash"]["filesystem_bytes"],
        whole_flash_bytes=board["flash"]["flash_bytes"],
        retained_bytes=board["sleep"]["retained_bytes"],
        native_usb=board["usb"] == "native",
        local_names=board["network"]["local_names"],
        rail=aliases.get(pins["rail"], pins["rail"]) or None,
        pin_range=chip.pin_range,
        pins=aliases,
        i2c=pins["i2c"],
        onewire=pins.get("onewire", ""),
        adc=board["adc"],
        boot_ms=numbers["boot_ms"],
        wake_boot_ms=numbers["wake_boot_ms"],
        radio_ms=numbers["radio_ms"],
        associate_ms=numbers["associate_ms"],
        associate_bssid_ms=numbers["associate_bssid_ms"],
        dhcp_ms=numbers["dhcp_ms"],
        scan_ms=numbers["scan_ms"],
        auth_fail_ms=numbers["auth_fail_ms"],
        drift=numbers["drift"],
    )
