"""Pyboard D, SF2W and SF6W, with the WBUS-DIP28 adapter's low-power supply.

Pins: MicroPython ports/stm32/boards/PYBD_SF2. The battery divider is two equal resistors from VBAT to X2 (board.toml, wiring).
"""

import machine
import time

from power.on_stm32 import *  # noqa: F403  the port's part of a profile

NAME = "pyboard_d"
BOOT_MS = 200  # from power to the budget's start, after a power-up: board.toml, virtual.boot_ms, and imports
LED = "LED_BLUE"
LED_ON = 0  # driven low it shines (PYBD_SF2/mpconfigboard.h, MICROPY_HW_LED_INVERTED)
LIGHT = None
CHIP = "core"  # see sensors.chip
VBAT = ("X2", 2, 1)  # pin, numerator, denominator
I2C = ("X", None, None)  # bus; it names its pins
ONEWIRE = "X12"
WAKE_PINS = ("X1", "X3", "C1", "C13")  # the chip's WKUP inputs; C1 and C13 are on the WBUS only

_SETTLE_MS = 10


def rails(on):
    """Switch the 3.3 V rail of the sensors and of I2C-X's pull-ups; board_init.c leaves it off at boot."""
    machine.Pin("EN_3V3", machine.Pin.OUT, value=1 if on else 0)
    if on:
        time.sleep_ms(_SETTLE_MS)


def i2c(options):
    """The I2C bus of a sensor. options: the sensor's; "i2c": (bus, scl, sda) takes another one than the board's."""
    return i2c_open(*options.get("i2c", I2C))
