"""What the client's tests share: programs on MicroPython and on CPython, and a scripted broker that misbehaves on purpose."""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from programs import find_micropython

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(os.environ.get("DORMOUSE_SRC") or ROOT / "src").resolve()  # test_defects.py puts a defective copy there
SCRIPTS = Path(__file__).with_name("scripts")
INTERPRETERS = ("micropython", "cpython")
both = pytest.mark.parametrize("interpreter", INTERPRETERS)


def command(interpreter: str, heap: str = "") -> tuple[list[str], dict[str, str]]:
    """Return the command and the environment that run a device program from source. heap: MicroPython's ("32M")."""
    path = [str(SCRIPTS), str(SOURCE)]
    if interpreter == "cpython":
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"}
        return [sys.executable, "-W", "error"], environment
    program = find_micropython()
    if program is None:
        pytest.skip("no MicroPython interpreter: install the project, or set $MICROPYTHON")
    options = ["-X", "heapsize=" + heap] if heap else []
    return [program, *options], {**os.environ, "MICROPYPATH": os.pathsep.join([*path, ".frozen"])}


class Program:
    """A device program running in a process of its own, its output collected as it comes."""

    def __init__(
        self, interpreter: str, folder: Path, code: str, *args: object, files: dict[str, str] | None = None, heap: str = ""
    ) -> None:
        for name, text in (files or {}).items():
            (folder / name).write_text(text)
        script = folder / "program.py"
        script.write_text(textwrap.dedent(code))
        argv, environment = command(interpreter, heap)
        environment["PYTHONPATH"] = environment.get("PYTHONPATH", "") + os.pathsep + str(folder)
        self.process = subprocess.Popen(
            [*argv, str(script), *map(str, args)],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        atexit.register(self.kill)  # a test that was cut short leaves no process behind
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def wait_line(self, text: str, timeout: float = 10, count: int = 1) -> None:
        """Return once `count` lines contain the text."""
        with self._news:
            found = self._news.wait_for(lambda: sum(text in line for line in self.lines) >= count, timeout)
            assert found, f"no {text!r} in:\n{self.output}"

    def finish(self, timeout: float = 20) -> str:
        """Wait for the program's end, which must be a good one, and return its output."""
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self._thread.join(5)
            raise AssertionError(f"the program hangs:\n{self.output}") from None
        self._thread.join(5)
        atexit.unregister(self.kill)
        assert self.process.returncode == 0, self.output
        return self.output

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def run(interpreter: str, folder: Path, code: str, *args: object, timeout: float = 20, heap: str = "") -> str:
    """Run a device program to its good end and return what it printed."""
    return Program(interpreter, folder, code, *args, heap=heap).finish(timeout)


class Peer:
    """The broker's end of one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._socket.settimeout(10)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def packet(self) -> bytes:
        """Return the next packet whole, as first byte + body; EOFError when the client has closed."""
        first = self._exactly(1)
        size = shift = 0
        while True:
            byte = self._exactly(1)[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return first + self._exactly(size)

    def expect(self, kind: int) -> bytes:
        """Return the next packet, which must be of this type (upper four bits of the first byte)."""
        packet = self.packet()
        assert packet[0] & 0xF0 == kind, packet
        return packet

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def accept(self, present: int = 0) -> bytes:
        """Take a CONNECT and answer it; return the CONNECT."""
        connect = self.expect(0x10)
        self.send(bytes((0x20, 2, present, 0)))
        return connect

    def until_closed(self) -> list[bytes]:
        """Return the packets that still come, until the client closes."""
        packets = []
        try:
            while True:
                packets.append(self.packet())
        except (EOFError, ConnectionError):
            return packets

    def close(self) -> None:
        self._socket.close()


class FakeBroker:
    """A broker with a script: one function per connection, the last for all others. Leaving it raises what they raised."""

    def __init__(self, *scripts: Callable[[Peer], object]) -> None:
        self._scripts = scripts
        self._listener = socket.socket()
        # Small, so that a big packet stays in the client while nobody reads.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        self.errors: list[BaseException] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            script = self._scripts[min(self.connections, len(self._scripts) - 1)]
            self.connections += 1
            threading.Thread(target=self._run, args=(script, connection), daemon=True).start()

    def _run(self, script: Callable[[Peer], object], connection: socket.socket) -> None:
        with connection:
            try:
                script(Peer(connection))
            except BaseException as error:  # noqa: BLE001  (handed to the test's own thread)
                self.errors.append(error)

    def __enter__(self) -> FakeBroker:
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # ends the accept() that the thread is in
        self._listener.close()
        if kind is None and self.errors:
            raise self.errors[0]
