"""The ambient light sensor of the Feather S2, an analogue one at GPIO4 behind the second regulator.

Source: MicroPython ports/esp32/boards/UM_FEATHERS2/modules/feathers2.py (AMB_LIGHT, ADC with 11 dB). Neither the part nor its
load resistor is published, so the reading is what is known: millivolts, more in more light, at most about 2500 where the
ADC ends (ESP-IDF, ESP32-S2 ADC attenuation). Lamps flicker at twice the mains frequency; the samples do not span a period.
"""

import errno
from micropython import const

FIELDS = (("light_mv", 0),)
OPTIONS = ()
NEEDS = "LIGHT"  # of the profile
_ACTIVE_UA = const(0)  # not published; nothing when the second regulator is off
_IDLE_NA = const(0)
_TIME_MS = const(0)
_ALLOWED = const(())


def start(board, options):
    """Nothing to begin. Returns (0, handle). Raises OSError(ENODEV) on a board without such a sensor."""
    if board.LIGHT is None:
        raise OSError(errno.ENODEV)
    return 0, board


def read(handle):
    """(millivolts,), the mean of eight samples. The second regulator must be on: the profile's rails(True)."""
    return ((sum([handle.adc_mv(handle.LIGHT) for _ in range(8)]) + 4) // 8,)
