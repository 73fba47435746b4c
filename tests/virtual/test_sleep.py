"""Deep sleep, reset, soft reset: what ends, what is kept, why the next life starts, how wrong the clock is then."""

from __future__ import annotations

import pytest

from dormouse.virtual.board import AsleepForEver, World

KEEP = """
import machine
def get():
    return bytes(machine.mem_backup()[:4]) if hasattr(machine, "mem_backup") else machine.RTC().memory()
def put(data):
    if hasattr(machine, "mem_backup"):
        machine.mem_backup()[:len(data)] = data
    else:
        machine.RTC().memory(data)
"""


def test_deepsleep_ends_everything_and_keeps_the_memory(make, board):
    program = """
print(get())
try:
    put(b"kept")
    machine.deepsleep(60000)
except BaseException as e:
    print("caught", e)
finally:
    print("finally")
print("after")
"""
    virtual = make(board, KEEP + program)
    first, second = virtual.run_wake(20), virtual.run_wake(20)
    assert (first.ended, first.by, first.sleep_ms) == ("deepsleep", "node", 60000)
    assert (first.reset_cause, second.reset_cause) == ("PWRON_RESET", "DEEPSLEEP_RESET")
    assert first.output.count("\n") == 1
    assert second.output == "b'kept'\n"
    assert first.retained_writes == 1


@pytest.mark.parametrize(("call", "ended"), [("reset", "reset"), ("soft_reset", "soft_reset")])
def test_resets_keep_the_memory(make, board, call, ended):
    virtual = make(board, KEEP + f"print(get(), machine.reset_cause())\nput(b'kept')\nmachine.{call}()")
    first, second = virtual.run_wake(20), virtual.run_wake(20)
    assert (first.ended, first.by, first.sleep_ms) == (ended, "node", None)
    number = {
        # modmachine.c of the ports. ESP8266: machine.reset() is system_restart(); a soft reset does not touch the SDK's reason.
        ("feather_s2", "reset"): 2, ("esp8266", "reset"): 4, ("pyboard_d", "reset"): 2,
        ("feather_s2", "soft_reset"): 5, ("esp8266", "soft_reset"): 0, ("pyboard_d", "soft_reset"): 0,
    }[board, call]  # fmt: skip
    assert second.output == f"b'kept' {number}\n"


def test_reset_cannot_be_caught_but_soft_reset_is_an_exception(make, board):
    # extmod/modmachine.c: soft_reset raises SystemExit; reset is the chip's.
    for call, output in (("reset", ""), ("soft_reset", "finally\n")):
        virtual = make(board, f"import machine\ntry:\n    machine.{call}()\nfinally:\n    print('finally')")
        assert virtual.run_wake(20).output == output


def test_a_power_cut_loses_memory_and_clock(make, board):
    program = """
import time
print(get(), time.time() % 86400 < 100)
put(b"kept")
machine.deepsleep(3600000)
"""
    virtual = make(board, KEEP + program)
    virtual.run_wake(20)
    virtual.power_cycle()
    wake = virtual.run_wake(20)
    assert wake.reset_cause == "PWRON_RESET"
    assert "kept" not in wake.output
    assert wake.output.endswith("True\n")


def test_a_state_folder_keeps_the_board(make, board, tmp_path):
    program = (
        KEEP
        + """
with open("n", "a") as f:
    f.write("x")
print(get(), open("n").read())
put(b"kept")
machine.deepsleep(60000)
"""
    )
    with make(board, program, state=tmp_path / "state") as virtual:
        virtual.run_wake(20)
        then = virtual.now_s
    again = make(board, program, state=tmp_path / "state")
    wake = again.run_wake(20)
    assert wake.output == "b'kept' xx\n"
    assert wake.number == 2
    assert again.now_s == pytest.approx(then + 60, abs=5)
    other = {"feather_s2": "esp8266"}.get(board, "feather_s2")
    with pytest.raises(ValueError, match=board):
        make(other, program, state=tmp_path / "state")


@pytest.mark.parametrize("drift", [0.05, -0.05])
def test_the_sleep_clock_drifts(make, board, drift):
    program = "import machine, time\nprint(time.time())\nmachine.deepsleep(1000000)"
    virtual = make(board, program, world=World(drift=drift))
    first = virtual.run_wake(20)
    then = virtual.now_s
    second = virtual.run_wake(20)
    # The board believes it slept as long as it asked for; the world knows better.
    assert int(second.output) - int(first.output) == pytest.approx(1000, abs=2)
    assert then - (virtual.now_s - 1000 * (1 + drift)) == pytest.approx(0, abs=3)


