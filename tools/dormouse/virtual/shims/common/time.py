# Time as the three ports have it: whole seconds since 2000, from the virtual board's RTC. Ticks and sleeps are the
# interpreter's own: as on the ports, soft timers run during a sleep.
from utime import sleep_us, ticks_add, ticks_cpu, ticks_diff, ticks_ms, ticks_us
import utime as _utime

import _wire

_EPOCH = 946684800  # 2000-01-01 in seconds since 1970


def time():
    return (ticks_ms() + _wire.rtc) // 1000


def time_ns():
    return (ticks_ms() + _wire.rtc) * 1000000


def gmtime(_secs=None):
    return _utime.gmtime((time() if _secs is None else int(_secs)) + _EPOCH)[:8]


localtime = gmtime


def mktime(_t):
    return int(_utime.mktime(tuple(_t)[:8])) - _EPOCH


def sleep_ms(_ms):
    if _ms > 0:
        _utime.sleep_ms(_ms)


def sleep(_s):
    sleep_ms(int(_s * 1000))
