"""The I2C bus of each port: what happens when nobody answers, when a part stops a write, and when a part holds a line low.

The expected errors are read in MicroPython's sources; tools/dormouse/virtual/i2c.py names them.
"""

from __future__ import annotations

import pytest

from dormouse.virtual.devices import I2CDevice, Nack
from dormouse.virtual.world import World

BOARDS = ("feather_s2", "esp8266", "pyboard_d", "pico_w")
BUS = {
    "feather_s2": "I2C(0, scl=Pin(9), sda=Pin(8), timeout=20000)",
    "esp8266": "I2C(scl=Pin(5), sda=Pin(4), timeout=20000)",
    "pyboard_d": "I2C('X', timeout=20000)",
    "pico_w": "I2C(0, scl=Pin(5), sda=Pin(4), timeout=20000)",
}
OTHER = {
    "feather_s2": "I2C(1, scl=Pin(5), sda=Pin(6))",
    "esp8266": "I2C(scl=Pin(13), sda=Pin(12))",
    "pyboard_d": "I2C('Y')",
    "pico_w": "I2C(1, scl=Pin(7), sda=Pin(6))",
}
OTHER_WIRES = {"feather_s2": (1, 5, 6), "esp8266": (None, 13, 12), "pyboard_d": ("Y", None, None), "pico_w": (1, 7, 6)}
RAIL = {"feather_s2": "21", "esp8266": None, "pyboard_d": "'EN_3V3'", "pico_w": None}
TIMED_OUT = {"feather_s2": 116, "pyboard_d": 110, "esp8266": 110, "pico_w": 110}  # newlib's number on ESP32
NO_ANSWER = {"feather_s2": 19, "pyboard_d": 19, "esp8266": 19, "pico_w": 5}  # rp2 knows EIO only
SETUP = """
import time
from machine import I2C, Pin, SoftI2C
if {rail}:
    Pin({rail}, Pin.OUT, value=1)
i2c = {bus}
def show(call, *args, **kw):
    begun = time.ticks_ms()
    try:
        text = str(call(*args, **kw))
    except Exception as error:
        text = "{{}} {{}}".format(type(error).__name__, error.args[0] if error.args else "")
    print(text, time.ticks_diff(time.ticks_ms(), begun), sep="|")
"""


@pytest.fixture(params=BOARDS)
def board(request):
    return request.param


class Registers(I2CDevice):
    """A part with 16 bytes of registers that takes `room` bytes of a write."""

    def __init__(self, address: int, room: int = 100) -> None:
        self.address, self.room, self.at = address, room, 0
        self.bytes = bytearray(range(16))

    def driver(self) -> str:
        return "part"

    def power(self, on: bool) -> None:
        pass

    def write(self, data: bytes) -> None:
        if len(data) > self.room:
            raise Nack(self.room)
        if data:
            self.at, self.bytes[data[0] : data[0] + len(data) - 1] = data[0], data[1:]

    def read(self, n: int) -> bytes:
        return bytes(self.bytes[self.at : self.at + n])


def run(make, board, program, *parts, failure=None):
    """What each show() said: its text, and the milliseconds that it took."""
    virtual = make(board, SETUP.format(rail=RAIL[board], bus=BUS[board]) + program, world=World(devices=lambda *_: list(parts)))
    virtual.scene.fail("part", failure)
    wake = virtual.run_wake(30)
    assert "Traceback" not in wake.output, wake.output
    lines = [line.rpartition("|") for line in wake.output.splitlines()]
    return [text for text, _, _ in lines], [int(ms) for _, _, ms in lines]


