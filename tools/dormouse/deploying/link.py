"""A board at the end of a serial port, by mpremote's own transport: run a script there, write a file, restart.

While it listens to the PC the board does not sleep. So it is on a leash: a timer restarts it when the PC has been silent for
too long (a pulled cable, a killed process), and it is a node again.
"""

from __future__ import annotations

import contextlib
import io
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from dormouse.errors import DormouseError

BAUD = 115200  # every MicroPython port's REPL; native USB does not care
LEASH_S = 60
_CHUNK = 512  # bytes of a file at a time: an ESP8266's heap has room for a few times as much
_SILENT_S = 10
_KNOCK_S = 4
_AGAIN_S = 0.25  # between two knocks: a wake is short, and what comes before it nobody reads
_ESPTOOL_RESET_S = 0.1  # esptool/reset.py, HardReset

# ESP32 has hardware timers 0 to 3 only (ports/esp32/machine_timer.c); the others take -1 for one in software.
_LEASH = """
import machine, os, sys
def _bite(t):
 machine.reset()
_timer = machine.Timer(0 if sys.platform == "esp32" else -1)
def _leash():
 _timer.init(mode=machine.Timer.ONE_SHOT, period={}, callback=_bite)
_leash()
"""
_RESTART = "import machine, time\ntime.sleep_ms(100)\nmachine.reset()"  # as `mpremote reset`


class NoAnswer(DormouseError):
    """There is no board at this port now, or it sleeps."""


class LinkLost(DormouseError):
    """The board was there and is not any more."""


class Link:
    """A board that has stopped its program and listens. Arguments: port, its name; leash_s, seconds of silence it bears.

    Raises NoAnswer when the port cannot be opened or nobody answers.
    """

    def __init__(self, port: str, leash_s: float = LEASH_S, knock_s: int = _KNOCK_S) -> None:
        self.port = port
        self._open = self._lost = False
        with _quiet():
            try:
                self._transport = SerialTransport(port, BAUD, timeout=_SILENT_S)
            except (TransportError, OSError) as error:
                raise NoAnswer(f"{port} cannot be opened: is another program using it, or may you not? ({error})") from error
            try:
                setattr(self._transport.serial, "write_timeout", _SILENT_S)  # noqa: B010  mpremote may wrap the port
                self._knock(knock_s)
                # With a soft reset: the heap of the program that ran is free again.
                self._transport.enter_raw_repl(soft_reset=True, timeout_overall=knock_s)
                self._transport.exec(_LEASH.format(round(leash_s * 1000)))
            except (TransportError, OSError, struct.error) as error:
                self._close()
                raise NoAnswer(f"nobody answers at {port}: {_why(error)}") from error
            except BaseException:
                self._close()
                raise
        self._open = True

    def _knock(self, knock_s: float) -> None:
        """Type Ctrl-C, and Ctrl-B for a prompt that was left in raw mode, until there is a prompt. Raises TransportError."""
        line: Any = self._transport.serial  # mpremote may wrap the port
        end = time.monotonic() + knock_s
        while time.monotonic() < end:
            line.write(b"\r\x03\x02")
            again = time.monotonic() + _AGAIN_S
            while time.monotonic() < again:
                if line.in_waiting:
                    # What is typed next must not meet a program that is just being ended.
                    self._transport.read_until(1, b">>> ", timeout=1, timeout_overall=1)
                    return
                time.sleep(0.01)
        raise TransportError("it is silent")

    def run(self, script: str) -> str:
        """Run a script on the board; what it printed. Raises DormouseError when it fails there, LinkLost."""
        with self._talking():
            return bytes(self._transport.exec("_leash()\n" + script)).decode("utf-8", "replace")

    def read(self, path: str) -> bytes:
        """A file's content. Raises DormouseError, LinkLost."""
        with self._talking():
            return bytes(self._transport.fs_readfile(path))

    def write(self, path: str, content: bytes, progress: Callable[[int], None] | None = None) -> None:
        """Write a file. progress: called with the bytes so far. Raises DormouseError, LinkLost."""
        with self._talking():
            self._transport.exec("_leash()")
            report = (lambda done, _size: progress(done)) if progress else None
            self._transport.fs_writefile(path, content, chunk_size=_CHUNK, progress_callback=report)

    def restart(self) -> None:
        """Reset the board, which then is a node again, and let go of the port. Never raises: the leash does it else."""
        if self._open:
            self._open = False
            with contextlib.suppress(TransportError, OSError, struct.error), _quiet():
                self._transport.exec_raw_no_follow(_RESTART)
                time.sleep(0.1)  # until it is sent
            self._close()

    def abandon(self) -> None:
        """As restart(), from the middle of a conversation; a board that is gone is left to its leash."""
        if self._lost:
            self.close()
        if self._open:
            try:
                with _quiet():
                    self._transport.serial.write(b"\x03\x03")
                    self._transport.enter_raw_repl(soft_reset=False, timeout_overall=_KNOCK_S)
            except (TransportError, OSError, struct.error):
                self.close()
            self.restart()

    def close(self) -> None:
        """Let go of the port without a word: the board's leash ends the conversation."""
        self._open = False
        self._close()

    def _close(self) -> None:
        # A pseudo-terminal has no DTR, a port that has vanished has nothing at all.
        with contextlib.suppress(OSError):
            self._transport.close()
        with contextlib.suppress(OSError):
            self._transport.serial.close()

    @contextlib.contextmanager
    def _talking(self) -> Iterator[None]:
        try:
            with _quiet():
                yield
        except TransportExecError as error:
            lines = error.error_output.strip().splitlines()
            raise DormouseError(f"the board says: {lines[-1] if lines else 'an error without a text'}") from error
        except (TransportError, serial.SerialException, struct.error) as error:
            self._lost = True
            raise LinkLost(f"the board at {self.port} is gone: {_why(error)}") from error
        except OSError as error:
            # The file system's, which mpremote has turned into ours, or the port's.
            if error.args and isinstance(error.args[-1], str) and error.args[-1].startswith(("/", ".")):
                raise DormouseError(f"the board says: {error}") from error
            self._lost = True
            raise LinkLost(f"the board at {self.port} is gone: {_why(error)}") from error


def pulse_reset(port: str) -> bool:
    """Reset the board behind a USB-serial chip by RTS, as esptool does; False where the port has no such line."""
    try:
        with serial.Serial(port, BAUD) as line:
            line.dtr = False
            line.rts = True
            time.sleep(_ESPTOOL_RESET_S)
            line.rts = False
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # mpremote prints what it did not expect.
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def _why(error: Exception) -> str:
    text = str(error).splitlines()
    return text[0] if text and not isinstance(error, struct.error) else "it stopped in the middle of an answer"
