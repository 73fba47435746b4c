"""mosquitto as the tests start it: on the loopback, its sessions in memory."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

_START_S = 10
_STOP_S = 5


def unused_port() -> int:
    """Return a TCP port that was free on the loopback a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Mosquitto:
    """One mosquitto on a loopback port, its sessions in memory: they last until stop().

    host, port: where it listens. url: "host:port". log(): all it has logged so far, packets included.
    """

    host = "127.0.0.1"

    def __init__(self, program: str, folder: Path, lines: tuple[str, ...], anonymous: bool) -> None:
        self.port = unused_port()
        self._program = program
        self._config = folder / "mosquitto.conf"
        self._log = folder / "mosquitto.log"
        self._lines = lines
        self._anonymous = anonymous
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{self.host}:{self.port}"

    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def start(self) -> Mosquitto:
        """Start it (again, on the same port) and return once it accepts connections."""
        assert self._process is None, "already running"
        own = [f"listener {self.port} {self.host}", "log_type all", "log_dest stderr", "persistence false"]
        if self._anonymous:
            own.append("allow_anonymous true")
        if os.geteuid() == 0:
            own.insert(0, "user root")  # else it drops its rights and cannot read the test's own files
        self._config.write_text("\n".join([*own, *self._lines]) + "\n")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([self._program, "-c", str(self._config)], stdout=log, stderr=log)
        deadline = time.monotonic() + _START_S
        while True:
            try:
                socket.create_connection((self.host, self.port), 1).close()
                return self
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError(f"mosquitto did not start:\n{self.log()}") from None
                time.sleep(0.01)

    def stop(self) -> None:
        """End it; its sessions are gone. Does nothing when it is not running."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
