"""A serial port that is only listened to, and opened again whenever it comes back.

Nothing is ever sent. The lines DTR and RTS are another matter: on boards for ESP chips two transistors make a reset of "RTS on,
DTR off", and a loader's request of "DTR on, RTS off" (esptool, "Boot Mode Selection"). A port opens with both on (Linux and
macOS switch them on together), which is neither, and the firmware's own USB sends nothing before DTR is on (TinyUSB,
tud_cdc_connected). Both off would be a reset on the way there: pyserial switches DTR first. So both stay on, and before closing
RTS goes off first. Windows' driver of the CP210x switches one after the other: there both are off at the opening, then DTR goes
on, then RTS (mpremote/transport_serial.py does the same).
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import serial

from dormouse.errors import DormouseError

_READ_S = 0.1
_LOOK_S = 0.1  # between two looks for a port that is away
_REFUSED_S = 3.0  # a port that comes back may belong to root for a moment
_REFUSALS = (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EAGAIN)


class Event(NamedTuple):
    """What happened at the port. kind: "came", "data", "idle", "gone"; at: seconds since 1970."""

    kind: str
    at: float
    data: bytes = b""
    port: str = ""


def listen(find: Callable[[], str | None], baud: int, lines: bool = True) -> Generator[Event, None, None]:
    """What happens at a board's port, for as long as it is asked.

    Arguments: find, gives the port's name, None while there is none; baud, bits a second; lines, whether DTR and RTS are on:
    False for an adapter whose RTS goes straight to the board's reset.
    Raises DormouseError when a port is there and cannot be opened.
    """
    refused_since: float | None = None
    while True:
        name = find()
        try:
            port = _open(name, baud, lines) if name else None
        except (serial.SerialException, OSError) as error:
            port = None
            if _is_refusal(error):
                refused_since = refused_since or time.monotonic()
                if time.monotonic() - refused_since > _REFUSED_S:
                    raise DormouseError(_advice(name or "", error)) from error
        if port is None:
            yield Event("idle", time.time())
            time.sleep(_LOOK_S)
            continue
        refused_since = None
        try:
            yield Event("came", time.time(), port=name or "")
            yield from _read(port)
        finally:
            _close(port)
        yield Event("gone", time.time(), port=name or "")


def _read(port: Any) -> Generator[Event, None, None]:
    """Until the port is gone."""
    while True:
        try:
            data = port.read(max(1, port.in_waiting))
        except (serial.SerialException, OSError, TypeError):  # TypeError: pyserial, closed under its hands
            return
        yield Event("data" if data else "idle", time.time(), data)


def _open(name: str, baud: int, lines: bool) -> Any:
    port = serial.serial_for_url(name, do_not_open=True, baudrate=baud, timeout=_READ_S, exclusive=True)
    late = os.name == "nt"
    port.dtr = port.rts = lines and not late
    port.open()
    if lines and late:
        port.dtr = True
        port.rts = True
    return port


def _close(port: Any) -> None:
    with contextlib.suppress(OSError):  # it is gone, or is none with such lines
        port.rts = False
        port.dtr = False
    with contextlib.suppress(OSError):
        port.close()


def _is_refusal(error: Exception) -> bool:
    return getattr(error, "errno", None) in _REFUSALS or "PermissionError" in str(error)


def _advice(name: str, error: Exception) -> str:
    if getattr(error, "errno", None) in (errno.EBUSY, errno.EAGAIN) or os.name == "nt":
        return f"{name}: another program has it (mpremote, a terminal, another dormouse logs); end that first"
    return f"{name}: not allowed; on Linux become a member of its group (ls -l {name}), dialout or uucp, and log in again"
