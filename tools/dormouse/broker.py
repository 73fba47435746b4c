"""A broker for as long as a command runs: mosquitto where it is installed, else amqtt, each in a process of its own.

The process is watched through a pipe: it ends when the pipe closes, so that nothing is left behind even when this
process is killed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

from dormouse.errors import DormouseError

_READY_S = 10.0
_STOP_S = 5.0
_ATTEMPTS = 3  # another program may take the free port before the broker does
_SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin", "/usr/local/opt/mosquitto/sbin")

# Without set_tcp_nodelay mosquitto holds SUBACK and PUBACK back for a round trip.
_MOSQUITTO_CONF = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
log_dest stderr
log_type error
log_type warning
"""
# For /bin/sh -c: a process that ends when this one does, however that ends: it is watched through a pipe, its stdin. The status
# is the process's own.
WATCH = """\
exec 3<&0
"$@" </dev/null 3<&- & p=$!
(read -r _ <&3; kill $p) >/dev/null 2>&1 & w=$!
wait $p; status=$?
kill $w 2>/dev/null
exit $status
"""

# CONNECT (MQTT 3.1.1 section 3.1): clean session, client id "dormouse-ready"
_CONNECT = b"\x10\x1a\x00\x04MQTT\x04\x02\x00\x0a\x00\x0edormouse-ready"
_DISCONNECT = b"\xe0\x00"


def find_mosquitto() -> str | None:
    """The mosquitto program: $MOSQUITTO (empty: none), else the one on the path or in the system's folders."""
    named = os.environ.get("MOSQUITTO")
    if named is not None:
        return shutil.which(named) if named else None
    path = os.pathsep.join((os.environ.get("PATH", ""), *_SYSTEM_FOLDERS))
    return shutil.which("mosquitto", path=path)


def answers(host: str, port: int, timeout_s: float = 1.0) -> bool:
    """Whether an MQTT broker at host:port answers a CONNECT (with any return code) within timeout_s seconds."""
    try:
        with socket.create_connection((host, port), timeout_s) as link:
            link.settimeout(timeout_s)
            link.sendall(_CONNECT)
            answer = link.recv(4)
            link.sendall(_DISCONNECT)
    except OSError:
        return False
    return answer[:1] == b"\x20"


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class EmbeddedBroker:
    """A broker on a free loopback port; a context manager.

    Attributes: host, port; name "mosquitto" or "amqtt"; keeps_for_sleepers, whether it delivers what was sent to a
    client while that slept (amqtt does not).
    """

    def __init__(self) -> None:
        self.host = "127.0.0.1"
        self.port = 0
        self._mosquitto = find_mosquitto() if os.name == "posix" else None  # WATCH needs a shell
        self.name = "mosquitto" if self._mosquitto else "amqtt"
        self.keeps_for_sleepers = self._mosquitto is not None
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def start(self) -> None:
        """Start it and wait until it answers. Raises DormouseError with the broker's last words when it does not."""
        words = ""
        for _ in range(_ATTEMPTS):
            self.port = free_port()
            self._launch()
            if self._ready():
                return
            words = self._last_words()
            self.stop()
        raise DormouseError(f"the embedded broker ({self.name}) did not start: {words or 'no answer'}")

    def stop(self) -> None:
        """Stop it and wait for its end; nothing happens when it is not running."""
        if self._process is not None:
            process, self._process = self._process, None
            assert process.stdin is not None
            with contextlib.suppress(OSError):
                process.stdin.close()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                if hasattr(os, "killpg"):
                    os.killpg(process.pid, 9)
                process.kill()
                process.wait()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def __enter__(self) -> EmbeddedBroker:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.stop()

    def _launch(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dormouse-broker-")
        Path(self._folder.name).chmod(0o755)  # mosquitto started by root reads its file as another user
        conf = Path(self._folder.name, "mosquitto.conf")
        if self._mosquitto:
            conf.write_text(_MOSQUITTO_CONF.format(port=self.port), encoding="utf-8")
            command = ["/bin/sh", "-c", WATCH, "sh", self._mosquitto, "-c", str(conf)]
        else:
            command = [sys.executable, "-m", "dormouse.broker_amqtt", str(self.port)]
        package = str(Path(__file__).resolve().parents[1])
        paths = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        with Path(self._folder.name, "log").open("wb") as log:
            # a session of its own: Ctrl-C reaches the command, which stops the broker when it is done with it
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": paths},
            )

    def _ready(self) -> bool:
        assert self._process is not None
        end = time.monotonic() + _READY_S
        while time.monotonic() < end and self._process.poll() is None:
            if answers(self.host, self.port):
                return True
            time.sleep(0.02)
        return False

    def _last_words(self) -> str:
        if self._folder is None:
            return ""
        lines = Path(self._folder.name, "log").read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
