"""dormouse logs: a port that comes and goes, an adapter's that stays, noise, tracebacks; at virtual boards' terminals."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import ROOT, environment

from dormouse import constants, log_port, mpy, serial_ports, tracebacks
from dormouse.cli import main
from dormouse.commands import logs as command
from dormouse.errors import DormouseError
from dormouse.log_lines import Lines
from dormouse.log_wakes import Wake, Wakes
from dormouse.virtual.board import VirtualBoard
from dormouse.virtual.world import World

# What an ESP8266's loader says at 74880 baud, as an adapter at 115200 reads it; its letters and ends of lines are noise too.
NOISE = b"\x00\x8cl\xde|\x00\x8cd\x8c\xe2\x02l\r\n c\x0c l`\x03\xfbo|\r\nl l\r\n\xff\x12{l$"
# An ESP32-S2's, at 115200.
BOOT = (
    b"ESP-ROM:esp32s2-rc4-20191025\r\nBuild:Oct 25 2019\r\nrst:0x5 (DSLEEP),boot:0x8 (SPI_FAST_FLASH_BOOT)\r\nSPIWP:0xee\r\n"
    b"mode:DIO, clock div:1\r\nload:0x3ffe6100,len:0x17ac\r\nentry 0x4004c190\r\n"
)
POWER = BOOT.replace(b"rst:0x5 (DSLEEP)", b"rst:0x1 (POWERON)")


def texts(data: bytes) -> list[str]:
    lines = Lines()
    return [line.text for line in (*lines.feed(data), *lines.rest()) if line.kind == "text"]


def test_lines_however_the_bytes_come() -> None:
    data = b"delivered 1\r\nsensor air failed: OSError(19,)\r\ngr\xc3\xbcn\r\n>>> "
    whole = texts(data)
    assert whole == ["delivered 1", "sensor air failed: OSError(19,)", "gr\u00fcn", ">>> "]
    lines = Lines()
    single = [line.text for at in range(len(data)) for line in lines.feed(data[at : at + 1])]
    assert [*single, *(line.text for line in lines.rest())] == whole


@pytest.mark.parametrize(
    "first", [b"delivered 2", b"upload failed: OSError -2", b"Traceback (most recent call last):", b"it is wet"]
)
def test_the_esp8266s_loader_is_left_out_and_the_programs_first_line_is_not(first: bytes) -> None:
    told = texts(NOISE + b"\xfe" + first + b"\r\nl l\r\n")
    assert told == [first.decode(), "l l"]  # after a good line, anything is the program's


def test_letters_of_noise_before_a_line_that_is_known_go_with_it() -> None:
    assert texts(NOISE + b"\r\nl'odelivered 2\r\n") == ["delivered 2"]


def test_the_loaders_lines_are_not_the_programs() -> None:
    readable = (
        b"\n ets Jan  8 2013,rst cause:5, boot mode:(3,6)\n".replace(b" ets", b"ets") + b"load 0x40100000, len 1, room 16\n"
    )
    assert texts(BOOT + readable + b"delivered 1\n") == ["delivered 1"]
    assert [line.reset for line in Lines().feed(BOOT) if line.reset] == ["DSLEEP"]
    assert [line.reset for line in Lines().feed(readable) if line.reset] == ["cause 5"]


def test_a_flood_without_an_end_of_line_is_not_kept_for_ever() -> None:
    lines = Lines()
    for _ in range(50):
        lines.feed(b"x" * 1000)
    assert sum(len(line.text) for line in lines.rest()) < 8192


# Wakes, by times that are passed in.

Step = tuple[Any, ...]


def wakes_of(steps: list[Step], hold_s: float = 20) -> list[Wake]:
    wakes, found = Wakes(hold_s), []
    for name, *arguments in steps:
        found += getattr(wakes, name)(*arguments)
    return found


def test_a_native_port_is_a_wake_and_its_length_even_when_nothing_is_printed() -> None:
    found = wakes_of([
        ("came", 100.0, True), ("data", 101.0, b"delivered 3\r\n"), ("gone", 102.5),
        ("came", 200.0, True), ("gone", 200.4),
        ("came", 300.0, True), ("data", 300.1, b"cut o"), ("gone", 301.0),
    ])  # fmt: skip
    assert [(it.number, round(it.awake_s, 1), it.lines) for it in found] == [
        (1, 2.5, ["delivered 3"]), (2, 0.4, []), (3, 1.0, ["cut o"]),
    ]  # fmt: skip
    assert found[0].delivered == 3
    assert found[1].delivered is None


def test_an_adapters_wakes_begin_with_the_loader() -> None:
    found = wakes_of([
        ("came", 0.0, False), ("data", 5.0, NOISE), ("idle", 6.5), ("data", 7.5, b"\r\ndelivered 1\r\n"), ("idle", 8.0),
        ("data", 15.0, NOISE), ("idle", 16.5),  # printed nothing: no upload
        ("data", 25.0, NOISE + b"\r\nsensor air failed: OSError(19,)\r\n"), ("data", 26.0, b"delivered 2\r\n"), ("idle", 47.0),
        ("gone", 60.0),
    ])  # fmt: skip
    assert [(it.number, it.began, round(it.awake_s, 1), it.lines) for it in found] == [
        (1, 5.0, 2.5, ["delivered 1"]),
        (2, 15.0, 0.0, []),
        (3, 25.0, 1.0, ["sensor air failed: OSError(19,)", "delivered 2"]),
    ]


def test_an_adapter_in_place_of_a_boards_own_port_makes_no_wakes_of_its_own() -> None:
    found = wakes_of(
        [("came", 0.0, True), ("idle", 500.0), ("data", 500.0, POWER), ("data", 502.0, b"delivered 1\n"), ("idle", 600.0)]
    )
    assert [(it.began, it.awake_s, it.reset) for it in found] == [(500.0, 2.0, "POWERON")]


def test_a_brownout_loop_is_many_wakes() -> None:
    found = wakes_of([("came", 0.0, False), *(("data", at / 10, POWER) for at in range(5)), ("close", 1.0)])
    assert [it.reset for it in found] == ["POWERON"] * 5


def test_in_test_mode_the_program_itself_says_where_a_wake_ends() -> None:
    said = b"sensor air failed: OSError(19,)\ndelivered 1\n"
    found = wakes_of(
        [("came", 0.0, True), ("data", 1.0, said), ("data", 11.0, said), ("data", 21.0, b"MPY: soft reboot\n"), ("close", 22.0)]
    )
    assert [it.lines for it in found] == [said.decode().split("\n")[:2]] * 2 + [["MPY: soft reboot"]]


def test_what_went_wrong_and_what_else_was_printed_are_told_apart() -> None:
    wake = Wake(1, 0, 0, lines=[
        "hello", "upload failed: OSError wifi", "Traceback (most recent call last):", '  File "main.py", line 9, in <module>',
        "ValueError: config.py: WAKE_EVERY_S", "bye",
    ])  # fmt: skip
    assert wake.failures() == ["upload failed: OSError wifi", "ValueError: config.py: WAKE_EVERY_S"]
    assert wake.others() == ["hello", "bye"]
    assert [len(block) for block in wake.tracebacks()] == [3]


# Tracebacks.


def place(file: str, text: str) -> int:
    """The number of the first line with a text."""
    return next(n for n, line in enumerate((ROOT / file).read_text().splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("node.cycle", "src/node/cycle.py"),
        ("main.py", "main.py"),
        ("/lib/node/cycle.py", "src/node/cycle.py"),
        ("node/cycle.py", "src/node/cycle.py"),
        ("power", "power/__init__.py"),
        ("boards.esp8266.profile", "boards/esp8266/profile.py"),
        ("asyncio/core.py", None),
        ("<stdin>", None),
        ("os", None),
    ],
)
def test_what_a_traceback_names_is_found_in_the_template(name: str, file: str | None) -> None:
    assert tracebacks.find(ROOT, name) == (ROOT / file if file else None)


def test_a_place_of_another_version_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    line = place("src/node/cycle.py", "memory = _step(")

    def decode(number: int, function: str) -> tuple[list[str], bool]:
        return tracebacks.decode(ROOT, [tracebacks.BEGIN, f'  File "node.cycle", line {number}, in {function}', "OSError: 5"])

    lines, fits = decode(line, "run")
    assert fits
    assert lines[1] == f'  src/node/cycle.py:{line}: memory = _step("node.begin", _expired), in run'
    assert not decode(line, "_step")[1]
    assert not decode(line, "<module>")[1]
    assert not decode(9999, "run")[1]
    assert decode(1, "<module>")[1]


# Ports.


class FakePort:
    """Notes what is done to a serial port."""

    def __init__(self, done: list[str]) -> None:
        object.__setattr__(self, "done", done)

    def __setattr__(self, name: str, value: object) -> None:
        self.done.append(f"{name}={value}")

    def open(self) -> None:
        self.done.append("open")

    def close(self) -> None:
        self.done.append("close")


@pytest.mark.parametrize(
    ("system", "lines", "before", "after"),
    [
        ("posix", True, {"dtr=True", "rts=True"}, []),
        ("nt", True, {"dtr=False", "rts=False"}, ["dtr=True", "rts=True"]),
        ("posix", False, {"dtr=False", "rts=False"}, []),
    ],
)
def test_opening_and_closing_never_passes_through_a_reset(
    system: str, lines: bool, before: set[str], after: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(log_port.serial, "serial_for_url", lambda *_a, **_k: FakePort(done))
    monkeypatch.setattr(log_port, "os", type("os", (), {"name": system}))
    log_port._close(log_port._open("port", 115200, lines))
    assert set(done[:2]) == before
    assert done[2:] == ["open", *after, "rts=False", "dtr=False", "close"]


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


def test_nothing_is_sent_to_the_board(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal() as (master, name):
        os.write(master, BOOT + b"delivered 1\r\n" + BOOT)
        command.logs(port=name, wakes=1)
        with pytest.raises(BlockingIOError):
            os.read(master, 100)
    assert "(DSLEEP)" in capsys.readouterr().out


def test_a_port_that_another_program_has_is_named_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import serial

    monkeypatch.setattr(log_port, "_REFUSED_S", 0.2)
    with terminal() as (_, name), serial.Serial(name, exclusive=True):
        assert main(["logs", "--port", name]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"dormouse: {name}: another program has it")


def test_raw_shows_everything_with_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    name = os.ttyname(slave)
    os.write(master, b"\xfe\x12ab\r\ndelivered 1\r\nno end")

    def unplug() -> None:
        while int.from_bytes(fcntl.ioctl(slave, termios.FIONREAD, bytes(4)), sys.byteorder):
            time.sleep(0.02)  # nobody has read it yet
        os.close(master)

    threading.Thread(target=unplug).start()
    command.logs(port=name, raw=True, wakes=1)
    os.close(slave)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ", 1)[1] for line in lines] == ["\\xfe\x12ab", "delivered 1", "no end"]


def port(device: str, vid: int | None) -> Any:
    return type("Port", (), {"device": device, "vid": vid})()


@pytest.mark.parametrize(
    ("board", "ports", "found"),
    [
        ({"port": "esp32", "usb": "native"}, [("a", 0x10C4), ("b", 0x303A), ("c", None)], ["b"]),
        ({"port": "esp32", "usb": "native"}, [("a", 0x10C4), ("c", None)], ["a"]),
        ({"port": "esp8266", "usb": "bridge"}, [("b", 0x303A), ("d", 0x1A86), ("a", 0x10C4)], ["a", "d"]),
        ({"port": "stm32", "usb": "native"}, [("a", 0xF055)], ["a"]),
        ({"port": "rp2", "usb": "native"}, [("a", 0xF055), ("b", 0x2341)], ["b"]),
        ({"port": "rp2", "usb": "native"}, [], []),
    ],
)
def test_which_ports_a_board_may_be_on(
    board: dict[str, Any], ports: list[tuple[str, int | None]], found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_ports.list_ports, "comports", lambda: [port(*it) for it in ports])
    board["name"] = "it"
    assert serial_ports.candidates(board) == found
    if len(found) > 1:
        with pytest.raises(DormouseError, match="a, d: any of them may be the it; choose one with --port"):
            serial_ports.find(board, None)
    else:
        assert serial_ports.find(board, None) == (found[0] if found else None)
    assert serial_ports.find(board, "COM7") == "COM7"


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


@pytest.mark.parametrize(("name", "native"), [("feather_s2", True), ("esp8266", False)])
def test_a_log_goes_on_through_several_sleeps(
    name: str,
    native: bool,
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
    assert ("gone in deep sleep" in told.err) == native
    out = told.out.splitlines()
    heads = [line for line in out if "  wake " in line]
    assert [line.split("  ")[1] for line in heads] == ["wake 1", "wake 2", "wake 3"]
    assert [line.split("  ")[-1] for line in heads] == ["delivered 1", "IndexError: bytes index out of range", "delivered 3"]
    number = place("src/node/sntp.py", "packet[0] & 7 != 4")
    assert f"      src/node/sntp.py:{number}: if packet[0] & 7 != 4:, in answer" in out
    assert not any(letter in line for line in out for letter in "\x1b\ufffd")
    assert "not this checkout" not in told.out


def test_ctrl_c_ends_it_with_the_wake_so_far_as_json(listening: Callable[..., Logs]) -> None:
    with terminal() as (master, name):
        logs = listening("--port", name, "--json")
        time.sleep(0.2)
        os.write(master, POWER + b"sensor air failed: OSError(19,)\r\ndelivered 2\r\n" + POWER + b"half")
        assert logs.process.stdout
        first = json.loads(logs.process.stdout.readline())
        logs.process.send_signal(signal.SIGINT)
        out, err = logs.end()
    assert (logs.process.returncode, err) == (0, "")
    assert (first["wake"], first["delivered"], first["reset"]) == (1, 2, "POWERON")
    assert first["failures"] == ["sensor air failed: OSError(19,)"]
    assert json.loads(out[-1])["lines"] == ["half"]


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
