"""dormouse clock: a real chrony, servers that lie, and the clock of a virtual board."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ntplib
import pytest
from command_line import ROOT

from dormouse import timeservers
from dormouse.cli import main
from dormouse.commands import clock as command
from dormouse.virtual.board import VirtualBoard
from node import sntp
from programs import find_program

sys.path.append(str(ROOT / "tests" / "clock"))
from timekit import TO_1900, Chrony, Reply, TimeServer, answer, constant

NONCE = b"12345678"
KINDS: dict[str, dict[str, Any]] = {
    "good": {},
    "far away": {"stratum": 15},
    "kiss of death, RATE": {"stratum": 0, "reference": b"RATE"},
    "kiss of death, DENY": {"stratum": 0, "reference": b"DENY"},
    "unsynchronised": {"first": 0xE4},
    "stratum 16": {"stratum": 16},
    "a client": {"first": 0x23},
    "long way": {"delay": 0x10000},
    "negative way": {"delay": -1},
    "wide": {"dispersion": 0x10000},
    "1999": {"sent": 3124224000},
    "2025": {"sent": 1767225599 + TO_1900},
    "2026": {"sent": 1767225600 + TO_1900},
    "2037": {"sent": 86400},
}


@contextlib.contextmanager
def served(reply: Reply) -> Iterator[str]:
    server = TimeServer(reply)
    try:
        yield server.url
    finally:
        server.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_believed_here_the_node_believes(kind: str) -> None:
    packet = answer(bytes(40) + NONCE, **KINDS[kind])
    try:
        sntp.answer(packet, 10)
        node = True
    except ValueError:
        node = False
    read = ntplib.NTPStats()
    read.from_data(packet)
    assert (timeservers.problem(read) == "") == node, timeservers.problem(read)


def test_a_server_that_says_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    packet = bytearray(answer(bytes(48)))
    packet[40:48] = bytes(8)
    with pytest.raises(ValueError, match="no time"):
        sntp.answer(bytes(packet), 10)
    with served(lambda _q, _n: [bytes(packet)]) as url:
        assert main(["clock", "--server", url]) == 1
    assert "no time in it" in capsys.readouterr().out


def test_chrony_is_believed_and_its_stratum_and_offset_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = find_program("chronyd")
    if program is None:
        pytest.skip("chronyd is not installed")
    folder = tmp_path / "chrony"
    folder.mkdir(mode=0o750)
    server = Chrony(program, folder, "local stratum 8")
    try:
        server.ask()
        assert main(["clock", "--server", server.url]) == 0
    finally:
        server.stop()
    row = next(line for line in capsys.readouterr().out.splitlines() if server.url in line)
    assert " 8 " in row
    assert "believes it" in row
    offset_ms = float(row.split(" ms")[0].split()[-1])
    assert abs(offset_ms) < 500  # it is this computer's own time


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        (KINDS["kiss of death, RATE"], "kiss of death, RATE: asked too often"),
        ({"stratum": 0, "reference": b"DENY"}, "kiss of death, DENY: it refuses this address"),
        (KINDS["unsynchronised"], "unsynchronised: it has no time itself"),
        ({"originate": bytes(8)}, "the answer to another question"),
    ],
)
def test_each_failure_has_a_clear_word(changes: dict[str, Any], word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with served(constant(**changes)) as url:
        assert main(["clock", "--server", url]) == 1
    told = capsys.readouterr()
    assert word in told.out
    assert told.err.splitlines() == [
        "dormouse: no server gives a time that the node would believe; NTP in config.py names another"
    ]


def test_silence_and_noise_and_one_good_server_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    with (
        served(lambda _q, _n: []) as silent,
        served(lambda _q, _n: [b"noise"]) as noise,
        served(constant(offset_s=100)) as good,
    ):
        assert main(["clock", "--timeout", "0.5", "--server", silent, "--server", noise, "--server", good]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "no answer" in next(line for line in lines if silent in line)
    assert "not NTP" in next(line for line in lines if noise in line)
    assert f"this computer: 100 s behind {good}" in lines


def test_the_nodes_own_servers() -> None:
    assert command._servers({"NTP": None, "BROKER": "broker:1884"}) == ["broker", "pool.ntp.org"]
    assert command._servers({"NTP": "time.lan", "BROKER": "broker"}) == ["time.lan"]


@pytest.mark.parametrize("server", ["host:", "host:port", "host:70000", ":123", ""])
def test_a_wrong_server_is_wrong_usage(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    expected = 2 if server != "host:" else 1  # nothing after the colon is the usual port
    assert main(["clock", "--timeout", "0.1", "--server", server]) == expected
    assert len(capsys.readouterr().err.splitlines()) == 1


# The board.

BUSY = """
import machine, time
if {at}:
    machine.RTC().datetime({at})
print("awake")
while True:
    time.sleep_ms(50)
"""


def live(board: VirtualBoard, lives: int) -> tuple[threading.Thread, list[Any]]:
    wakes: list[Any] = []
    thread = threading.Thread(target=lambda: [wakes.append(board.run_wake(20)) for _ in range(lives)], daemon=True)
    thread.start()
    return thread, wakes


@pytest.mark.parametrize(("name", "epoch"), [("feather_s2", 2000), ("pico_w", 1970)])
def test_a_boards_clock_is_compared_and_its_program_starts_again(
    name: str, epoch: int, micropython: str, capsys: pytest.CaptureFixture[str]
) -> None:
    behind_s = 5000
    then = time.gmtime(time.time() - behind_s)
    at = (then.tm_year, then.tm_mon, then.tm_mday, then.tm_wday, then.tm_hour, then.tm_min, then.tm_sec, 0)
    program = BUSY.format(at=at).encode()
    with VirtualBoard(name, {"/main.py": program}, serial=True, interpreter=micropython) as board:
        thread, wakes = live(board, 1)
        end = time.monotonic() + 15
        while board.rtc_s < timeservers.OLDEST_S:
            assert time.monotonic() < end
            time.sleep(0.05)
        with served(constant()) as url:
            assert main(["clock", "--server", url, "--port", str(board.serial_path)]) == 0
        thread.join(25)
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("board on "))
    assert f"counted from {epoch}" in line
    words = line.split("; ")[1].split()
    assert words[1:3] == ["s", "behind"]
    assert behind_s - 60 < int(words[0]) < behind_s + 60
    assert wakes[0].ended == "soft_reset"  # main.py runs again: the node is not left at the prompt


def test_an_unset_clock_is_called_so(micropython: str, capsys: pytest.CaptureFixture[str]) -> None:
    with VirtualBoard("esp8266", {"/main.py": BUSY.format(at=()).encode()}, serial=True, interpreter=micropython) as board:
        thread, _ = live(board, 1)
        with served(constant()) as url:
            assert main(["clock", "--server", url, "--port", str(board.serial_path)]) == 0
        thread.join(25)
    assert "not set. TLS would refuse it" in capsys.readouterr().out


def test_no_board_where_one_was_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served(constant()) as url:
        assert main(["clock", "--server", url, "--wait", "0", "--port", str(tmp_path / "gone")]) == 1
    assert f"{tmp_path / 'gone'}: the board does not answer" in capsys.readouterr().err
