"""One life of the board: from power applied, or the end of a sleep, to the next sleep, reset or death. An event loop around
the board's process: its requests, its output, its timers and watchdog, the time server, the serial port.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import time
from typing import TYPE_CHECKING

from .calls import CALLS
from .edges import Edges
from .process import Process
from .timers import Timers
from .wake import TracebackFilter, Wake
from .watchdogs import Watchdogs
from .wifi import Wifi
from .wire import Decoder, Refused, Request, answer

if TYPE_CHECKING:
    from . import i2c
    from .board import VirtualBoard


_SETTLED_MS = 5


class Life:
    """Runs one life. board: the virtual board. cap_s: seconds of host time after which it is killed. raw: no main.py."""

    def __init__(self, board: VirtualBoard, cap_s: float, raw: bool = False) -> None:
        self.board = board
        self.wake = Wake(board.wakes, board.cause_name())
        self.timers = Timers()
        self.pins: dict[str, int] = {}
        self.edges = Edges(self)
        self.buses: list[i2c.Bus] = []  # machine.I2C objects, by their number
        self.watchdogs = Watchdogs(board, self.host_ms)
        self.memory_address: int | None = None
        self.delay_ms = 0  # before the next answer
        self.nap_ms = 0  # of light sleep that was skipped, and not yet taken off the clock
        self.raw = raw
        self._done = False
        self._output = bytearray()
        self._filter = TracebackFilter()
        self._marks: list[tuple[str, int]] = []
        self.boot_ms = (board.model.boot_ms if board.cause != "deepsleep" else board.model.wake_boot_ms) // board.speed
        self._start = self.host_ms()
        self._main: int | None = None
        self._cap = self.host_ms() + round(cap_s * 1000)
        self._delayed: list[tuple[int, bytes]] = []
        self._flash_before = board.flash.writes
        self.wifi = Wifi(board.model, board.world.wifi, self.host_ms, board.speed, board.sdk)
        self._again = False
        self.process = self._spawn()

    @staticmethod
    def host_ms() -> int:
        """Milliseconds of the host's monotonic clock: the board's ticks are the same ones."""
        return time.monotonic_ns() // 1_000_000

    def rail(self) -> bool:
        """Whether the sensors' supply is on."""
        rail = self.board.model.rail
        return rail is None or self.pins.get(rail, 0) == 1

    # What the calls report.

    def in_progress(self) -> bool:
        """Whether the board's time has begun: a soft reset in raw mode starts another interpreter within a life."""
        return bool(self._marks)

    def started(self, used: int, free: int) -> None:
        """The first line of main.py is next: the board's time begins."""
        self._main = self.host_ms()
        self.board.heap_seen = used, free
        self.board.clock.hold()
        if self._marks:  # another interpreter of the same life
            return
        if not self.raw:
            # Starting the interpreter took the supervisor's time; the board's boot takes what the model says.
            self.board.clock.skip(self.boot_ms)
        if self.board.realtime:
            self.delay_ms = self.boot_ms
            self._main += self.boot_ms
        self._marks = [("boot", self._main - self.boot_ms)]
        self._end_phase(self._main)
        self._marks.append(("start", self._main))
        self.watchdogs.feed()
        self.show_link()

    def mark(self, phase: str, ticks: int, free: int) -> None:
        """A phase begins. ticks: milliseconds of the host's clock. free: bytes of heap."""
        if phase != self._marks[-1][0]:  # "start" begins with main.py's first line, before it can be marked
            self._end_phase(ticks)
            self._marks.append((phase, ticks))
        if self.wake.heap_low < 0 or free < self.wake.heap_low:
            self.wake.heap_low = free

    def _end_phase(self, ticks: int) -> None:
        if not self._marks:
            return
        name, start = self._marks[-1]
        phase = (name, start - self._marks[0][1], ticks - start)
        self.wake.phases.append(phase)
        self.board.event(
            {"event": "phase", "wake": self.wake.number, "phase": name, "start_ms": phase[1], "length_ms": phase[2]}
        )

    def show_link(self) -> None:
        """Let the board see the radio's state."""
        self.process.link(self.wifi.connected(), self.wifi.status())

    def keep(self, data: bytes) -> None:
        """The board wrote its retained memory."""
        if data != self.board.retained:
            self.wake.retained_writes += 1
        self.board.retained = data

    def at_repl(self) -> bytes:
        """main.py has ended and the board did not sleep: the REPL has it, and somebody at the serial port may."""
        if self.board.serial is None:
            self.finish("repl")
        else:
            self.wake.reason = "repl"
        return b""

    def finish(
        self, ended: str, by: str = "node", *, sleep_us: int | None = None, reason: str = "", at: int | None = None
    ) -> bytes:
        """The life ends now, or ended at a host time."""
        if not self._done:
            self._done = True
            now = self.host_ms() if at is None else at
            self.wake.ended, self.wake.by, self.wake.reason = ended, by, reason or self.wake.reason
            self.wake.sleep_ms = None if sleep_us is None or sleep_us < 0 else sleep_us // 1000
            started = self._marks[0][1] if self._marks else self._start
            self.wake.awake_ms = now - started
            self._end_phase(now)
            self.board.clock.tick()
        return b""

    def run(self) -> Wake:
        """Run to the end. Returns what it came to; the process is dead then."""
        with selectors.DefaultSelector() as selector:
            try:
                self._one(selector)
                while self._again:
                    self._again, self.raw, self._main = False, True, None
                    self.board.clock.tick()
                    self.board.soften()
                    self.process.end()
                    self.timers.clear()
                    self.edges.clear()
                    self.process = self._spawn()
                    assert self.process.pipes.input is not None
                    os.write(self.process.pipes.input, b"\x01")
                    self._one(selector)
            finally:
                self._bury()
        return self.wake

    def _spawn(self) -> Process:
        board = self.board
        return Process(board.command, board.model.port, board.flash.fd, board.heap_argument(), board.serial is not None)

    def _one(self, selector: selectors.BaseSelector) -> None:
        # One process; a soft reset in raw mode starts another within the same life.
        pipes, serial = self.process.pipes, self.board.serial
        decoder = Decoder()
        selector.register(pipes.requests, selectors.EVENT_READ, "requests")
        selector.register(pipes.output, selectors.EVENT_READ, "output")
        if self.board.ntp.sock not in selector.get_map():
            selector.register(self.board.ntp.sock, selectors.EVENT_READ, "ntp")
        if serial is not None:
            serial.attach(self.process, selector)
        while not self._done and not self._again:
            for key, _ in selector.select(self._wait_s()):
                if key.data == "requests":
                    for request in decoder.feed(self._read(pipes.requests)):
                        self._call(request)
                elif key.data == "output":
                    if not self._take_output():
                        self._exited()
                elif key.data == "ntp":
                    self.board.ntp.serve()
                elif serial is not None:
                    serial.input(self)
            self._due()
        selector.unregister(pipes.requests)
        selector.unregister(pipes.output)

    def _read(self, fd: int) -> bytes:
        try:
            return os.read(fd, 65536)
        except BlockingIOError:
            return b""

    def _call(self, request: Request) -> None:
        if self._done:
            return
        self.delay_ms = 0
        if self.nap_ms and request.name not in ("nap", "mem.set", "reset"):
            self.board.clock.skip(self.nap_ms)
            self.nap_ms = 0
        try:
            faults = self.board.faults
            payload = faults.serve(self, request) if faults else CALLS[request.name](self, request.payload)
            if payload is None:
                self.watchdogs.stuck()
                return
            reply = answer(request, payload)
        except Refused as refused:
            reply = answer(request, refused=refused)
        if self._done:
            return  # it never hears of it
        if self.delay_ms:
            self._delayed.append((self.host_ms() + self.delay_ms, reply))
        else:
            self._answer(reply)

    def _answer(self, reply: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self.process.pipes.answers, reply)

    def _take_output(self) -> bool:
        try:
            data = os.read(self.process.pipes.output, 65536)
        except BlockingIOError:
            return True
        shown = self._filter.feed(data)
        self._output += shown
        if self.board.serial is not None and shown:
            self.board.serial.output(shown)
        return bool(data)

    def _exited(self) -> None:
        if self._done:
            return
        serial = self.board.serial
        if serial is not None and self._main is not None:
            # Ctrl-D at the REPL, or SystemExit typed there. In raw mode the firmware goes back to it without main.py.
            serial.output(b"MPY: soft reboot\r\n")
            if serial.raw:
                self._again = True
            else:
                self.finish("soft_reset")
        else:
            self.finish("crashed", "supervisor", reason=f"the interpreter exited: {self.process.exited()}")

    def _wait_s(self) -> float:
        times: list[float] = [self._cap, *(due for due, _ in self._delayed)]
        timers = self.timers.next_due() if self.watchdogs.interrupts else None
        next_ones = (timers, self.watchdogs.next_due(), self.wifi.next_change(), self.edges.next_due())
        times += [t for t in next_ones if t is not None]
        if self.board.serial is not None and self._main is not None:
            times += self.board.serial.next_due(self._main + _SETTLED_MS)
        return max(0, min(times) - self.host_ms()) / 1000

    def _due(self) -> None:
        now, serial = self.host_ms(), self.board.serial
        for item in [d for d in self._delayed if d[0] <= now]:
            self._delayed.remove(item)
            self._answer(item[1])
        if self.watchdogs.interrupts and (keys := self.timers.due(now)):
            os.write(self.process.pipes.timers, keys)
            if serial is not None:
                serial.nudge_at = now + _SETTLED_MS
        if keys := self.edges.due(now, self.watchdogs.interrupts):
            os.write(self.process.pipes.timers, keys)
        if serial is not None:
            serial.due(self, now)
        change = self.wifi.next_change()
        if change is not None and change <= now:
            self.show_link()
        bites = self.watchdogs.next_due()
        if bites is not None and bites <= now:
            self.finish("watchdog", "supervisor")
        elif now >= self._cap:
            repl = self.wake.reason == "repl"
            self.finish("repl" if repl else "killed", "node" if repl else "supervisor", reason="" if repl else "host time")

    def running(self) -> bool:
        """Whether the interpreter is safely past its own start: from then on Ctrl-C is the board's business."""
        return self._main is not None and self.host_ms() >= self._main + _SETTLED_MS

    def _bury(self) -> None:
        if self.memory_address is not None and self.wake.reason != "power cut":
            kept = self.process.memory(self.memory_address, self.board.model.retained_bytes)
            if kept is not None:
                self.keep(kept)
        self._take_output()
        if self.board.serial is not None:
            self.board.serial.detach(self.wake.ended in ("deepsleep", "reset", "watchdog") or self.wake.reason == "power cut")
        self.process.end()
        self.wake.waited_ms = self.process.waited_ms
        self.wake.output = self._output.decode("utf-8", "replace")
        self.wake.flash_writes = self.board.flash.writes - self._flash_before + self.wifi.flash_writes
