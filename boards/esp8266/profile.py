"""ESP8266: Adafruit Feather HUZZAH, bare modules. GPIO16 must be wired to RST, or it never wakes.

The only ADC input takes 0 to 1 V: the battery divider here is 1 MOhm over 220 kOhm (board.toml, wiring).
"""

from power.on_esp8266 import *  # noqa: F403  the port's part of a profile

NAME = "esp8266"
BOOT_MS = 400  # from power to the budget's start, after a power-up: board.toml, virtual.boot_ms, and imports
LED = 2
LED_ON = 0  # driven low it shines (D1 mini and Huzzah schematics)
LIGHT = None
CHIP = None  # it has no thermometer
VBAT = (0, 1220, 220)  # pin, numerator, denominator
I2C = (None, 5, 4)  # bus, SCL, SDA
ONEWIRE = 12
WAKE_PINS = ()  # RST alone ends its sleep, and does not say whether GPIO16's timer or a button pulled it


def rails(on):
    """There is no switched supply on these boards: sensors hang on 3V3."""


def i2c(options):
    """The I2C bus of a sensor. options: the sensor's; "i2c": (bus, scl, sda) takes another one than the board's."""
    return i2c_open(*options.get("i2c", I2C))
