"""Pins that end a sleep: what each port can arm, what it is told afterwards, and that nothing else wakes it."""

from __future__ import annotations

import pytest

from dormouse.virtual.board import AsleepForEver, World

SLEEP = "machine.deepsleep(60000)"
EXT1 = "import esp32, machine\nprint(machine.reset_cause(), machine.wake_reason())\nesp32.wake_on_ext1(({},), {})\n"
WKUP = """
import machine
print(machine.reset_cause(), machine.mem32[0x4000700C])
machine.mem32[0x40007008] = 0x3F | {}
machine.mem32[0x4000700C] |= {}
"""


def test_an_edge_ends_the_sleep_at_its_time_by_either_clock(make):
    program = "import machine, time\nprint(time.time())\n" + EXT1.format("machine.Pin(5)", True) + "machine.deepsleep(1000000)"
    virtual = make("feather_s2", program, world=World(drift=0.05))
    start_s = virtual.now_s
    virtual.world.edges["5"] = [(start_s + 210, 1), (start_s + 210.001, 0)]
    first = virtual.run_wake(20)
    assert virtual.now_s - start_s == pytest.approx(210, abs=0.01)
    second = virtual.run_wake(20)
    assert second.output.splitlines()[1] == "4 3"
    # The board's clock ran 5 % slow meanwhile.
    assert int(second.output.split()[0]) - int(first.output.split()[0]) == pytest.approx(200, abs=2)
    assert virtual.now_s - start_s == pytest.approx(210 + 1050, abs=2)  # the timer's again


def test_a_level_that_is_there_ends_the_sleep_at_once(make):
    virtual = make("feather_s2", EXT1.format("machine.Pin(5)", False) + SLEEP)
    start_s = virtual.now_s
    virtual.run_wake(20)
    assert virtual.now_s - start_s < 5
    assert virtual.run_wake(20).output == "4 3\n"


def test_ext1s_low_is_all_of_them_low_and_its_high_any_of_them(make):
    pins = "machine.Pin(5), machine.Pin(6)"
    for level, inputs, slept_s in ((False, {"5": 1}, 60), (False, {}, 0), (True, {"6": 1}, 0), (True, {}, 60)):
        virtual = make("feather_s2", EXT1.format(pins, level) + SLEEP, world=World(inputs=inputs, drift=0.0))
        start_s = virtual.now_s
        virtual.run_wake(20)
        assert virtual.now_s - start_s == pytest.approx(slept_s, abs=3), (level, inputs)


@pytest.mark.parametrize("disarm", ["esp32.wake_on_ext1(())", "esp32.wake_on_ext1((machine.Pin(7),), True)"])
def test_arming_anew_replaces_what_was_armed(make, disarm):
    virtual = make("feather_s2", EXT1.format("machine.Pin(5)", True) + disarm + "\n" + SLEEP, world=World(inputs={"5": 1}))
    virtual.run_wake(20)
    assert virtual.run_wake(20).output == "4 4\n"


def test_only_rtc_pins_can_be_armed_and_only_for_the_next_sleep(make):
    wake = make("feather_s2", EXT1.format("machine.Pin(33)", True)).run_wake(20)
    assert "ValueError: invalid pin" in wake.output
    once = "import machine\nif machine.reset_cause() == 1:\n    import esp32\n    esp32.wake_on_ext1((machine.Pin(5),), True)\n"
    virtual = make("feather_s2", once + SLEEP, world=World(drift=0.0))
    start_s = virtual.now_s
    virtual.world.edges["5"] = [(start_s + 10, 1)]
    virtual.run_wake(20)
    assert virtual.now_s - start_s == pytest.approx(10, abs=1)
    virtual.run_wake(20)
    assert virtual.now_s - start_s == pytest.approx(70, abs=3)


@pytest.mark.parametrize(("pin", "bit"), [("A0", 1), ("A2", 2), ("C1", 4), ("C13", 8)])
def test_pyboard_d_has_four_pins_a_polarity_each_and_a_flag_that_tells_which(make, pin, bit):
    for falling in (0, 1):
        program = WKUP.format(bit << 8 if falling else 0, bit << 8) + SLEEP
        virtual = make("pyboard_d", program, world=World(inputs={pin: falling}))
        start_s = virtual.now_s
        virtual.world.edges[pin] = [(start_s + 20, 1 - falling), (start_s + 20.01, falling)]
        virtual.run_wake(20)
        assert virtual.now_s - start_s == pytest.approx(20, abs=0.1)
        assert virtual.run_wake(20).output == f"4 {bit}\n"
        assert virtual.run_wake(20).output == "4 0\n"  # the timer's, and enabling it was forgotten with the reset


def test_other_pins_wake_nobody(make, board):
    virtual = make(board, "import machine\n" + SLEEP, world=World(drift=0.0))
    start_s = virtual.now_s
    for pin in ("0", "5", "16", "A0", "C13"):
        virtual.world.edges[pin] = [(start_s + 10, 1), (start_s + 11, 0)]
    virtual.run_wake(20)
    assert virtual.now_s - start_s == pytest.approx(60, abs=3)


def test_without_a_timer_a_pin_ends_the_sleep_or_nothing_does(make):
    program = EXT1.format("machine.Pin(5)", True) + "machine.deepsleep()"
    virtual = make("feather_s2", program)
    virtual.world.edges["5"] = [(virtual.now_s + 86400, 1), (virtual.now_s + 86400.01, 0)]
    virtual.run_wake(20)
    assert virtual.run_wake(20).output == "4 3\n"
    with pytest.raises(AsleepForEver):
        virtual.run_wake(20)


def test_a_program_reads_the_level_of_the_moment(make, board):
    pin = {"pyboard_d": '"X1"'}.get(board, "5")
    program = f"import machine\nprint(machine.Pin({pin}, machine.Pin.IN).value())\n" + SLEEP
    virtual = make(board, program, world=World(drift=0.0))
    start_s = virtual.now_s
    virtual.world.edges["A0" if board == "pyboard_d" else "5"] = [(start_s + 30, 1), (start_s + 90, 0)]
    assert [virtual.run_wake(20).output for _ in range(3)] == ["0\n", "1\n", "0\n"]
