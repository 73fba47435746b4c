"""dormouse logs: a port that comes and goes, an adapter's that stays, noise, tracebacks; at virtual boards' terminals."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import ROOT, environment
from serial_output import BOOT, NOISE, POWER, place

from dormouse import constants, log_port, mpy
from dormouse.cli import main
from dormouse.commands import logs as command
from dormouse.virtual.board import VirtualBoard
from dormouse.virtual.serial import SerialPort
from dormouse.virtual.world import World

# Ports.


@contextlib.contextmanager
def terminal() -> Iterator[tuple[int, str]]:
    """A pseudo-terminal: the board's end, and the port's name."""
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    try:
        yield master, os.ttyname(slave)
    finally:
        os.close(master)
        os.close(slave)


@pytest.fixture
def when_open(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """when_open(action): done as soon as the port is open; what came before, the opening throws away."""
    listen = log_port.listen

    def prepare(action: Callable[[], object]) -> None:
        def watched(*arguments: Any) -> Iterator[Any]:
            for event in listen(*arguments):
                if event.kind == "came":
                    action()
                yield event

        monkeypatch.setattr(log_port, "listen", watched)

    return prepare


def test_nothing_is_sent_to_the_board(when_open: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    with terminal() as (master, name):
        when_open(lambda: os.write(master, BOOT + b"delivered 1\r\n" + BOOT))
        command.logs(port=name, wakes=1)
        with pytest.raises(BlockingIOError):
            os.read(master, 100)
    out = capsys.readouterr().out
    assert "(DSLEEP)" in out
    assert "delivered 1" in out


def test_a_port_that_another_program_has_is_named_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import serial

    monkeypatch.setattr(log_port, "_REFUSED_S", 0.2)
    with terminal() as (_, name), serial.Serial(name, exclusive=True):
        assert main(["logs", "--port", name]) == 1
    begun, *_, ended = capsys.readouterr().err.splitlines()
    assert begun.startswith(f"listening for the feather_s2 at {name}; ")
    assert ended.startswith(f"dormouse: {name}: another program has it")


def test_raw_shows_everything_with_the_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listen = log_port.listen
    master, slave = os.openpty()
    tty.setraw(slave)

    def watched(*arguments: Any) -> Iterator[Any]:
        text = b""
        for event in listen(*arguments):
            if event.kind == "came":
                os.write(master, b"\xfe\x12ab\r\ndelivered 1\r\nno end")
            text += event.data
            yield event
            if event.kind == "data" and text.endswith(b"no end"):
                os.close(master)

    monkeypatch.setattr(log_port, "listen", watched)
    command.logs(port=os.ttyname(slave), raw=True, wakes=1)
    os.close(slave)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ", 1)[1] for line in lines] == ["\\xfe\x12ab", "delivered 1", "no end"]


# Virtual boards.

SLEEPER = """
import machine, sys
from machine import Pin

def until(pin):
    pin = Pin(pin, Pin.IN)
    while not pin.value():
        machine.idle()

n = 0
try:
    with open("n") as f:
        n = int(f.read())
except OSError:
    pass
with open("n", "w") as f:
    f.write(str(n + 1))
until(4)
{noise}
if n == 1:
    try:
        from node import sntp
        sntp.answer(b"", 0)
    except IndexError as e:
        sys.print_exception(e)
else:
    print("delivered", n + 1)
until(5)
machine.deepsleep(20000)
"""


class Sleeps:
    """A board's lives in a thread. It prints when the port has been opened, and sleeps when that has been read."""

    def __init__(self, board: VirtualBoard, native: bool, lives: int) -> None:
        self.board, self.wakes, self._native = board, [], native
        self._seen = threading.Event()
        self._lives = lives
        self._listen = log_port.listen
        self.thread = threading.Thread(target=self._live, daemon=True)

    def _live(self) -> None:
        for _ in range(self._lives):
            self.board.world.inputs["5"] = 0
            self.wakes.append(self.board.run_wake(100))
            if self._native:
                self._seen.wait(60)  # that it is gone
                self._seen.clear()

    def listen(self, *arguments: Any) -> Iterator[Any]:
        """log_port.listen(), watched."""
        inputs, text = self.board.world.inputs, b""
        for event in self._listen(*arguments):
            text += event.data
            if event.kind == "came":
                inputs["4"] = 1
            elif event.kind == "gone":
                inputs["4"] = 0
                self._seen.set()
            elif (b"delivered" in text or b"IndexError" in text) and text.endswith(b"\n"):
                inputs["5"], text = 1, b""
            yield event


