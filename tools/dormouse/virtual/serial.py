"""The board's serial port: a pseudo-terminal between mpremote, or a terminal program, and the interpreter's own REPL.

A native USB port (feather_s2, pyboard_d) vanishes in deep sleep and at a reset and comes back as a new one; a USB-UART bridge
(esp8266) stays.
"""

from __future__ import annotations

import contextlib
import os
import platform
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

_CTRL_A, _CTRL_B, _CTRL_C, _CTRL_D = b"\x01", b"\x02", b"\x03", b"\x04"
_ANSWERED_MS = 1000
_STILL_MS, _LOOK_MS = 500, 1
_FUTEX = "98" if platform.machine() == "aarch64" else "202"
_EINTR = signal.SIGRTMIN + 5 if sys.platform == "linux" else signal.SIGUSR1  # MP_THREAD_GC_SIGNAL


class SerialPort:
    """A pseudo-terminal that outlives the lives of a board.

    native_usb: it ends with deep sleep and with a reset of the chip.
    Attributes: path, which stays the same; raw, whether the REPL is in raw mode; interrupt, whether a Ctrl-C waits for the
    board's program to run; nudge_at, host ms, None for never: see _nudge(); pull_after, the number of Ctrl-D (each ends a
    command in raw mode) that still arrive before the one with which the cable is pulled, None for never; battery, whether the
    board goes on then: it has heard that one, too.
    """

    def __init__(self, native_usb: bool) -> None:
        self._native_usb = native_usb
        self._folder = tempfile.TemporaryDirectory(prefix="dormouse-tty-")
        self.path = str(Path(self._folder.name) / "tty")
        self.raw = self.interrupt = False
        self.nudge_at: int | None = None
        self.pull_after: int | None = None
        self.battery = True
        self._struck_at: int | None = None
        self._asked_at = self._again_at = 0
        self._held = b""  # typed, and not passed on
        self._asleep = False
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
            if self._asleep:
                self._lose()
                self._held, self.interrupt = b"", False
            self._asleep = False
            selector.register(self._master, selectors.EVENT_READ, "serial")
        self._process, self._selector, self._struck_at = process, selector, None

    def detach(self, restarted: bool) -> None:
        """The life is over. restarted: the chip is, not only the interpreter."""
        if self._selector is not None and self._master >= 0:
            self._selector.unregister(self._master)
        self._process = self._selector = None
        if restarted:
            self.raw = False
            self._asleep = True
            if self._native_usb:
                self._unplug()

    def input(self, life: Life) -> None:
        """Pass on what the other side typed."""
        try:
            self._held += os.read(self._master, 4096)
        except (BlockingIOError, OSError):
            return
        self._feed(life)

    def _feed(self, life: Life) -> None:
        """Pass on what is held, in its order: what comes after a Ctrl-C waits with it."""
        while self._held and not self.interrupt:
            byte, self._held = self._held[:1], self._held[1:]
            if byte == _CTRL_D and self.pull_after is not None:
                self.pull_after -= 1
                if self.pull_after < 0:
                    if self.battery:
                        self._write(byte)
                    self._pull(life)
                    return
            if byte == _CTRL_C:
                self.interrupt = True
                self.deliver(life)
                continue
            if byte in (_CTRL_A, _CTRL_B):
                self.raw = byte == _CTRL_A
            self._write(byte)

    def _lose(self) -> None:
        """What came while the board slept: nobody has read it."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._master, 65536)

    def _pull(self, life: Life) -> None:
        self.pull_after = None
        if self._selector is not None:
            self._selector.unregister(self._master)
            self._selector = None
        self._unplug()
        if not self.battery:
            life.finish("killed", "supervisor", reason="power cut")

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
        if self._struck_at is not None and life.host_ms() < self._struck_at + _ANSWERED_MS:
            return  # a board only notes it twice; the unix port dies of a second one that comes before the first is answered
        now = life.host_ms()
        self._asked_at = self._asked_at or now
        if not _is_still(self._process.pid) and now < self._asked_at + _STILL_MS:
            # The unix port raises in the middle of whatever it does (MICROPY_ASYNC_KBD_INTR), and from the collector leaves its
            # heap locked for good; a board raises between two bytecodes. While it waits for something, nothing is torn.
            self.interrupt, self._again_at = True, now + _LOOK_MS
            return
        self._asked_at = 0
        if _takes(self._process.pid, signal.SIGINT):
            # While a program runs nobody reads the input: the interpreter wants a signal. It installs its handler only for
            # that time; before, the signal would end the process.
            self._struck_at = now
            os.kill(self._process.pid, signal.SIGINT)
        else:
            self._write(_CTRL_C)

    def next_due(self, settled: int) -> list[int]:
        """When due() is wanted next, host ms. settled: when the program can take a Ctrl-C."""
        return [max(settled, self._again_at)] * self.interrupt + ([] if self.nudge_at is None else [self.nudge_at])

    def due(self, life: Life, now: int) -> None:
        """What waits: a Ctrl-C for a program that can take it, callbacks for a prompt that sits in a read()."""
        self._nudge(life, now)
        if self.interrupt and now >= self._again_at:
            self.deliver(life)
            self._feed(life)

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
        self._struck_at = None
        try:
            os.write(self._master, data)
        except (BlockingIOError, OSError):
            pass

    def close(self) -> None:
        self._unplug()
        self._folder.cleanup()


def _is_still(pid: int) -> bool:
    """Whether the program waits for something in the system; a futex is what the collector waits at, for other threads."""
    try:
        call = Path(f"/proc/{pid}/syscall").read_text().split()
    except OSError:
        return True  # no /proc (macOS), or not allowed
    return call[:1] not in (["running"], [_FUTEX])


def _takes(pid: int, number: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True  # no /proc (macOS): the caller knows that a program runs
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)