@pytest.mark.parametrize(
    ("board", "asked", "slept_us"),
    [
        # ports/esp8266/modmachine.c: max_ms * 1000 in 32 bits. 4294968 ms are 704 us.
        ("esp8266", 4294967, 4294967000),
        ("esp8266", 4294968, 704),
        ("feather_s2", 4294968 // 2, 4294968 // 2 * 1000),
        ("feather_s2", 2147483647, 2147483647000),
        # ports/stm32/rtc.c: whole seconds above 32 s, 131072 s at most
        ("pyboard_d", 31999, 31999000),
        ("pyboard_d", 60999, 60000000),
        ("pyboard_d", 131072999, 131072000000),
    ],
)
def test_the_longest_sleeps(make, board, asked, slept_us):
    wake = make(board, f"import machine\nmachine.deepsleep({asked})").run_wake(20)
    assert (wake.ended, wake.sleep_ms) == ("deepsleep", slept_us // 1000)


@pytest.mark.parametrize(
    ("board", "asked", "error"),
    [
        ("pyboard_d", 131073000, "ValueError: wakeup value too large"),
        ("pyboard_d", 1 << 31, "OverflowError: overflow converting long int to machine word"),
        ("feather_s2", 1 << 31, "OverflowError: overflow converting long int to machine word"),
        ("esp8266", 1 << 31, "OverflowError: overflow converting long int to machine word"),
    ],
)
def test_too_long_a_sleep_leaves_the_board_awake(make, board, asked, error):
    wake = make(board, f"import machine\nmachine.deepsleep({asked})").run_wake(20)
    assert (wake.ended, wake.by) == ("repl", "node")
    assert error in wake.output


def test_esp8266_alarm_clamps_where_the_argument_wraps(make):
    # ports/esp8266/modmachine.c mp_machine_deepsleep, docs/esp8266/quickref "Deep-sleep mode"
    program = """
import machine
rtc = machine.RTC()
rtc.irq(trigger=rtc.ALARM0, wake=machine.DEEPSLEEP)
rtc.alarm(rtc.ALARM0, 10000000)
machine.deepsleep()
"""
    assert make("esp8266", program).run_wake(20).sleep_ms == 4294967


def test_without_a_timer_it_sleeps_for_ever(make, board):
    virtual = make(board, "import machine\nprint(machine.reset_cause())\nmachine.deepsleep()")
    assert virtual.run_wake(20).sleep_ms is None
    with pytest.raises(AsleepForEver):
        virtual.run_wake(20)
    virtual.power_cycle()
    assert virtual.run_wake(20).reset_cause == "PWRON_RESET"


def test_esp32_wakes_by_pin(make):
    program = """
import esp32, machine
print(machine.reset_cause(), machine.wake_reason())
esp32.wake_on_ext0(machine.Pin(5, machine.Pin.IN), esp32.WAKEUP_ALL_LOW)
machine.deepsleep(60000)
"""
    virtual = make("feather_s2", program, world=World(inputs={"5": 1}))
    first, second = virtual.run_wake(20), virtual.run_wake(20)
    virtual.wake_by_pin()
    assert [first.output, second.output, virtual.run_wake(20).output] == ["1 0\n", "4 4\n", "4 2\n"]


def test_what_an_exception_and_an_end_do(make, board):
    # shared/runtime/pyexec.c: the traceback, then the REPL; the board does not sleep.
    failed = make(board, "def f():\n    1 / 0\nf()").run_wake(20)
    assert failed.ended == "repl"
    assert failed.output.splitlines() == [
        "Traceback (most recent call last):",
        '  File "main.py", line 3, in <module>',
        '  File "main.py", line 2, in f',
        "ZeroDivisionError: divide by zero",
    ]
    assert make(board, "print(__name__)").run_wake(20).output == "__main__\n"


def test_nothing_hangs(make, board):
    wake = make(board, "while True: pass").run_wake(1.0)
    assert (wake.ended, wake.by, wake.reason) == ("killed", "supervisor", "host time")
    assert wake.awake_ms == pytest.approx(1000, abs=900)


def test_modelled_boot_is_part_of_the_wake(make, board):
    virtual = make(board, "import machine\nmachine.deepsleep(1000)")
    wake = virtual.run_wake(20)
    assert wake.phases[0] == ("boot", 0, virtual.model.boot_ms)
    assert virtual.model.boot_ms <= wake.awake_ms < virtual.model.boot_ms + 200
    quick = make(board, "import machine\nmachine.deepsleep(1000)", speed=10).run_wake(20)
    assert quick.phases[0][2] == virtual.model.boot_ms // 10
