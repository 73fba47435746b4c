"""The serial port, used by the real mpremote: taking over from a running program, files, soft reset, sleep."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

BUSY = """
import time
print("awake")
while True:
    time.sleep(0.05)
"""


@pytest.fixture
def mpremote():
    """Runs mpremote against a port; returns the finished process."""
    program = shutil.which("mpremote", path=str(Path(sys.executable).parent)) or shutil.which("mpremote")
    if program is None:
        pytest.skip("mpremote is not installed")

    def run(path, *arguments, timeout=20):
        command = [program, "connect", path, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)

    return run


class Living:
    """Runs a board's lives in a thread until one ends in a way that is asked for."""

    def __init__(self, board, until):
        self.board, self.wakes, self._until = board, [], until
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def _live(self):
        while True:
            self.wakes.append(self.board.run_wake(30))
            if self.wakes[-1].ended in (*self._until, "killed", "crashed"):
                return

    def end(self):
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self.wakes


def test_mpremote_takes_over_a_running_program(make, board, mpremote, tmp_path):
    virtual = make(board, BUSY, serial=True)
    living = Living(virtual, ["reset"])
    first = mpremote(virtual.serial_path, "exec", "print(6 * 7)")
    assert (first.stdout.strip(), first.returncode) == ("42", 0), first.stderr
    source = tmp_path / "new.py"
    source.write_text("x = 'copied'\n" * 50)
    assert mpremote(virtual.serial_path, "cp", str(source), ":new.py").returncode == 0
    assert "new.py" in mpremote(virtual.serial_path, "ls").stdout
    assert mpremote(virtual.serial_path, "exec", "import new; print(new.x)").stdout.strip() == "copied"
    failed = mpremote(virtual.serial_path, "exec", "1 / 0")
    assert failed.returncode == 1 and "ZeroDivisionError" in failed.stdout + failed.stderr
    assert mpremote(virtual.serial_path, "reset").returncode == 0
    (wake,) = living.end()
    assert wake.ended == "reset"
    assert "KeyboardInterrupt" in wake.output
    assert virtual.read_file("new.py") == source.read_bytes()


def test_a_soft_reset_from_raw_mode_keeps_main_from_running(make, board, mpremote):
    virtual = make(board, BUSY, serial=True)
    living = Living(virtual, ["reset"])
    assert mpremote(virtual.serial_path, "exec", "kept = 1").returncode == 0
    assert mpremote(virtual.serial_path, "resume", "exec", "print(kept)").stdout.strip() == "1"
    assert mpremote(virtual.serial_path, "soft-reset").returncode == 0
    gone = mpremote(virtual.serial_path, "resume", "exec", "print(kept)")
    assert "NameError" in gone.stdout + gone.stderr
    mpremote(virtual.serial_path, "reset")
    (wake,) = living.end()
    assert wake.output.count("awake") == 1


def test_ctrl_d_at_the_prompt_runs_main_again(make, board):
    serial = pytest.importorskip("serial")
    virtual = make(board, "import machine\nprint('life', machine.reset_cause())", serial=True)
    living = Living(virtual, ["reset"])
    with serial.Serial(virtual.serial_path, timeout=5) as port:
        assert b">>> " in port.read_until(b">>> ")
        port.write(b"\x04")
        assert port.read_until(b"MPY: soft reboot\r\n").endswith(b"MPY: soft reboot\r\n")
        assert b"life" in port.read_until(b">>> ")
        port.write(b"import machine; machine.reset()\r")
        wakes = living.end()
    assert [w.ended for w in wakes] == ["soft_reset", "reset"]


def test_a_native_port_vanishes_in_deep_sleep_and_a_bridge_stays(make, board):
    serial = pytest.importorskip("serial")
    virtual = make(board, "import machine\nprint('bye')\nmachine.deepsleep(1000)", serial=True)
    path = Path(virtual.serial_path)
    assert path.exists()
    with serial.Serial(str(path), timeout=2) as port:
        wake = virtual.run_wake(20)
        assert wake.ended == "deepsleep"
        assert path.exists() == (board == "esp8266")
        if board == "esp8266":
            assert b"bye" in port.read(20)
        else:
            with pytest.raises((OSError, serial.SerialException)):
                for _ in range(3):
                    port.read(20)
                    port.in_waiting  # noqa: B018  asks the vanished device
                port.write(b"x")
    virtual.run_wake(20)


def test_test_mode_keeps_the_port(make, board, mpremote):
    # time.sleep() and machine.soft_reset() instead of deep sleep: whoever listens goes on listening
    serial = pytest.importorskip("serial")
    program = "import machine, time\nprint('life', machine.reset_cause())\ntime.sleep(0.2)\nmachine.soft_reset()"
    virtual = make(board, program, serial=True)
    living = Living(virtual, ["reset"])
    with serial.Serial(virtual.serial_path, timeout=5) as port:
        for _ in range(3):
            assert port.read_until(b"life").endswith(b"life")
    assert mpremote(virtual.serial_path, "exec", "print('taken')").stdout.strip() == "taken"
    mpremote(virtual.serial_path, "reset")
    wakes = living.end()
    assert [w.ended for w in wakes[:2]] == ["soft_reset", "soft_reset"]
    assert wakes[-1].ended == "reset"


def test_ctrl_c_reaches_asyncio(make, board, mpremote):
    program = "import asyncio\nasync def f():\n    while True:\n        await asyncio.sleep(5)\nasyncio.run(f())"
    virtual = make(board, program, serial=True)
    living = Living(virtual, ["reset"])
    assert mpremote(virtual.serial_path, "exec", "print('taken')").stdout.strip() == "taken"
    mpremote(virtual.serial_path, "reset")
    assert "KeyboardInterrupt" in living.end()[0].output
