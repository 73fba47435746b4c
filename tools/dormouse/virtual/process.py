"""The board's process: the interpreter with its pipes, and the end of it, which is always SIGKILL."""

from __future__ import annotations

import os
import struct
import subprocess
import tempfile
from dataclasses import dataclass

from . import interpreter


@dataclass
class Pipes:
    """The supervisor's ends: requests in, answers out, timers out, output in, input out, and the link page."""

    requests: int
    answers: int
    timers: int
    output: int
    input: int | None
    page: int


class Process:
    """One life of the interpreter.

    port: folder of shims. flash_fd: the image. heap: text for -X heapsize, or None. serial: it gets a standard input.
    """

    def __init__(self, command: list[str], port: str, flash_fd: int, heap: str | None, serial: bool) -> None:
        request_r, request_w = os.pipe()
        answer_r, answer_w = os.pipe()
        timer_r, timer_w = os.pipe()
        page = tempfile.TemporaryFile()  # noqa: SIM115  closed in end()
        page.write(b"\0\0\0")
        page.flush()
        flash_r = os.open(f"/dev/fd/{flash_fd}", os.O_RDONLY)
        theirs = [answer_r, request_w, timer_r, flash_r]
        page_fd = os.open(f"/dev/fd/{page.fileno()}", os.O_RDONLY)
        arguments = [*command, "-i", *(["-X", f"heapsize={heap}"] if heap else []), "-m", "_vboot"]
        shims = interpreter.shim_path(port)
        self._page = page
        self._child = subprocess.Popen(
            [*arguments, *map(str, [*theirs, page_fd])],
            stdin=subprocess.PIPE if serial else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(*theirs, page_fd),
            env={"MICROPYPATH": shims, "TZ": "UTC", "PATH": os.environ.get("PATH", "")},
            cwd=shims.split(":")[0],  # the interpreter looks there first
            bufsize=0,
        )
        for fd in (*theirs, page_fd):
            os.close(fd)
        assert self._child.stdout is not None
        stdin = self._child.stdin.fileno() if self._child.stdin else None
        self.pipes = Pipes(request_r, answer_w, timer_w, self._child.stdout.fileno(), stdin, page.fileno())
        self.pid = self._child.pid
        self.waited_ms = 0  # for a processor that others had; known at its end
        for fd in (request_r, self.pipes.output):
            os.set_blocking(fd, False)

    def exited(self) -> int | None:
        """The exit status, None while it runs."""
        return self._child.poll()

    def link(self, up: bool, status: int) -> None:
        """Tell the board's network and socket modules whether packets can flow, and what WLAN.status() is."""
        os.pwrite(self.pipes.page, struct.pack("<Bh", up, status), 0)

    def memory(self, address: int, size: int) -> bytes | None:
        """Bytes of the process's memory, None where the system does not let us."""
        try:
            fd = os.open(f"/proc/{self.pid}/mem", os.O_RDONLY)
        except OSError:
            return None
        try:
            return os.pread(fd, size, address)
        except OSError:
            return None
        finally:
            os.close(fd)

    def _waited_ms(self) -> int:
        try:
            with open(f"/proc/{self.pid}/schedstat", "rb") as stat:  # noqa: PTH123
                return int(stat.read().split()[1]) // 1_000_000
        except (OSError, IndexError):
            return 0  # not Linux

    def end(self) -> None:
        """Kill it. Nothing in it runs any more: no `finally`, no buffered write."""
        self.waited_ms = self._waited_ms()
        self._child.kill()
        self._child.wait()
        for stream in (self._child.stdin, self._child.stdout):
            if stream:
                stream.close()
        for fd in (self.pipes.requests, self.pipes.answers, self.pipes.timers):
            os.close(fd)
        self._page.close()
