"""The chips of the ESP32 port: what each lets its pins, timers, buses and converter do, and how a pin ends its sleep.

The oracle: MicroPython's ports/esp32 (machine_pin.h, modesp32.h, modesp32.c, modmachine.c, machine_timer.c, machine_adc.c) and
ESP-IDF v4.4's adc.rst, typed here once more.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dormouse.virtual.board import World

POWER = Path(__file__).parents[2] / "power"
TRY = """
import esp32, machine, network
def told(f, *args, **kwargs):
    try:
        return f(*args, **kwargs)
    except Exception as e:
        return e
def good(f, ids):
    return [i for i in ids if not isinstance(told(f, i), Exception)]
P = machine.Pin
"""
PROGRAM = (
    TRY
    + """
pins = good(P, range(50))
print(pins[0], pins[-1], len(pins))
print([p for p in pins if isinstance(told(P, p, P.OUT), ValueError)])
print(good(machine.Timer, range(6)), good(lambda i: machine.I2C(i, scl=P(7), sda=P(5)), range(3)))
print([n for n in ("wake_on_ext0", "wake_on_ext1", "wake_on_touch", "wake_on_ulp", "wake_on_gpio") if hasattr(esp32, n)])
print([hasattr(esp32, n) for n in ("raw_temperature", "mcu_temperature")])
print(good(lambda p: machine.ADC(P(p)), pins))
adc = machine.ADC(P(VBAT))
print([(adc.atten(a), adc.read_uv() // 1000)[1] for a in range(4)], adc.read() in (4095, 8191), adc.read())
print(told(machine.freq, 240000000), __import__("esp").flash_size() >> 20)
"""
)
S2_PINS = [*range(19), 21, *range(33, 47)]
S2 = (S2_PINS, [46], "[0, 1, 2, 3] [0, 1]", True, "[False, True]", range(1, 19), (750, 1050, 1300, 2500))
CHIPS = {
    "feather_s2": (*S2, 8191, 1),
    "esp32": (
        [*range(24), 25, 26, 27, *range(32, 40)], [34, 35, 36, 37, 38, 39], "[0, 1, 2, 3] [0, 1]", True, "[True, False]",
        [0, 2, 4, 12, 13, 14, 15, 25, 26, 27, *range(32, 40)], (950, 1250, 1750, 2450), 4095, 34,
    ),
    "esp32_s3": (
        [*range(19), 21, *range(33, 49)], [], "[0, 1, 2, 3] [0, 1]", True, "[False, True]", range(1, 19),
        (950, 1250, 1750, 3100), 4095, 1,
    ),
    "esp32_c3": ([*range(14), 20, 21], [], "[0, 1] [0]", False, "[False, True]", range(6), (750, 1050, 1300, 2500), 4095, 3),
}  # fmt: skip


@pytest.mark.parametrize("board", CHIPS)
def test_each_chip_has_what_its_firmware_gives_it(make, board):
    pins, inputs, ids, ext, thermometers, adc, ends, most, vbat = CHIPS[board]
    virtual = make(board, PROGRAM.replace("VBAT", str(vbat)))
    virtual.scene.set("battery_mv", 9000)  # beyond every end of the converter
    told = virtual.run_wake(20).output.splitlines()
    assert told[0] == f"{pins[0]} {pins[-1]} {len(pins)}"
    assert told[1:3] == [str(inputs), ids]
    named = ["wake_on_ext0", "wake_on_ext1", "wake_on_touch", "wake_on_ulp"] if ext else []
    assert told[3:5] == [str([*named, "wake_on_gpio"]), thermometers]
    assert told[5] == str([pin for pin in adc if pin in pins])
    assert told[6] == f"{list(ends)} True {most}"
    mib = {"feather_s2": 16, "esp32_s3": 8}.get(board, 4)
    assert told[7] == ("None" if ext else "frequency must be 20MHz, 40MHz, 80Mhz or 160MHz") + f" {mib}"


def test_the_esp32s_second_converter_belongs_to_the_radio(make):
    program = """
read = lambda pin: told(machine.ADC(P(pin), atten=3).read_uv)
print(read(4) is not None, read(34) > 0)
network.WLAN().active(True)
print(read(4).errno, read(34) > 0)
network.WLAN().active(False)
print(read(4))
"""
    assert make("esp32", TRY + program).run_wake(20).output.splitlines() == ["True True", "116 True", "0"]


@pytest.mark.parametrize(("board", "pin", "reason"), [("esp32", 33, 3), ("esp32_s3", 18, 3), ("esp32_c3", 4, 7)])
def test_a_pin_ends_the_sleep_of_each(make, board, pin, reason):
    program = f"""
import machine
from power import wake_esp32
print(machine.wake_reason(), wake_esp32.woke({pin}), wake_esp32.level({pin}))
wake_esp32.arm({pin}, 1)
machine.deepsleep(60000)
"""
    files = {f"/power/{name}": (POWER / name).read_bytes() for name in ("__init__.py", "wake_esp32.py")}
    virtual = make(board, program, files=files, world=World(drift=0.0))
    start_s = virtual.now_s
    virtual.world.edges[str(pin)] = [(start_s + 20, 1), (start_s + 40, 0)]
    assert virtual.run_wake(20).output == "0 False 0\n"
    assert virtual.now_s - start_s == pytest.approx(20, abs=1)
    assert virtual.run_wake(20).output == f"{reason} True 1\n"


@pytest.mark.parametrize(
    ("board", "pin", "told"),
    [
        ("esp32_s3", 4, "DEEPSLEEP with gpio pins not supported on this chip"),
        ("esp32_c3", 6, "wake-up pin not supported"),
    ],
)
def test_pins_that_deep_sleep_refuses(make, board, pin, told):
    program = f"import esp32, machine\nesp32.wake_on_gpio((machine.Pin({pin}),), True)\nmachine.deepsleep(1000)"
    wake = make(board, program).run_wake(20)
    assert f"ValueError: {told}" in wake.output and wake.ended != "deepsleep"
