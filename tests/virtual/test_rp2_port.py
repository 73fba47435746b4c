"""The rp2 port's ways: sleep, causes, the watchdog and its registers, the clock."""

from __future__ import annotations

import pytest

SCRATCH = """
import machine, time
def scratch(i):
    return 0x4005800C + 4 * i
mem = machine.mem32
print("boot", machine.reset_cause(), mem[0x40058008], mem[scratch(0)], hex(mem[scratch(4)] & 0xFFFFFFFF), time.gmtime()[0])
"""


def boots(output: str) -> list[str]:
    return [line[5:] for line in output.splitlines() if line.startswith("boot ")]


def test_what_each_reset_leaves(make):
    node = make(
        "pico_w",
        SCRATCH
        + """
if mem[scratch(0)] == 0:
    mem[scratch(0)] = 1
    machine.deepsleep(1000)
elif mem[scratch(0)] == 1:
    mem[scratch(0)] = 2
    machine.RTC().datetime((2026, 1, 2, 0, 3, 4, 5, 0))
    print("set", time.gmtime()[:6], machine.RTC().datetime())
    machine.reset()
else:
    machine.WDT(timeout=50)
    while True:
        pass
""",
    )
    wakes = [node.run_wake(10) for _ in range(3)]
    assert [wake.ended for wake in wakes] == ["deepsleep", "reset", "watchdog"]
    assert wakes[0].sleep_ms == 1000
    assert "set (2026, 1, 2, 3, 4, 5) (2026, 1, 2, 4, 3, 4, 5, 0)" in wakes[1].output
    wakes.append(node.run_wake(10))
    said = [boots(wake.output)[0] for wake in wakes]
    # Cause, REASON, ours, the SDK's, the year: every boot sets the clock to 2021, and only a bite leaves the SDK's mark.
    assert said == ["1 0 0 0x0 2021", "3 1 1 0x0 2021", "3 1 2 0x0 2021", "3 1 2 0x6ab73121 2021"]
    node.power_cycle()
    assert boots(node.run_wake(10).output) == ["1 0 0 0x0 2021"]
    node.wake_by_pin()  # RUN is as good as a power cut
    assert node.cause == "power" and node.retained == b""


def test_limits(make):
    wake = make(
        "pico_w",
        """
import machine, time
def no(f, *args, **kwargs):
    try:
        f(*args, **kwargs)
    except Exception as e:
        print(type(e).__name__, e)
no(machine.lightsleep, 4294967)
no(machine.WDT, timeout=8389)
no(machine.Timer, 0)
no(machine.ADC, 5)
no(machine.ADC, machine.Pin(5))
no(machine.I2C, 0, scl=machine.Pin(4), sda=machine.Pin(5))
no(machine.I2C, 1, scl=machine.Pin(5), sda=machine.Pin(4))
no(machine.Pin, 30)
no(machine.Pin, "LED", machine.Pin.OUT, machine.Pin.PULL_UP)
print(hasattr(machine, "DEEPSLEEP_RESET"), hasattr(machine, "wake_reason"))
before = time.ticks_ms(), time.time()
machine.lightsleep(600000)
print(time.ticks_diff(time.ticks_ms(), before[0]) // 1000, time.time() - before[1])
machine.WDT(timeout=40)
machine.mem32[0x40058000] &= ~(1 << 30)
time.sleep_ms(80)
print("alive")
""",
    ).run_wake(10)
    assert wake.output.splitlines()[:12] == [
        "ValueError sleep too long",
        "ValueError timeout exceeds 8388",
        "ValueError Timer doesn't exist",
        "ValueError invalid channel",
        "ValueError Pin doesn't have ADC capabilities",
        "ValueError bad SCL pin",
        "ValueError bad SCL pin",
        "ValueError invalid pin",
        "ValueError pulls are not supported for external pins",
        "False False",
        "600 600",
        "alive",
    ]
    assert wake.ended == "repl"


def test_a_light_sleep_ends_at_once_while_the_radio_is_on(make):
    wake = make(
        "pico_w",
        """
import machine, network, time
wlan = network.WLAN()
wlan.active(True)
at = time.ticks_ms()
machine.lightsleep(60000)
print(time.ticks_diff(time.ticks_ms(), at) < 1000)
wlan.active(False)
wlan.deinit()
at = time.ticks_ms()
machine.lightsleep(60000)
print(time.ticks_diff(time.ticks_ms(), at) < 1000)
""",
    ).run_wake(10)
    assert wake.output.split()[:2] == ["True", "False"]


@pytest.mark.parametrize(("board", "numbers"), [("pico_w", "110 115 113"), ("nano_rp2040", "116 119 118")])
def test_error_numbers_are_the_firmwares(make, board, numbers):
    # By name: the interpreter puts its own number where it compiles errno.ETIMEDOUT (MICROPY_COMP_MODULE_CONST).
    program = "import errno\nprint(*[getattr(errno, name) for name in ('ETIMEDOUT', 'EINPROGRESS', 'EHOSTUNREACH')])\n"
    assert make(board, program).run_wake(10).output.startswith(numbers)


def test_the_ninas_station(make):
    wake = make(
        "nano_rp2040",
        """
import network, time
wlan = network.WLAN()
def no(f, *args, **kwargs):
    try:
        f(*args, **kwargs)
    except Exception as e:
        print(type(e).__name__, e)
at = time.ticks_ms()
wlan.active(True)
print(80 <= time.ticks_diff(time.ticks_ms(), at) < 1000)
no(wlan.config, pm=0)
no(wlan.ifconfig, "dhcp")
no(wlan.connect, "dormouse", "sleep-tight", bssid=b"123456")
print(wlan.status(), wlan.isconnected())
wlan.connect("dormouse", "sleep-tight")
while not wlan.isconnected():
    time.sleep_ms(5)
print(wlan.status(), wlan.ifconfig()[0], wlan.status("rssi"), wlan.isconnected())
""",
        speed=10,
    ).run_wake(20)
    assert wake.output.splitlines()[:6] == [
        "True",
        "ValueError AP required",
        "TypeError object 'str' isn't a tuple or list",
        "TypeError unexpected keyword argument 'bssid'",
        "False False",
        "True 192.168.1.57 -61 False",
    ]
