"""Unexpected Maker Feather S2: ESP32-S2, two 3.3 V regulators, ambient light sensor, STEMMA connector.

Pins: MicroPython ports/esp32/boards/UM_FEATHERS2, modules/feathers2.py and mpconfigboard.h (I2C). There is no battery
divider on the board: two equal resistors from BAT to GPIO1 and from GPIO1 to GND (board.toml, wiring).
"""

import machine
import time

from power.on_esp32 import *  # noqa: F403  the port's part of a profile

NAME = "feather_s2"
BOOT_MS = 600  # from power to the budget's start, after a power-up: board.toml, virtual.boot_ms, and imports
LED = 13
LED_ON = 1
LIGHT = 4
CHIP = "mcu_temperature"  # see sensors.chip
VBAT = (1, 2, 1)  # pin, numerator, denominator
I2C = (0, 9, 8)  # bus, SCL, SDA
ONEWIRE = 33
WAKE_PINS = (0, 1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 14, 17, 18)  # RTC pins on the header; 0 is the BOOT button

_LDO2 = 21
_DOTSTAR = (40, 45)  # data, clock
_SETTLE_MS = 35  # feathers2.py


def rails(on):
    """Switch the second regulator: light sensor, DotStar, STEMMA connector. Returns when it has settled, 35 ms."""
    if on:
        machine.Pin(_LDO2, machine.Pin.OUT, value=1)
        time.sleep_ms(_SETTLE_MS)
        return
    # Driven pins would feed the unpowered DotStar through its inputs.
    for pin in _DOTSTAR:
        machine.Pin(pin, machine.Pin.IN)
    machine.Pin(_LDO2, machine.Pin.OUT, value=0)


def i2c(options):
    """The I2C bus of a sensor. options: the sensor's; "i2c": (bus, scl, sda) takes another one than the board's."""
    return i2c_open(*options.get("i2c", I2C))