class Logs:
    """dormouse logs in a process of its own, its output in a pipe."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dormouse", "logs", *words], cwd=ROOT, env=environment(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stderr
        self.hint = self.process.stderr.readline()  # it listens

    def end(self) -> tuple[list[str], str]:
        out, err = self.process.communicate(timeout=100)
        return out.splitlines(), err


@pytest.fixture
def listening() -> Iterator[Callable[..., Logs]]:
    started: list[Logs] = []

    def start(*words: str) -> Logs:
        started.append(Logs(*words))
        return started[-1]

    yield start
    for it in started:
        it.process.kill()
        it.process.communicate()


@pytest.mark.parametrize(
    ("name", "native", "adapter"),
    [("feather_s2", True, False), ("esp8266", False, False), ("esp32_c3", False, True)],
    ids=["own USB", "USB-serial chip", "adapter in place of its own USB"],
)
def test_a_log_goes_on_through_several_sleeps(
    name: str,
    native: bool,
    adapter: bool,
    micropython: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for part in ("main.py", "src", "boards", "power", "sensors"):
        (tmp_path / part).symlink_to(ROOT / part)
    changes = {"BOARD": name, "SENSORS": {}, "MAX_AWAKE_S": 60}
    text = constants.read(ROOT / "config.py", "config.py").replaced({key: repr(value) for key, value in changes.items()})
    (tmp_path / "config.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    noise = "" if native else f"sys.stdout.buffer.write({NOISE!r})"
    files = {
        "/main.py": SLEEPER.format(noise=noise).encode(),
        "/lib/node/__init__.py": b"",
        "/lib/node/sntp.mpy": mpy.compile_module(ROOT / "src" / "node" / "sntp.py", "node.sntp"),
    }
    world = World()
    world.inputs.update({"4": 0, "5": 0})
    with VirtualBoard(name, files, serial=True, interpreter=micropython, world=world) as board:
        if adapter:
            board.serial.close()
            board.serial = SerialPort(native_usb=False)
        link = Path(str(board.serial_path))
        # On an adapter the fourth wake shows that the third is over.
        sleeps = Sleeps(board, native, 3 if native else 4)
        monkeypatch.setattr(log_port, "listen", sleeps.listen)
        sleeps.thread.start()
        command.logs(port=str(link), wakes=3)
        world.inputs.update({"4": 1, "5": 1})
        sleeps.thread.join(60)
        assert link.exists() != native
    assert [it.ended for it in sleeps.wakes[:3]] == ["deepsleep"] * 3
    told = capsys.readouterr()
    assert ("gone in deep sleep" in told.err) == (native or adapter)
    assert ("or an adapter (TX 21, RX 20)" in told.err) == adapter
    out = told.out.splitlines()
    heads = [line for line in out if "  wake " in line]
    assert [line.split("  ")[1] for line in heads] == ["wake 1", "wake 2", "wake 3"]
    assert [line.split("  ")[-1] for line in heads] == ["delivered 1", "IndexError: bytes index out of range", "delivered 3"]
    number = place("src/node/sntp.py", "packet[0] & 7 != 4")
    assert any(line.endswith(f"src/node/sntp.py:{number}: if packet[0] & 7 != 4:, in answer") for line in out)
    assert not any(letter in line for line in out for letter in "\x1b\ufffd")
    assert "not this checkout" not in told.out


def test_ctrl_c_ends_it_with_the_wake_so_far_as_json(listening: Callable[..., Logs]) -> None:
    with terminal() as (master, name):
        logs = listening("--port", name, "--json")
        out = logs.process.stdout
        assert out
        end = time.monotonic() + 90
        while not select.select([out], [], [], 0.5)[0]:  # what comes before it is open is thrown away
            assert time.monotonic() < end
            os.write(master, POWER + b"sensor air failed: OSError(19,)\r\ndelivered 2\r\n" + POWER)
        first = json.loads(out.readline())
        logs.process.send_signal(signal.SIGINT)
        rest, err = logs.end()
    assert (logs.process.returncode, err) == (0, "")
    assert (first["wake"], first["delivered"], first["reset"]) == (1, 2, "POWERON")
    assert first["failures"] == ["sensor air failed: OSError(19,)"]
    last = json.loads(rest[-1])  # it began with the lines that ended the first
    assert (last["wake"] > 1, last["reset"]) == (True, "POWERON")


@pytest.mark.parametrize(
    ("words", "told", "status"),
    [
        (["--raw", "--json"], "--raw and --json: choose one", 2),
        (["--baud", "10"], "--baud", 2),
        (["nobody-at-all"], "nodes/nobody-at-all.py: no such file", 2),
    ],
)
def test_wrong_usage(words: list[str], told: str, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", *words]) == status
    error = capsys.readouterr().err
    assert told in error
    assert len(error.splitlines()) == 1
