"""ESP32-C3 with the generic firmware: Seeed XIAO ESP32C3, Super Mini, Espressif's DevKits.

Pins: MicroPython ports/esp32/machine_pin.h; 2, 8 and 9 decide how it boots. The battery divider is two equal resistors from the
battery to GPIO3 (board.toml, wiring). A pin that ends its sleep needs firmware 1.27.
"""

from power.on_esp32 import *  # noqa: F403  the port's part of a profile

NAME = "esp32_c3"
BOOT_MS = 600  # from power to the budget's start, after a power-up: board.toml, virtual.boot_ms, and imports
LED = 8
LED_ON = 0  # driven low it shines (Super Mini); a XIAO has none
LIGHT = None
CHIP = "mcu_temperature"  # see sensors.chip
VBAT = (3, 2, 1)  # pin, numerator, denominator
I2C = (0, 7, 6)  # bus, SCL, SDA
ONEWIRE = 5
WAKE_PINS = (0, 1, 2, 4)  # of GPIO 0 to 5, which the chip can wake by, those that are free


def rails(on):
    """There is no switched supply on this board: sensors hang on 3V3."""


def i2c(options):
    """The I2C bus of a sensor. options: the sensor's; "i2c": (bus, scl, sda) takes another one than the board's."""
    return i2c_open(*options.get("i2c", I2C))
