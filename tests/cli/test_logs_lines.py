"""What dormouse logs makes of bytes: lines, wakes, tracebacks; and which port it takes. Pure: no port is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command_line import ROOT
from serial_output import BOOT, NOISE, POWER, place

from dormouse import log_port, serial_ports, tracebacks
from dormouse.errors import DormouseError
from dormouse.log_lines import Lines
from dormouse.log_wakes import Wake, Wakes


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


def test_the_first_bytes_of_a_wake_do_not_make_the_last_one_longer() -> None:
    found = wakes_of(
        [
            ("came", 0.0, False),
            ("data", 1.0, POWER),
            ("data", 3.0, b"delivered 1\r\n"),
            ("data", 15.0, POWER[:1]),
            ("data", 15.1, POWER[1:]),
            ("close", 16.0),
        ]
    )
    assert [(it.began, it.awake_s) for it in found] == [(1.0, 2.0), (15.1, 0.0)]


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
