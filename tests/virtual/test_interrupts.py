"""Interrupts of a Pyboard's timers, interrupts switched off, and the watchdogs that a port always has on."""

from __future__ import annotations

import pytest

from dormouse.virtual.calls import CALLS

INTERRUPT = """
import machine, pyb
def awake(timer):
    print("between")
def asleep(timer):
    machine.deepsleep(7000)
def greedy(timer):
    bytearray(100)
"""


STUCK = "machine.I2C('X').writeto(0x44, b'')"


class Stuck:
    """The bus never comes back."""

    def serve(self, life, request):
        return None if request.name == "i2c" else CALLS[request.name](life, request.payload)


@pytest.mark.parametrize("wait", ["while True: pass", "while True: bytearray(500)", "time.sleep(9)", STUCK])
def test_the_interrupt_of_a_pyboards_timer_comes_into_anything(make, wait):
    virtual = make("pyboard_d", INTERRUPT + "import time\npyb.Timer(2, period=200, callback=asleep)\n" + wait)
    virtual.faults = Stuck()
    wake = virtual.run_wake(20)
    assert (wake.ended, wake.sleep_ms) == ("deepsleep", 7000)
    assert 200 <= wake.awake_ms - wake.phases[0][2] < 500


def test_the_interrupt_of_a_pyboards_timer_may_not_take_memory(make):
    # ports/stm32/timer.c, shared/runtime/mpirq.c: gc_lock(); what raises is not called again
    program = INTERRUPT + "import time\npyb.Timer(2, freq=20, callback=greedy)\ntime.sleep_ms(300)\nprint('on', len(bytes(9)))"
    output = make("pyboard_d", program).run_wake(20).output
    assert output.count("MemoryError") == 1
    assert output.endswith("on 9\n")


def test_a_pyboards_timer_starts_anew_until_it_is_stopped(make):
    program = INTERRUPT + """
import time
def count(timer):
    global hits
    hits += 1
hits = 0
pyb.Timer(5, prescaler=5999, period=499, callback=count)
time.sleep_ms(275)
pyb.Timer(5).deinit()
n = hits
time.sleep_ms(120)
print(n > 1, hits == n)
for wrong in ("pyb.Timer(15)", "pyb.Timer(2, prescaler=3)", "pyb.Timer(2, period=0, callback=count)"):
    try:
        eval(wrong)
    except (ValueError, TypeError) as e:
        print(e)
"""
    assert make("pyboard_d", program).run_wake(20).output.splitlines() == [
        "True True",
        "Timer(15) doesn't exist",
        "must specify either freq, period, or prescaler and period",
        "must have positive freq",
    ]


def test_without_interrupts_no_timer_comes_and_some_ports_reset(make, board):
    program = """
import machine, time
timer = machine.Timer(0 if hasattr(machine.Pin, "WAKE_LOW") else -1)
timer.init(mode=machine.Timer.ONE_SHOT, period=100, callback=lambda _: print("timer"))
state = machine.disable_irq()
time.sleep_ms(250)
print("off")
machine.enable_irq(state)
time.sleep_ms(100)
machine.disable_irq()
while True:
    pass
"""
    wake = make(board, program, speed=8).run_wake(3)
    if board == "feather_s2":  # the interrupt watchdog: 300 ms of the board's are less here
        assert (wake.ended, wake.output) == ("watchdog", "")
    else:
        assert wake.output == "off\ntimer\n"
        assert wake.ended == ("watchdog" if board == "esp8266" else "killed")


def test_what_is_stuck_in_an_esp8266s_firmware_is_reset(make):
    program = """
import machine
print(machine.reset_cause())
machine.I2C(scl=machine.Pin(5), sda=machine.Pin(4)).writeto(0x44, b"")
"""
    virtual = make("esp8266", program, speed=8)
    virtual.faults = Stuck()
    wake = virtual.run_wake(20)
    assert (wake.ended, wake.output) == ("watchdog", "0\n")
    # The SDK's software watchdog, not machine.WDT_RESET (micropython #9119).
    assert virtual.run_wake(20).output == "3\n"
