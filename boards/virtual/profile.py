"""A board that is not there: for trying things before there is hardware. It has everything that a sensor can be wired to.

It is an ESP32-S3 with a switched supply for the sensors (GPIO21), a light sensor (GPIO4) and a battery divider (GPIO1).
"""

import machine

from power.on_esp32 import *  # noqa: F403  the port's part of a profile

NAME = "virtual"
BOOT_MS = 600  # from power to the budget's start, after a power-up: board.toml, virtual.boot_ms, and imports
LED = 13
LED_ON = 1
LIGHT = 4
CHIP = "mcu_temperature"  # see sensors.chip
VBAT = (1, 2, 1)  # pin, numerator, denominator
I2C = (0, 9, 8)  # bus, SCL, SDA
ONEWIRE = 6
WAKE_PINS = (0, 2, 3, 5, 7, 10, 11, 12, 14, 15, 16, 17, 18)


def rails(on):
    """Switch the sensors' supply; it settles at once."""
    machine.Pin(21, machine.Pin.OUT, value=1 if on else 0)


def i2c(options):
    """The I2C bus of a sensor. options: the sensor's; "i2c": (bus, scl, sda) takes another one than the board's."""
    return i2c_open(*options.get("i2c", I2C))
