"""The flash: its size, what a new deploy touches, what a power cut leaves."""

from __future__ import annotations

import pytest

from dormouse.virtual.calls import CALLS
from dormouse.virtual.wire import Refused

SLEEP = "\nimport machine\nmachine.deepsleep(1000)"


def test_the_file_system_has_the_boards_size(make, board):
    virtual = make(board, "import os\ns = os.statvfs(os.getcwd())\nprint(s[0] * s[2])")
    sizes = {"feather_s2": 14 << 20, "esp8266": (3 << 20) - 0x6000, "pyboard_d": 2 << 20}
    assert int(virtual.run_wake(20).output) == sizes[board]


def test_a_new_deploy_replaces_the_machinery_and_keeps_the_data(make, board, tmp_path):
    write = "import os\nos.mkdir('data')\nwith open('data/log', 'w') as f:\n    f.write('mine')"
    with make(board, write + SLEEP, files={"lib/old.py": b"x = 1"}, state=tmp_path) as virtual:
        virtual.run_wake(20)
        assert virtual.flash.names() == ["data/log", "lib/old.py", "main.py"]
    again = make(board, "print(open('data/log').read())" + SLEEP, files={"lib/new.py": b"x = 2"}, state=tmp_path)
    assert again.run_wake(20).output == "mine\n"
    assert again.flash.names() == ["data/log", "lib/new.py", "main.py"]
    assert again.read_file("lib/new.py") == b"x = 2"


def test_what_was_not_closed_is_lost(make, board):
    # littlefs commits a file when it is closed or synchronised: DESIGN.md of littlefs, "copy-on-write"
    virtual = make(board, "import os\nprint(os.listdir())\nf = open('n', 'w')\nf.write('x')" + SLEEP)
    virtual.run_wake(20)
    assert "open" not in virtual.run_wake(20).output
    assert virtual.read_file("n") == b""


@pytest.mark.parametrize("writes", [0, 1, 2, 3, 5, 8, 13])
def test_a_power_cut_leaves_the_old_or_the_new(make, board, writes):
    program = (
        """
try:
    print(open("n").read())
except OSError:
    print("none")
with open("n", "w") as f:
    f.write("new")
"""
        + SLEEP
    )
    virtual = make(board, program)
    virtual.cut_power_after(writes)
    cut = virtual.run_wake(20)
    whole = cut.ended == "deepsleep"
    if not whole:
        assert (cut.ended, cut.by, cut.reason) == ("killed", "supervisor", "power cut")
    again = virtual.run_wake(20)
    assert again.reset_cause == ("DEEPSLEEP_RESET" if whole else "PWRON_RESET")
    assert again.output in (("new\n",) if whole else ("none\n", "\n", "new\n"))
    if writes == 0:
        assert again.output == "none\n"


def test_writes_are_counted(make, board):
    virtual = make(board, "with open('n', 'w') as f:\n    f.write('x' * 9000)" + SLEEP)
    assert virtual.run_wake(20).flash_writes >= 3
    assert make(board, "print(open('main.py').read(1))" + SLEEP).run_wake(20).flash_writes == 0


class Broken:
    """Every write and erase fails."""

    def serve(self, life, request):
        if request.name in ("flash.write", "flash.erase"):
            raise Refused(5)
        return CALLS[request.name](life, request.payload)


def test_stm32_returns_an_error_to_its_file_system(make):
    # ports/stm32/storage.c, pyb_flash_writeblocks: a number, which littlefs passes on as an OSError of its own.
    program = """
import os
for _ in range(2):
    try:
        with open("n", "w") as f:
            f.write("x")
    except OSError as e:
        print("OSError", e.errno)
print(os.listdir())
"""
    virtual = make("pyboard_d", program + SLEEP)
    virtual.faults = Broken()
    wake = virtual.run_wake(20)
    assert wake.output.splitlines() == ["OSError 5", "OSError 5", "['main.py']"]
    assert (wake.ended, wake.flash_writes) == ("deepsleep", 0)
