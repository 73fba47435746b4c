# The real-time clock: the supervisor keeps it across sleeps with the board's drift; here it is an offset to the ticks.
import time

import _wire


def get():
    # (year, month, day, weekday from 0, hours, minutes, seconds, milliseconds)
    ms = time.ticks_ms() + _wire.rtc
    t = time.gmtime(ms // 1000)
    return t[0], t[1], t[2], t[6], t[3], t[4], t[5], ms % 1000


def put(t, ms):
    _wire.rtc = time.mktime((t[0], t[1], t[2], t[4], t[5], t[6], 0, 0)) * 1000 + ms - time.ticks_ms()
    _wire.call(b"rtc.set", _wire.pack("<q", _wire.rtc + time.ticks_ms()))


def word(value):
    # What a port's C function takes: a signed 32-bit integer.
    if not isinstance(value, int):
        raise TypeError("can't convert {} to int".format(type(value).__name__))
    if not -0x80000000 <= value <= 0x7FFFFFFF:
        raise OverflowError("overflow converting long int to machine word")
    return value
