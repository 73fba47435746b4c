"""ESP32-S3 with the generic firmware: Seeed XIAO ESP32S3, Espressif's DevKits.

Pins: MicroPython ports/esp32/boards/ESP32_GENERIC_S3/mpconfigboard.h (I2C), machine_pin.h. The battery divider is two equal
resistors from the battery to GPIO1 (board.toml, wiring).
"""

from power.on_esp32 import *  # noqa: F403  the port's part of a profile

NAME = "esp32_s3"
BOOT_MS = 600  # from power to the budget's start, after a power-up: board.toml, virtual.boot_ms, and imports
LED = 21
LED_ON = 0  # driven low it shines (XIAO ESP32S3)
LIGHT = None
CHIP = "mcu_temperature"  # see sensors.chip
VBAT = (1, 2, 1)  # pin, numerator, denominator
I2C = (0, 9, 8)  # bus, SCL, SDA
ONEWIRE = 4
WAKE_PINS = (0, 2, 3, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 18)  # RTC pins that are free; 0 is the BOOT button


def rails(on):
    """There is no switched supply on this board: sensors hang on 3V3."""


def i2c(options):
    """The I2C bus of a sensor. options: the sensor's; "i2c": (bus, scl, sda) takes another one than the board's."""
    return i2c_open(*options.get("i2c", I2C))
