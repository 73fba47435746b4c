"""Raspberry Pi Pico W: RP2040, CYW43439. It works, but is not for batteries: board.toml says why.

Pins: MicroPython ports/rp2/boards/RPI_PICO_W. A battery's divider is two equal resistors to GPIO26 (board.toml, wiring); the
board's own, on GPIO29, shares its pin with the radio.
"""

from power.on_rp2 import *  # noqa: F403  the port's part of a profile

NAME = "pico_w"
BOOT_MS = 300  # from power to the budget's start, after a power-up: board.toml, virtual.boot_ms, and imports
LED = "LED"  # a pin of the radio's chip, which is powered as long as it is used
LED_ON = 1
LIGHT = None
CHIP = "rp2"  # see sensors.chip
VBAT = (26, 2, 1)  # pin, numerator, denominator
I2C = (0, 5, 4)  # bus, SCL, SDA
ONEWIRE = 22
WAKE_PINS = ()  # its sleep ends by the timer alone


def radio():
    """The module that drives this board's radio."""
    from power import radio_rp2

    return radio_rp2


def rails(on):
    """There is no switched supply: sensors hang on 3V3(OUT)."""


def i2c(options):
    """The I2C bus of a sensor. options: the sensor's; "i2c": (bus, scl, sda) takes another one than the board's."""
    return i2c_open(*options.get("i2c", I2C))
