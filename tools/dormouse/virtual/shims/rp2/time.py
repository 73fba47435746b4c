# Time as the rp2 port has it: whole seconds since 1970 (MICROPY_EPOCH_IS_1970), from the virtual board's RTC. Ticks and sleeps
# are the interpreter's own; those of machine.lightsleep(), which is skipped, come on top.
from utime import sleep_us, ticks_add, ticks_cpu, ticks_diff, ticks_us
import utime as _utime

import _wire

_EPOCH = 946684800  # 2000-01-01, from which the supervisor counts
_skipped = 0


def ticks_ms():
    return ticks_add(_utime.ticks_ms(), _skipped)


def time():
    return (ticks_ms() + _wire.rtc) // 1000 + _EPOCH


def time_ns():
    return (ticks_ms() + _wire.rtc + _EPOCH * 1000) * 1000000


def gmtime(_secs=None):
    return _utime.gmtime(time() if _secs is None else int(_secs))[:8]


localtime = gmtime


def mktime(_t):
    return int(_utime.mktime(tuple(_t)[:8]))


def sleep_ms(_ms):
    if _ms > 0:
        _utime.sleep_ms(_ms)


def sleep(_s):
    sleep_ms(int(_s * 1000))
