"""mosquitto at the far end of a link."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from dormouse.broker import answers, find_mosquitto
from dormouse.errors import DormouseError
from dormouse.rtt.link import Link, start, stop

_READY_S = 10.0
# It stays root: under `unshare -r` there is no other user, and nobody else can reach it where it runs.
_CONF = """\
user root
listener {port} {address}
allow_anonymous true
persistence false
set_tcp_nodelay {nodelay}
log_dest stderr
log_type error
log_type warning
{more}
"""


class FarBroker:
    """mosquitto on the far side; a context manager.

    Arguments: nodelay, its set_tcp_nodelay (its own default is false); port, free in a namespace that nobody else has;
    more, further lines of mosquitto.conf.
    Raises DormouseError without mosquitto, or with its last words when it does not start.
    """

    def __init__(self, link: Link, nodelay: bool, port: int = 1883, more: str = "") -> None:
        self.host = link.far.address
        self.port = port
        self.nodelay = nodelay
        program = find_mosquitto()
        if program is None:
            raise DormouseError("mosquitto is not installed: it is the broker at the far end of the link")
        self._folder = tempfile.TemporaryDirectory(prefix="dormouse-rtt-")
        folder = Path(self._folder.name)
        text = _CONF.format(port=port, address=self.host, nodelay=str(nodelay).lower(), more=more)
        (folder / "mosquitto.conf").write_text(text, encoding="utf-8")
        log = folder / "log"
        with log.open("wb") as output:
            command = [program, "-c", str(folder / "mosquitto.conf")]
            self._process = start(link.far, command, stdout=output, stderr=subprocess.STDOUT)
        end = time.monotonic() + _READY_S
        while not link.far.call(answers, self.host, port):
            if self._process.poll() is not None or time.monotonic() > end:
                words = "; ".join(log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-2:])
                self.close()
                raise DormouseError(f"mosquitto did not start: {words or 'no answer'}")
            time.sleep(0.02)

    def close(self) -> None:
        """Stop it and wait for its end."""
        stop(self._process)
        self._folder.cleanup()

    def __enter__(self) -> FarBroker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()
