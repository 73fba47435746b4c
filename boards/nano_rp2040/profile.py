"""Arduino Nano RP2040 Connect: RP2040, u-blox NINA-W102. It works, but is not for batteries: board.toml says why.

Pins: MicroPython ports/rp2/boards/ARDUINO_NANO_RP2040_CONNECT/pins.csv. A battery's divider is two equal resistors to A0
(board.toml, wiring).
"""

from power.on_rp2 import *  # noqa: F403  the port's part of a profile

NAME = "nano_rp2040"
BOOT_MS = 350  # from power to the budget's start, after a power-up: board.toml, virtual.boot_ms, and imports
LED = 6
LED_ON = 1
LIGHT = None
CHIP = "rp2"  # see sensors.chip
VBAT = (26, 2, 1)  # pin, numerator, denominator
I2C = (0, 13, 12)  # bus, SCL, SDA: A5, A4, with the board's own motion sensor and crypto chip on it
ONEWIRE = 15
WAKE_PINS = ()  # its sleep ends by the timer alone


def radio():
    """The module that drives this board's radio."""
    from power import radio_nina

    return radio_nina


def rails(on):
    """There is no switched supply: sensors hang on 3.3V."""


def i2c(options):
    """The I2C bus of a sensor. options: the sensor's; "i2c": (bus, scl, sda) takes another one than the board's."""
    return i2c_open(*options.get("i2c", I2C))