def test_registers_and_the_arguments_of_each_method(make, board):
    program = """
show(i2c.scan)
show(i2c.writeto_mem, 0x44, 3, b"ab")
show(i2c.readfrom_mem, 0x44, 2, 4)
show(i2c.readfrom_mem, addr=0x44, memaddr=0, arg=1, addrsize=8)
buf = bytearray(2)
i2c.readfrom_mem_into(0x44, 4, buf)
show(i2c.writevto, 0x44, (b"\\x05", b"xy"))
show(i2c.readfrom, 0x44, 2)
show(i2c.readfrom_mem, 0x44, 0, 1, addrsize=7)
show(i2c.readfrom, addr=0x44, nbytes=2)
show(i2c.writeto, 0x44, 5)
show(i2c.writeto, 0x30, b"x")
show(i2c.readfrom, 0x30, 2)
"""
    found, _ = run(make, board, program, Registers(0x44), Registers(0x21))
    assert found[:6] == ["[33, 68]", "None", "b'\\x02ab\\x05'", "b'\\x00'", "3", "b'xy'"]
    # No keywords where the ports take none; bytes where they take bytes.
    assert [text.split()[0] for text in found[6:9]] == ["ValueError", "TypeError", "TypeError"]
    assert found[9:] == [f"OSError {NO_ANSWER[board]}"] * 2


def test_a_part_that_stops_a_write(make, board):
    program = """
show(i2c.writeto, 0x44, b"abc")
show(i2c.readfrom_mem, 0x45, 0, 2)
"""
    found, _ = run(make, board, program, Registers(0x44, 2), Registers(0x45, 0))
    # ESP-IDF and Pico SDK say so; elsewhere fewer bytes were taken, and what is read is whatever was in memory.
    silent = board in ("esp8266", "pyboard_d")
    assert found == (["2", "b'\\xa5\\xa5'"] if silent else [f"OSError {NO_ANSWER[board]}"] * 2)


@pytest.mark.parametrize("line", ["stuck", "clock"])
def test_one_part_that_holds_a_line_takes_the_bus_from_all(make, board, line):
    program = """
show(i2c.writeto, 0x21, b"\\x00")
show(i2c.readfrom, 0x21, 2)
show(i2c.readfrom_mem, 0x44, 0, 2)
"""
    found, took = run(make, board, program, Registers(0x44), Registers(0x21), failure=line)
    if board == "esp8266" and line == "stuck":
        # A low data line is an acknowledge to what samples it, and so is it a 0.
        assert found == ["1", "b'\\x00\\x00'", "b'\\x00\\x00'"]
        return
    assert found == [f"OSError {TIMED_OUT[board]}"] * 3
    least = [200, 300, 400] if board == "feather_s2" else [20, 20, 20]
    assert all(ms >= limit for ms, limit in zip(took, least)), took


def test_a_scan_of_a_held_bus(make):
    found, took = run(make, "esp8266", "show(i2c.scan)", Registers(0x44), failure="stuck")
    assert found == [str(list(range(8, 0x78)))]
    found, took = run(make, "pyboard_d", "i2c = I2C('X', timeout=1000)\nshow(i2c.scan)", Registers(0x44), failure="stuck")
    assert (found, took[0] >= 112) == (["[]"], True)


def test_a_part_without_supply_holds_no_line(make):
    program = """
Pin('EN_3V3').init(Pin.OUT, value=0)
show(i2c.scan)
"""
    assert run(make, "pyboard_d", program, Registers(0x44), failure="stuck")[0] == ["[68]"]  # it has no supply to lose


def test_a_part_is_on_its_own_wires_only(make, board):
    far = Registers(0x44)
    far.bus = OTHER_WIRES[board]
    program = f"""
show(i2c.scan)
show(i2c.writeto, 0x44, b"")
i2c = {OTHER[board]}
show(i2c.scan)
"""
    # And one that holds a line there leaves this bus alone.
    assert run(make, board, program, far, Registers(0x21))[0] == ["[33]", "OSError 19", "[68]"]


def test_what_the_constructors_refuse(make, board):
    program = """
show(SoftI2C, 5, 4)
show(I2C, 'X', scl=Pin('X9'), sda=Pin('X10')) if {stm} else show(I2C, 7, scl=Pin(5), sda=Pin(4))
""".format(stm=board == "pyboard_d")
    found, _ = run(make, board, program)
    # Numbers are pins on rp2 only (machine_pin_find).
    assert found[0].startswith("<SoftI2C object" if board == "pico_w" else "ValueError expecting a pin")
    assert found[1].split()[0] == ("TypeError" if board == "esp8266" else "ValueError")
