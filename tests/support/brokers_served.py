"""What the brokers of the conformance suite have in common: a group of processes on a loopback port, gone with the test run."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from brokers import unused_port
from dormouse.broker import answers

USER, PASSWORD = "node", "secret"
_STOP_S = 5
# The group dies when the pipe closes: with stop(), or with the test run, however that ends.
_WATCH = 'exec 3<&0; "$@" </dev/null 3<&- & p=$!; (read -r _ <&3; kill -9 0) 2>/dev/null & wait $p'


class Unavailable(Exception):
    """This broker cannot run here; says what to do."""


class Served:
    """One broker, anonymous clients let in, USER only with PASSWORD. host, port: where. folder: its files.

    start() and stop() may be repeated, on the same port. Raises Unavailable where what it needs is not installed.
    """

    host = "127.0.0.1"
    start_s = 20.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = unused_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / "log"
        self.prepare()

    def prepare(self) -> None:
        """Look for the programs and write the configuration."""

    def command(self) -> list[str]:
        """What to run."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Environment variables besides the caller's."""
        return {}

    def log(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def start(self) -> Served:
        """Start it and return once it answers a CONNECT; RuntimeError with its last words when it does not."""
        assert self._process is None, "already running"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _WATCH, "sh", *self.command()],
                cwd=self.folder,
                env={**os.environ, **self.environment()},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + self.start_s
        while not answers(self.host, self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{type(self).__name__} did not start:\n{self.log()[-2000:]}")
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """End it, as a power cut would; what it kept in memory is gone. Does nothing when it is not running."""
        if self._process is None:
            return
        process, self._process = self._process, None
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_STOP_S)
