"""The clock of a board on a serial port, read through mpremote; then the node goes on from the beginning of a wake."""

from __future__ import annotations

import calendar
import contextlib
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from dormouse.errors import DormouseError

# time.time() has whole seconds: it is caught where one ends. time.gmtime(0) tells the port's epoch.
_PROGRAM = """\
import time
t = int(time.time())
e = time.ticks_ms()
while int(time.time()) == t and time.ticks_diff(time.ticks_ms(), e) < 1500:
    pass
print(int(time.time()), time.gmtime(0)[0])
"""
_TRY_S = 3  # for the answer of a board that is awake
_PAUSE_S = 0.2


@dataclass
class BoardClock:
    """A board's time. utc_s: seconds since 1970; at_s: this computer's at that moment; epoch: the year its time counts from."""

    port: str
    utc_s: int
    at_s: float
    epoch: int


def read(find: Callable[[], str | None], wait_s: float, missing: str) -> BoardClock:
    """A board's clock, as soon as the board can be talked to.

    Its program is interrupted for it (Ctrl-C), and then started again by a soft reset: that keeps the clock, as
    machine.reset() on an RP2040 does not.
    Arguments: find, gives the port, None while there is none; wait_s, seconds to try; missing, what to say without a port.
    Raises DormouseError.
    """
    end = time.monotonic() + wait_s
    why = missing
    while True:
        port = find()
        if port is not None:
            try:
                return _read(port)
            except (TransportError, TransportExecError, serial.SerialException, OSError, ValueError) as error:
                why = f"{port}: the board does not answer ({_short(error)}): it sleeps, or another program has the port"
        else:
            why = missing
        if time.monotonic() >= end:
            raise DormouseError(why)
        time.sleep(_PAUSE_S)


def _read(port: str) -> BoardClock:
    # mpremote prints what it could not understand.
    with contextlib.redirect_stdout(io.StringIO()):
        link = SerialTransport(port, timeout=_TRY_S)
        try:
            wire: Any = link.serial
            link.enter_raw_repl(soft_reset=False, timeout_overall=_TRY_S)
            told = link.exec(_PROGRAM).decode("ascii").split()
            at_s = time.time()
            link.exit_raw_repl()
            wire.write(b"\x04")
            wire.flush()
        finally:
            with contextlib.suppress(OSError):
                link.close()
    count, epoch = int(told[0]), int(told[1])
    return BoardClock(port, count + calendar.timegm((epoch, 1, 1, 0, 0, 0)), at_s, epoch)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:80] or type(error).__name__
