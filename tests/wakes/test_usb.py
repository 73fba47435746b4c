"""A person at the USB port: the service window after a power-up, and test mode, with the real mpremote."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from nodes import BOARDS, ROOT, Listener, MakeNode

WINDOW_MARK = "window"


class Living:
    """A board's lives, run in a thread until one ends with its USB port or its power."""

    def __init__(self, board: Any, lives: int) -> None:
        self.wakes: list[Any] = []
        self._thread = threading.Thread(target=lambda: [self.wakes.append(board.run_wake(60)) for _ in range(lives)])
        self._thread.start()

    def end(self) -> list[Any]:
        self._thread.join(90)
        assert not self._thread.is_alive()
        return self.wakes


def mpremote(path: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("mpremote", path=str(Path(sys.executable).parent)) or shutil.which("mpremote")
    if program is None:
        pytest.skip("mpremote is not installed")
    return subprocess.run([program, "connect", path, *arguments], capture_output=True, text=True, timeout=20, check=False)


@pytest.mark.parametrize("board", BOARDS)
def test_mpremote_takes_over_in_the_window_and_the_deadline_leaves_it_alone(
    make_node: MakeNode, board: str, mosquitto: Any, listener: Listener
) -> None:
    node = make_node(board, options={"serial": True}, BROKER=f"{mosquitto.host}:{mosquitto.port}", MAX_AWAKE_S=12)
    living = Living(node, 1)
    listener.until(lambda: bool(listener.records()), 15)  # the window comes after the upload
    taken = mpremote(node.serial_path, "exec", "import time; time.sleep(9); print('still here')")
    assert "still here" in taken.stdout, taken.stderr  # 12 s after power-up the deadline would have slept
    assert mpremote(node.serial_path, "reset").returncode == 0
    (wake,) = living.end()
    assert wake.ended == "reset"
    assert WINDOW_MARK in [phase[0] for phase in wake.phases]


@pytest.mark.parametrize("board", BOARDS)
def test_test_mode_keeps_usb_and_ends_by_itself(make_node: MakeNode, board: str, mosquitto: Any) -> None:
    # Two hours are too long for a test: the same code with 10 s.
    code = (ROOT / "power/sleep.py").read_text()
    assert code.count("2 * 3600") == 1
    node = make_node(
        board,
        extra={"/power/sleep.py": code.replace("2 * 3600", "10").encode()},
        options={"serial": True},
        TEST_MODE=True,
        WAKE_EVERY_S=10,
        MAX_AWAKE_S=9,
        BROKER=f"{mosquitto.host}:{mosquitto.port}",
    )
    # How long the first wait is, the time of day decides: wakes come at round times.
    ports = []
    wakes = [node.run_wake()]
    while wakes[-1].ended == "soft_reset" and len(wakes) < 4:
        ports.append(Path(node.serial_path).exists())
        wakes.append(node.run_wake())
    assert [wake.ended for wake in wakes] == ["soft_reset"] * len(ports) + ["deepsleep"]
    assert ports
    assert all(ports)
    # Native USB goes away with deep sleep; a USB-UART adapter does not.
    assert Path(node.serial_path).exists() == (board == "esp8266")
    assert all("delivered" in wake.output for wake in wakes), [wake.output for wake in wakes]
    assert WINDOW_MARK not in [phase[0] for phase in wakes[0].phases]
