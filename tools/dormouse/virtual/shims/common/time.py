# Time as the three ports have it: whole seconds since 2000, from the virtual board's RTC. Ticks and sleeps are the
# interpreter's own: as on the ports, soft timers run during a sleep.
from utime import sleep_us, ticks_add, ticks_cpu, ticks_diff, ticks_ms, ticks_us
import utime

import _wire

_EPOCH = 946684800  # 2000-01-01 in seconds since 1970


def time():
    return (ticks_ms() + _wire.rtc) // 1000


def time_ns():
    return (ticks_ms() + _wire.rtc) * 1000000


def gmtime(secs=None):
    return utime.gmtime((time() if secs is None else int(secs)) + _EPOCH)[:8]


localtime = gmtime


def mktime(t):
    return int(utime.mktime(tuple(t)[:8])) - _EPOCH


def sleep_ms(ms):
    if ms > 0:
        utime.sleep_ms(ms)


def sleep(s):
    sleep_ms(int(s * 1000))
