# The real-time clock: an offset to the ticks. Here time counts from 1970; the supervisor's from 2000, as the other ports' does.
import time

import _wire


def get():
    # (year, month, day, weekday from 0, hours, minutes, seconds, milliseconds)
    t = time.gmtime()
    return t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0


def put(t, ms):
    seconds = time.mktime((t[0], t[1], t[2], t[4], t[5], t[6], 0, 0)) - time._EPOCH
    _wire.rtc = seconds * 1000 + ms - time.ticks_ms()
    _wire.call(b"rtc.set", _wire.pack("<q", seconds * 1000 + ms))


def word(value):
    # What a port's C function takes: a signed 32-bit integer.
    if not isinstance(value, int):
        raise TypeError("can't convert {} to int".format(type(value).__name__))
    if not -0x80000000 <= value <= 0x7FFFFFFF:
        raise OverflowError("overflow converting long int to machine word")
    return value
