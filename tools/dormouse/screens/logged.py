"""`dormouse logs` on a port that is not there: what a node printed in five wakes, at fixed times. For its picture."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from unittest import mock

from dormouse import log_port
from dormouse.cli import main
from dormouse.log_port import Event
from dormouse.project import find_root

_AT = 1795214400.0  # 2026-11-20 22:40:00 UTC
_BOOT = "ESP-ROM:esp32s2-rc4-20191025\r\nrst:0x{} (DSLEEP),boot:0x8 (SPI_FAST_FLASH_BOOT)\r\nentry 0x4004c190\r\n"
_POWER, _SLEEP = _BOOT.format(1).replace("DSLEEP", "POWERON"), _BOOT.format(5)
_PLACE = ("node/reading.py", 'print("sensor"')  # a line of the source, wherever it is


def _traceback() -> str:
    lines = (find_root() / "src" / _PLACE[0]).read_text("utf-8").split("\n")
    number = next(n for n, line in enumerate(lines, 1) if _PLACE[1] in line)
    return f'Traceback (most recent call last):\r\n  File "{_PLACE[0]}", line {number}\r\nMemoryError: \r\n'


def _wakes() -> list[tuple[float, float, str]]:
    """When each began, how long it was, what it printed."""
    return [
        (0, 11.7, _POWER + "delivered 1\r\n"),
        (611, 0.9, _SLEEP + "delivered 1\r\n"),
        (1511, 1.1, _SLEEP + "sensor air failed: OSError(19,)\r\ndelivered 1\r\n"),
        (2411, 6.4, _SLEEP + "upload failed: LinkError no access point\r\n"),
        (3311, 2.3, _SLEEP + _traceback()),
        (4211, 0.9, _SLEEP + "delivered 2\r\n"),
    ]


def listen(_find: Callable[[], str | None], _baud: int, _lines: bool = True) -> Generator[Event, None, None]:
    """In log_port.listen's place."""
    for at, length, text in _wakes():
        yield Event("came", _AT + at, port="/dev/ttyACM0")
        yield Event("data", _AT + at + 0.2, text.encode())
        yield Event("gone", _AT + at + length, port="/dev/ttyACM0")


if __name__ == "__main__":
    with mock.patch.object(log_port, "listen", listen):
        sys.exit(main(sys.argv[1:]))
