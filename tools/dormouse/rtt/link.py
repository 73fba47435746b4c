"""The link: a node's network and a far one, with a round-trip time between them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from dormouse.broker import WATCH
from dormouse.errors import DormouseError
from dormouse.rtt.namespace import Namespace
from dormouse.rtt.packets import Segment, segment

NODE, FAR = "192.0.2.1", "192.0.2.2"  # RFC 5737: addresses that nobody has
_STOP_S = 5.0
_SILENCE_MS = 25.0  # besides a round trip and a half; then the connections have ended


class Link:
    """Two namespaces joined by a link; a context manager.

    Attributes: node, far, the two namespaces, of the addresses NODE and FAR.
    Arguments: rtt_ms, the round-trip time, which set_rtt() changes; node, far, settings of each side, as Namespace's sysctls.
    Raises DormouseError when this computer or this user cannot have one.
    """

    def __init__(self, rtt_ms: float = 0.0, node: dict[str, str] | None = None, far: dict[str, str] | None = None) -> None:
        self.rtt_ms = 0.0
        self._forwarder: subprocess.Popen[str] | None = None
        self.node = Namespace(NODE, node)
        try:
            self.far = Namespace(FAR, far)
            devices = (self.node.tun, self.far.tun)
            self._forwarder = subprocess.Popen(
                [sys.executable, "-S", "-E", str(Path(__file__).with_name("forwarder.py")), *map(str, devices)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=devices,
                text=True,
                start_new_session=True,  # Ctrl-C reaches the command, which ends the link when it is done with it
            )
            self.set_rtt(rtt_ms)
        except BaseException:
            self.close()
            raise

    def set_rtt(self, rtt_ms: float) -> None:
        """Set the round-trip time, in ms, for the packets to come."""
        self._order(f"delay {round(rtt_ms * 500_000)}")
        self.rtt_ms = rtt_ms

    def radio_off(self, before: bytes) -> None:
        """Let nothing pass any more from the node's first packet that ends with these bytes on; b"": all passes again."""
        self._order(f"lose {before.hex()}")

    def take(self) -> list[Segment]:
        """Wait until the link has been silent for 1.5 round trips and 25 ms; return what passed since the last call."""
        found = json.loads(self._order(f"take {round((self.rtt_ms * 1.5 + _SILENCE_MS) * 1e6)}"))
        segments = (segment(came, late, bool(side), bytes.fromhex(data)) for came, late, side, data in found)
        return [s for s in segments if s is not None]

    def run(
        self, command: Sequence[str], timeout_s: float, cwd: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program on the node's side to its end. TimeoutExpired, and it is killed, after timeout_s seconds."""
        process = start(
            self.node, command, cwd=cwd, environment=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            # not communicate(), which would close the pipe that keeps it alive
            process.wait(timeout_s)
            assert process.stdout is not None
            return subprocess.CompletedProcess(command, process.returncode, process.stdout.read(), "")
        finally:
            stop(process)

    def close(self) -> None:
        """End the forwarder and the namespaces."""
        if self._forwarder is not None:
            stop(self._forwarder)
            self._forwarder = None
        for side in ("node", "far"):
            if hasattr(self, side):
                getattr(self, side).close()

    def __enter__(self) -> Link:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def _order(self, line: str) -> str:
        forwarder = self._forwarder
        assert forwarder is not None and forwarder.stdin is not None and forwarder.stdout is not None
        answer = ""
        with contextlib.suppress(BrokenPipeError):
            forwarder.stdin.write(line + "\n")
            forwarder.stdin.flush()
            answer = forwarder.stdout.readline()
        if not answer:
            raise DormouseError("the process that carries the packets has ended")
        return answer


def start(
    where: Namespace,
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
) -> subprocess.Popen[str]:
    """Start a program in a namespace; it ends with this process, or by stop()."""
    return where.call(
        subprocess.Popen,
        ["/bin/sh", "-c", WATCH, "sh", *command],
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
        cwd=cwd,
        env=None if environment is None else dict(environment),
        text=True,
        start_new_session=True,
    )


def stop(process: subprocess.Popen[str]) -> None:
    """End a program of start() and what it started; nothing happens when it has ended."""
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
