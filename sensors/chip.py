"""Chip temperature: the sensor that is on the processor itself. Warmer than the air around it, and right to some degrees only.

Which way a chip has, the profile's CHIP says; an ESP8266 has none.
"mcu_temperature": ESP32-S2, S3 and C3, whole degrees Celsius (MicroPython docs, esp32; firmware 1.23).
"raw_temperature": ESP32, degrees Fahrenheit, uncalibrated (docs, esp32 quickref); some chips say 128 and mean nothing
(esphome/issues #6543).
"core": STM32, with the factory's two points, 30 and 110 C (ports/stm32/adc.c, adc_read_core_temp_float).
"rp2": channel 4, 0.706 V at 27 C, 1.721 mV less for each degree more (RP2040 Datasheet, section 4.9.5, Temperature Sensor).
"""

import errno

from micropython import const

FIELDS = (("temperature_c", 0),)
OPTIONS = ()
RANGE = (-40, 125)
NEEDS = "CHIP"
_ACTIVE_UA = const(0)  # too short to count
_IDLE_NA = const(0)
_TIME_MS = const(0)
_ALLOWED = const(())
_RAW_MEANS_NOTHING = const(128)


def start(board, options):
    """Nothing to begin. Returns (0, handle). Raises OSError(ENODEV) where the chip has no such sensor."""
    if board.CHIP is None:
        raise OSError(errno.ENODEV)
    return 0, board.CHIP


def read(handle):
    """(degrees Celsius,). Raises OSError(EIO) for what an ESP32 without calibration says."""
    if handle == "core":
        chip = __import__("pyb").ADCAll(12, 0x70000)  # the inner channels alone: without a mask it takes all pins
        chip.read_vref()  # sets the supply that the temperature is counted by
        return (round(chip.read_core_temp()),)
    if handle == "rp2":
        # 12 bits, each 805.86 uV of the 3.3 V supply.
        uv = (__import__("machine").ADC(4).read_u16() >> 4) * 80586 // 100
        return ((27 * 1721 + 860 + 706000 - uv) // 1721,)
    celsius = getattr(__import__("esp32"), handle)()
    if handle == "raw_temperature":
        if celsius == _RAW_MEANS_NOTHING:
            raise OSError(errno.EIO)
        celsius = ((celsius - 32) * 10 + 9) // 18
    return (celsius,)
