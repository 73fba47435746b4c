"""Each port's own sizes, limits, names and exceptions. Oracle: MicroPython's sources, named in each test."""

from __future__ import annotations

import pytest

SHOW = """
def show(f, *args, **kwargs):
    try:
        print(f(*args, **kwargs))
    except Exception as e:
        print(type(e).__name__, *e.args)
"""


def lines(make, board, program):
    wake = make(board, SHOW + program).run_wake(20)
    assert wake.ended == "repl", wake.output
    return wake.output.splitlines()


@pytest.mark.parametrize(("board", "size"), [("feather_s2", 2048), ("esp8266", 492)])
def test_rtc_memory_has_the_ports_size(make, board, size):
    # ports/esp32/machine_rtc.c MICROPY_HW_RTC_USER_MEM_MAX; ports/esp8266/machine_rtc.c MEM_USER_MAXLEN
    program = f"""
import machine
m = machine.RTC().memory
print(m())
m(bytes({size}))
print(len(m()))
show(m, bytes({size + 1}))
print(hasattr(machine, "mem_backup"))
"""
    assert lines(make, board, program) == ["b''", str(size), "ValueError buffer too long", "False"]


def test_pyboard_has_backup_memory_and_no_rtc_memory(make):
    # ports/stm32/modmachine.c (v1.29): 4 KiB of bytes, arbitrary at power-up
    program = """
import machine
m = machine.mem_backup()
print(len(m), any(m), hasattr(machine.RTC, "memory"))
"""
    assert lines(make, "pyboard_d", program) == ["4096 True False"]


def test_the_epoch_is_2000_and_time_is_an_int(make, board):
    # The first day of the RTC: ports/stm32/rtc.c starts in 2015, the ESPs in 2000.
    program = """
import time
print(type(time.time()).__name__, time.gmtime(0), len(time.localtime()), time.mktime((2000, 1, 2, 0, 0, 0, 0, 0)))
print(time.gmtime()[0])
"""
    year = "2015" if board == "pyboard_d" else "2000"
    assert lines(make, board, program) == ["int (2000, 1, 1, 0, 0, 0, 5, 1) 8 86400", year]


@pytest.mark.parametrize(
    ("board", "causes"),
    [("feather_s2", "1 2 3 4 5"), ("esp8266", "0 6 1 5 4"), ("pyboard_d", "1 2 3 4 0")],
)
def test_reset_causes_have_the_ports_numbers(make, board, causes):
    # The ports' modmachine.c; the same in micropython-{esp32,esp8266,stm32}-stubs.
    program = """
import machine
names = ("PWRON_RESET", "HARD_RESET", "WDT_RESET", "DEEPSLEEP_RESET", "SOFT_RESET")
print(*[getattr(machine, n) for n in names])
print(machine.reset_cause() == machine.PWRON_RESET)
"""
    assert lines(make, board, program) == [causes, "True"]


@pytest.mark.parametrize(
    ("board", "present", "absent"),
    [
        ("feather_s2", ["esp32", "esp"], ["pyb"]),
        ("esp8266", ["esp"], ["esp32", "pyb"]),
        ("pyboard_d", ["pyb"], ["esp32", "esp"]),
    ],
)
def test_only_the_ports_modules_are_there(make, board, present, absent):
    program = f"""
for name in {present + absent}:
    try:
        __import__(name)
        print(name)
    except ImportError:
        print("no", name)
"""
    assert lines(make, board, program) == present + ["no " + name for name in absent]


@pytest.mark.parametrize(
    ("board", "timers"),
    [
        ("feather_s2", {0: "ok", 3: "ok", 4: "ValueError invalid Timer number", -1: "ValueError invalid Timer number"}),
        ("esp8266", {-1: "ok", 0: "ok"}),
        ("pyboard_d", {-1: "ok", 0: "ValueError Timer doesn't exist"}),
    ],
)
def test_timer_ids(make, board, timers):
    # ports/esp32/machine_timer.c, ports/esp8266/modmachine.c, extmod/machine_timer.c
    program = f"""
import machine
def t(id):
    machine.Timer(id)
    return "ok"
for id in {list(timers)}:
    show(t, id)
"""
    assert lines(make, board, program) == list(timers.values())


