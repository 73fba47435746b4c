"""The board's serial port: a pseudo-terminal between mpremote, or a terminal program, and the interpreter's own REPL.

A native USB port (feather_s2, pyboard_d) vanishes in deep sleep and at a reset and comes back as a new one; a USB-UART bridge
(esp8266) stays.
"""

from __future__ import annotations

import os
import selectors
import signal
import sys
import tempfile
import tty
from pathlib import Path
from typing import TYPE_CHECKING

from .process import Process

if TYPE_CHECKING:
    from .life import Life

_CTRL_A, _CTRL_B, _CTRL_C = b"\x01", b"\x02", b"\x03"
_EINTR = signal.SIGRTMIN + 5 if sys.platform == "linux" else signal.SIGUSR1  # MP_THREAD_GC_SIGNAL


class SerialPort:
    """A pseudo-terminal that outlives the lives of a board.

    native_usb: it ends with deep sleep and with a reset of the chip.
    Attributes: path, which stays the same; raw, whether the REPL is in raw mode; interrupt, whether a Ctrl-C waits for the
    board's program to run; nudge_at, host ms, None for never: see _nudge().
    """

    def __init__(self, native_usb: bool) -> None:
        self._native_usb = native_usb
        self._folder = tempfile.TemporaryDirectory(prefix="dormouse-tty-")
        self.path = str(Path(self._folder.name) / "tty")
        self.raw = self.interrupt = False
        self.nudge_at: int | None = None
        self._master = self._slave = -1
        self._process: Process | None = None
        self._selector: selectors.BaseSelector | None = None
        self._plug()

    def _plug(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        link = Path(self.path + ".new")
        link.symlink_to(os.ttyname(self._slave))
        link.rename(self.path)

    def _unplug(self) -> None:
        if self._master >= 0:
            Path(self.path).unlink()
            os.close(self._master)
            os.close(self._slave)
            self._master = -1

    def attach(self, process: Process, selector: selectors.BaseSelector) -> None:
        """A life begins, or its interpreter is a new one."""
        if self._master < 0:
            self._plug()
        if self._selector is None:
            selector.register(self._master, selectors.EVENT_READ, "serial")
        self._process, self._selector = process, selector

    def detach(self, restarted: bool) -> None:
        """The life is over. restarted: the chip is, not only the interpreter."""
        if self._selector is not None:
            self._selector.unregister(self._master)
        self._process = self._selector = None
        if restarted:
            self.raw = False
            if self._native_usb:
                self._unplug()

    def input(self, life: Life) -> None:
        """Pass on what the other side typed."""
        try:
            data = os.read(self._master, 4096)
        except (BlockingIOError, OSError):
            return
        process = self._process
        if process is None or process.pipes.input is None:
            return
        for i in range(len(data)):
            byte = data[i : i + 1]
            if byte == _CTRL_C:
                self.interrupt = True
                self.deliver(life)
                continue
            if byte in (_CTRL_A, _CTRL_B):
                self.raw = byte == _CTRL_A
            self._write(byte)

    def _write(self, data: bytes) -> None:
        if self._process is not None and self._process.pipes.input is not None:
            try:
                os.write(self._process.pipes.input, data)
            except BrokenPipeError:
                pass

    def deliver(self, life: Life) -> None:
        """Pass a Ctrl-C on as soon as the board's program can take it."""
        if self._process is None or not life.running():
            return
        self.interrupt = False
        if _takes(self._process.pid, signal.SIGINT):
            # While a program runs nobody reads the input: the interpreter wants a signal. It installs its handler only for
            # that time; before, the signal would end the process.
            os.kill(self._process.pid, signal.SIGINT)
        else:
            self._write(_CTRL_C)

    def next_due(self, settled: int) -> list[int]:
        """When due() is wanted next, host ms. settled: when the program can take a Ctrl-C."""
        return [settled] * self.interrupt + ([] if self.nudge_at is None else [self.nudge_at])

    def due(self, life: Life, now: int) -> None:
        """What waits: a Ctrl-C for a program that can take it, callbacks for a prompt that sits in a read()."""
        self._nudge(life, now)
        if self.interrupt:
            self.deliver(life)

    def _nudge(self, life: Life, now: int) -> None:
        # A timer was due a moment ago: let the prompt, too, run what it has scheduled.
        if self.nudge_at is None or now < self.nudge_at or self._process is None:
            return
        self.nudge_at = None
        if life.wake.reason == "repl" and _takes(self._process.pid, _EINTR):
            # A board's prompt polls for input and runs callbacks meanwhile (MICROPY_EVENT_POLL_HOOK). The unix port sits in a
            # read(), and runs them when a signal ends that: the one of its collector does nothing else when it comes from
            # outside (ports/unix/mpthreadport.c).
            os.kill(self._process.pid, _EINTR)

    def output(self, data: bytes) -> None:
        """Show what the board wrote; it is lost when nobody takes it, as on a real port."""
        try:
            os.write(self._master, data)
        except (BlockingIOError, OSError):
            pass

    def close(self) -> None:
        self._unplug()
        self._folder.cleanup()


def _takes(pid: int, number: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True  # no /proc (macOS): the caller knows that a program runs
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)
