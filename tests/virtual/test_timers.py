"""Soft timers and their limits, watchdogs, the phases of the awake budget."""

from __future__ import annotations

import socket

import pytest

from dormouse.virtual.board import World

TIMER = """
import machine, time
def arm(ms, f, mode=machine.Timer.ONE_SHOT):
    timer = machine.Timer(0 if hasattr(machine.Pin, "WAKE_LOW") else -1)
    timer.init(mode=mode, period=ms, callback=f)
    return timer
start = time.ticks_ms()
def since(_=None):
    return time.ticks_diff(time.ticks_ms(), start)
"""
CONNECT = """
import network
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect("dormouse", "sleep-tight")
while not wlan.isconnected():
    time.sleep_ms(5)
start = time.ticks_ms()
"""


@pytest.mark.parametrize(
    "wait",
    [
        "while True: pass",
        "while True: bytearray(500)",
        "time.sleep(9)",
        "import asyncio\nasync def f():\n    await asyncio.sleep(9)\nasyncio.run(f())",
    ],
)
def test_a_timer_ends_any_python_code(make, board, wait):
    wake = make(board, TIMER + "arm(200, lambda _: machine.deepsleep(1000))\n" + wait).run_wake(20)
    assert wake.ended == "deepsleep"
    boot_ms = wake.phases[0][2]
    assert 200 <= wake.awake_ms - boot_ms < 400


def test_a_timer_comes_between_the_slices_of_a_blocked_socket(make, board):
    # extmod/modlwip.c polls events while it waits, ports/esp32/modsocket.c every 100 ms
    with socket.create_server(("127.0.0.1", 0)) as silent:
        program = f"""
import socket
s = socket.socket()
s.connect(("127.0.0.1", {silent.getsockname()[1]}))
arm(150, lambda _: machine.deepsleep(1000))
s.recv(10)
"""
        wake = make(board, TIMER + CONNECT + program, speed=50).run_wake(20)
    assert wake.ended == "deepsleep", wake.output


@pytest.mark.parametrize(("board", "inside"), [("feather_s2", False), ("esp8266", True), ("pyboard_d", True)])
def test_no_timer_comes_into_esp32_name_resolution(make, board, inside):
    # ports/esp32/modsocket.c: lwip_getaddrinfo() without events; extmod/modlwip.c polls them
    world = World()
    world.dns.fail_ms = 600 * 20
    program = """
import socket
arm(100, lambda _: print("timer", since() // 100))
try:
    socket.getaddrinfo("nowhere.example", 80)
except OSError as e:
    print("failed", since() // 100, e.args[0])
"""
    wake = make(board, TIMER + CONNECT + program, world=world, speed=20).run_wake(20)
    dns = "failed 6 -202" if board == "feather_s2" else "failed 6 -2"
    # On ESP32 the callback runs at the first bytecode after the call.
    timer = "timer 1" if inside else "timer 6"
    assert sorted(wake.output.splitlines()) == [dns, timer]


def test_periodic_timers_and_stopping(make, board):
    program = (
        TIMER
        + """
hits = []
t = arm(50, lambda _: hits.append(since()), machine.Timer.PERIODIC)
time.sleep_ms(280)
t.deinit()
n = len(hits)
time.sleep_ms(120)
print(4 <= n <= 6, len(hits) == n)
t = arm(100, lambda _: print("no"))
t.deinit()
time.sleep_ms(150)
"""
    )
    assert make(board, program).run_wake(20).output == "True True\n"


def test_an_exception_in_a_callback_is_printed_and_that_is_all(make, board):
    # py/scheduler.c: a soft reset there is an exception too, and goes nowhere
    wake = make(board, TIMER + "arm(50, lambda _: 1 / 0)\ntime.sleep_ms(200)\nprint('on')").run_wake(20)
    assert "ZeroDivisionError" in wake.output
    assert wake.output.endswith("on\n")


def test_a_watchdog_bites(make, board):
    program = """
import machine, time
if machine.reset_cause() not in (machine.WDT_RESET, 3):
    wdt = machine.WDT(timeout=5000)
    for _ in range(2):
        time.sleep_ms(100)
        wdt.feed()
while machine.reset_cause() not in (machine.WDT_RESET, 3):
    pass
print("bitten")
"""
    program = program if board == "esp8266" else program.replace("5000", "300")
    virtual = make(board, program)
    wake = virtual.run_wake(20)
    assert (wake.ended, wake.by) == ("watchdog", "supervisor")
    again = virtual.run_wake(20)
    assert again.reset_cause == "WDT_RESET"
    assert again.output == "bitten\n"


def test_the_watchdogs_of_esp32_and_pyboard_outlive_what_they_do(make):
    # ports/esp32/machine_wdt.c: armed across a soft reset. STM32: the IWDG counts on in standby (micropython #19399).
    soft = """
import machine, time
if machine.reset_cause() == machine.SOFT_RESET:
    time.sleep(9)
machine.WDT(timeout=300)
machine.soft_reset()
"""
    virtual = make("feather_s2", soft)
    assert [virtual.run_wake(20).ended, virtual.run_wake(20).ended] == ["soft_reset", "watchdog"]
    asleep = "import machine\nprint(machine.reset_cause())\nmachine.WDT(timeout=8000)\nmachine.deepsleep(60000)"
    outputs = {}
    for board in ("feather_s2", "pyboard_d"):
        virtual = make(board, asleep)
        virtual.run_wake(20)
        outputs[board] = virtual.run_wake(20).output
    assert outputs == {"feather_s2": "4\n", "pyboard_d": "3\n"}


def test_a_reset_stops_the_watchdog(make, board):
    program = """
import machine, time
if machine.reset_cause() in (2, 4):
    time.sleep_ms(900)
    print("on")
else:
    machine.WDT(timeout=600)
    machine.reset()
"""
    virtual = make(board, program.replace("600", "5000") if board == "esp8266" else program)
    assert virtual.run_wake(20).ended == "reset"
    assert virtual.run_wake(20).output == "on\n"


AWAKE = b"""
import time
MS_PER_S = 1000
on_mark = None
def mark(phase):
    if on_mark:
        on_mark(phase, time.ticks_ms())
"""


def test_phases_come_from_the_awake_budget(make, board):
    program = """
from power import awake
import machine, time
awake.mark("start")
time.sleep_ms(60)
awake.mark("measure")
big = bytearray(20000)
awake.mark("link")
big = None
print(awake.MS_PER_S)
awake.mark("sleep")
machine.deepsleep(5000)
"""
    events = []
    virtual = make(
        board, program, files={"power/__init__.py": b"", "power/awake.py": AWAKE}, speed=4, heap="64K", on_event=events.append
    )
    wake = virtual.run_wake(20)
    assert wake.output == "250\n"
    assert [p[0] for p in wake.phases] == ["boot", "start", "measure", "link", "sleep"]
    assert 60 <= wake.phases[1][2] < 150
    ends = [start + length for _, start, length in wake.phases]
    assert ends[:-1] == [start for _, start, _ in wake.phases[1:]]
    assert ends[-1] == wake.awake_ms
    assert [e["phase"] for e in events if e["event"] == "phase"] == [p[0] for p in wake.phases]
    assert events[-1]["sleep_s"] == 5 and events[-1]["heap_low_bytes"] == wake.heap_low
    assert 20000 < wake.heap_low < 64 * 1024 - 20000