@pytest.mark.parametrize(
    ("board", "good", "bad"),
    [
        ("feather_s2", [1000, 60000], {0: "ValueError WDT timeout too short"}),
        ("esp8266", [5000], {8000: "ValueError"}),
        ("pyboard_d", [1000, 32767], {32768: "ValueError WDT timeout too long"}),
    ],
)
def test_watchdog_times(make, board, good, bad):
    # machine_wdt.c and wdt.c of the ports; ESP8266 takes 5000 only
    program = f"""
import machine
def w(ms):
    machine.WDT(timeout=ms).feed()
    return "ok"
for ms in {good + list(bad)}:
    show(w, ms)
"""
    assert lines(make, board, program) == ["ok"] * len(good) + list(bad.values())


def test_adc_of_each_board(make, board):
    program = {
        "feather_s2": "print(m.ADC(m.Pin(1), atten=m.ADC.ATTN_11DB).read_uv() // 1000)\nshow(m.ADC, 30)",
        "esp8266": "print(m.ADC(0).read())\nshow(m.ADC, 5)",
        "pyboard_d": "print(m.ADC('X2').read_u16() * 3300 // 65535)\nshow(m.ADC, 'Q9')",
    }[board]
    virtual = make(board, SHOW + "import machine as m\n" + program)
    virtual.scene.set("battery_mv", 4000)
    first, second = virtual.run_wake(20).output.splitlines()
    # A divider by two; ESP8266: 1 MOhm over 220 kOhm, 1 V is 1024.
    expected = {"feather_s2": 2000, "esp8266": 4000 * 220 / 1220 * 1.024, "pyboard_d": 2000}[board]
    assert int(first) == pytest.approx(expected, rel=0.01)
    assert second.startswith("ValueError")


def test_a_sensor_answers_only_on_its_supply(make, board):
    rail, arguments = {
        "feather_s2": (21, "0, scl=Pin(9), sda=Pin(8)"),
        "esp8266": (None, "Pin(5), Pin(4)"),
        "pyboard_d": ("'EN_3V3'", "'X'"),
    }[board]
    program = f"""
from machine import I2C, Pin
i2c = I2C({arguments})
show(i2c.scan)
show(i2c.writeto, 0x44, b"\\xfd")
if {rail} is not None:
    Pin({rail}, Pin.OUT, value=1)
import time
time.sleep_ms(12)
show(i2c.scan)
show(i2c.writeto, 0x44, b"\\xfd")
show(i2c.readfrom, 0x44, 6)
time.sleep_ms(10)
print(len(i2c.readfrom(0x44, 6)))
show(i2c.writeto, 0x30, b"x")
"""
    found = lines(make, board, program)
    if rail is not None:
        assert found[:2] == ["[]", "OSError 19"]
    # Still converting: not acknowledged (SHT4x datasheet, section 4.5). Nobody at 0x30: ENODEV (extmod/machine_i2c.c).
    assert found[2:] == ["[68]", "1", "OSError 19", "6", "OSError 19"]


def test_esp32_numbers_errors_as_newlib_does(make):
    # Not `errno.EAGAIN`: compiling source, the interpreter replaces that by its own number (py/parse.c); mpy-cross does not.
    program = """
from errno import EAGAIN, EHOSTUNREACH, EINPROGRESS, ETIMEDOUT
print(EINPROGRESS, ETIMEDOUT, EHOSTUNREACH, EAGAIN)
"""
    assert lines(make, "feather_s2", program) == ["119 116 118 11"]


def test_the_pcs_file_system_is_gone(make, board):
    program = "import os\nprint(os.getcwd(), os.listdir())\nshow(os.stat, '/etc/passwd')"
    root = "/flash" if board == "pyboard_d" else "/"
    first, second = lines(make, board, program)
    assert first == f"{root} ['main.py']"
    assert second.startswith("OSError")
