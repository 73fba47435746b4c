"""ESP32 on a DevKit with a WROOM module. Not for batteries as it is sold: board.toml says what it draws, and why.

Pins: MicroPython ports/esp32/machine_pin.h. The battery divider is two equal resistors from the battery to GPIO34, an input of
ADC1, which works with the radio on (board.toml, wiring).
"""

from power.on_esp32 import *  # noqa: F403  the port's part of a profile

NAME = "esp32"
BOOT_MS = 600  # from power to the budget's start, after a power-up: board.toml, virtual.boot_ms, and imports
LED = 2
LED_ON = 1
LIGHT = None
CHIP = "raw_temperature"  # see sensors.chip
VBAT = (34, 2, 1)  # pin, numerator, denominator
I2C = (0, 22, 21)  # bus, SCL, SDA
ONEWIRE = 4
# RTC pins on the header, without those that decide how it boots (2, 12, 15); 0 is the BOOT button.
WAKE_PINS = (0, 13, 14, 25, 26, 27, 32, 33, 35, 36, 39)


def rails(on):
    """There is no switched supply on this board: sensors hang on 3V3."""


def i2c(options):
    """The I2C bus of a sensor. options: the sensor's; "i2c": (bus, scl, sda) takes another one than the board's."""
    return i2c_open(*options.get("i2c", I2C))
