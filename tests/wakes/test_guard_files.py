"""What fails before the cycle ends in a long sleep, on every board: main.py's guard."""

from __future__ import annotations

from typing import Any

import pytest

from dormouse import bundle, settings
from nodes import BOARDS, CREDENTIALS, ROOT, MakeNode

HALF_AN_HOUR_MS = 30 * 60 * 1000
MAIN = (ROOT / "main.py").read_bytes()


def shortened(window_s: int) -> dict[str, bytes]:
    """main.py with another window."""
    assert MAIN.count(b"_WINDOW_S = 10\n") == 1
    return {"/main.py": MAIN.replace(b"_WINDOW_S = 10\n", b"_WINDOW_S = %d\n" % window_s)}


def foreign(compiled: bytes) -> bytes:
    """A .mpy of another ABI: byte 1 is its version (py/persistentcode.c)."""
    assert compiled[:1] == b"M"
    return b"M" + bytes([compiled[1] - 1]) + compiled[2:]


def guarded(wake: Any) -> str:
    assert (wake.ended, wake.by, wake.sleep_ms) == ("deepsleep", "node", HALF_AN_HOUR_MS), wake
    assert "Traceback" in wake.output
    output: str = wake.output
    return output


CASES = {
    "syntax": ({"/config.py": b"BOARD = \n"}, "SyntaxError"),
    "empty": ({"/config.py": b""}, "AttributeError"),
    "name": ({"/config.py": b'BOARD = "nowhere"\n'}, "ImportError"),
    "missing": ({"/config.py": None}, "ImportError"),
    "library": ({"/lib/node/cycle.mpy": None}, "ImportError"),
    "step": ({"/lib/node/begin.mpy": None}, "ImportError"),
    "foreign": ({"/lib/node/cycle.mpy": foreign}, "incompatible .mpy"),
    "foreign_power": ({"/power/awake.mpy": foreign}, "incompatible .mpy"),
    "import": ({"/lib/node/begin.mpy": b"M"}, "Error"),  # cut short: a copy that was broken off
}


def spoilt(plain: dict[str, bytes], changes: dict[str, Any]) -> dict[str, bytes]:
    files = dict(plain)
    for path, change in changes.items():
        if change is None:
            del files[path]
        else:
            files[path] = change(plain[path]) if callable(change) else change
    return files


@pytest.mark.parametrize("board", BOARDS)
def test_what_cannot_start_sleeps_for_half_an_hour_and_tries_again(make_node: MakeNode, board: str, free_port: int) -> None:
    node_settings = settings.load(ROOT, board=board)
    text = node_settings.text(BROKER=f"127.0.0.1:{free_port}", MAX_AWAKE_S=10)
    plain = {**bundle.files(ROOT, node_settings, text, CREDENTIALS), **shortened(0)}
    node = make_node(board, options={"speed": 20}, extra=plain)
    for case, (changes, says) in CASES.items():
        node.flash.sync(spoilt(plain, changes))
        assert says in guarded(node.run_wake()), case
    assert says in guarded(node.run_wake())
    # Mended: the next wake is a wake.
    node.flash.sync(plain)
    assert "measure" in [phase[0] for phase in node.run_wake().phases]


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("leaf", ["reading", "join", "upload"])
def test_a_step_of_another_abi_is_a_failed_wake(make_node: MakeNode, board: str, leaf: str, free_port: int) -> None:
    module = f"/lib/node/{leaf}.mpy"
    node = make_node(
        board, extra={module: b"M\x05\x00\x1f"}, options={"speed": 8}, BROKER=f"127.0.0.1:{free_port}", MAX_AWAKE_S=10
    )
    wake = node.run_wake()
    assert (wake.ended, wake.by) == ("deepsleep", "node") and wake.sleep_ms > 0, wake
    assert "Error" in wake.output


@pytest.mark.parametrize("board", BOARDS)
def test_the_window_is_for_power_ups_only(make_node: MakeNode, board: str) -> None:
    node = make_node(board, extra={"/config.py": b"BOARD = \n", **shortened(1)}, options={"speed": 40})
    first, second = node.run_wake(), node.run_wake()
    guarded(first)
    guarded(second)
    assert first.awake_ms - second.awake_ms > 700
    node.wake_by_pin()  # the reset button
    assert node.run_wake().awake_ms - second.awake_ms > 700


# On the virtual board machine and sys can be spoilt from config.py, as no hardware's can.
NO_MEMORY = b"import sys\ndef no_room(error):\n    bytearray(1 << 40)\nsys.print_exception = no_room\nraise MemoryError\n"
NO_SLEEP = b"import machine\ndef refuse(ms):\n    raise ValueError('too large')\nmachine.deepsleep = refuse\n1 // 0\n"


@pytest.mark.parametrize("board", BOARDS)
def test_the_guard_itself_may_fail(make_node: MakeNode, board: str) -> None:
    node = make_node(board, extra={"/config.py": NO_MEMORY, **shortened(0)}, options={"speed": 40})
    wake = node.run_wake()
    assert (wake.ended, wake.by, wake.sleep_ms) == ("deepsleep", "node", HALF_AN_HOUR_MS), wake
    node = make_node(board, extra={"/config.py": NO_SLEEP, **shortened(0)}, options={"speed": 40})
    wake = node.run_wake()
    assert (wake.ended, wake.by) == ("reset", "node"), wake


@pytest.mark.parametrize("board", BOARDS)
def test_the_deadline_of_the_wake_does_not_come_into_the_guards_window(make_node: MakeNode, board: str) -> None:
    # Ctrl-C in that window must find a REPL that stays.
    late = b"def run(memory, error, attempt):\n    raise KeyError('late')\n"  # a .py goes before its .mpy
    extra = {"/lib/node/finish.py": late, **shortened(2)}
    node = make_node(board, extra=extra, options={"speed": 8}, UPLOAD_EVERY=2, MAX_AWAKE_S=10)
    wake = node.run_wake()
    guarded(wake)
    assert wake.awake_ms > 10000 // 8 + 500


@pytest.mark.parametrize("board", BOARDS)
def test_without_main_py_the_firmware_waits_at_the_repl(make_node: MakeNode, board: str) -> None:
    # What the firmware does, not what anybody wants: docs/wake_deadline.md says so.
    node = make_node(board)
    node.flash.sync({})
    assert node.run_wake().ended == "repl"
