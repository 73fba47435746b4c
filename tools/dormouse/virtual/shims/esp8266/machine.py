# machine of the ESP8266 port. Sources: ports/esp8266/modmachine.c, machine_rtc.c, machine_adc.c, machine_wdt.c.
import _rtc
import _timer
import _wire
from _i2c import SoftI2C
from _pin import Pin as _Pin

PWRON_RESET = 0
WDT_RESET = 1
SOFT_RESET = 4
DEEPSLEEP_RESET = 5
HARD_RESET = 6
DEEPSLEEP = 4

_soft = False
_setup = _timer._setup
_alarm_wake = 0
_alarm_ms = 0  # RTC time at which ALARM0 expires


def unique_id():
    return bytes(_wire.model["unique_id"])


def freq(hz=None):
    if hz is None:
        return 80000000
    if hz not in (80000000, 160000000):
        raise ValueError("frequency can only be either 80Mhz or 160MHz")


def reset_cause():
    return _wire.model["cause"]


def _now_ms():
    import time

    return time.ticks_ms() + _wire.rtc


def deepsleep(time_ms=None):
    us = 0  # for ever
    if _alarm_wake & DEEPSLEEP:
        # The alarm's way clamps to 32 bits of microseconds.
        us = min(0xFFFFFFFF, max(1, (_alarm_ms - _now_ms()) * 1000))
    if time_ms is not None:
        # The argument's way multiplies in 32 bits: above 4294967 ms it wraps without a word.
        most = max(1, _rtc.word(time_ms)) * 1000 & 0xFFFFFFFF
        if us == 0 or most < us:
            us = most
    _wire.end(b"deepsleep", _wire.pack("<q", us or -1))


def lightsleep(time_ms=None):
    import time

    time.sleep_ms(time_ms or 0)


sleep = lightsleep


def idle():
    return 0


def reset():
    _wire.end(b"reset")


def soft_reset():
    global _soft
    _soft = True
    raise SystemExit


def disable_irq():
    _timer.irq(False)
    return 0


def enable_irq(state):
    _timer.irq(True)


class Pin(_Pin):
    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    PULL_UP = 1
    IRQ_RISING = 1
    IRQ_FALLING = 2


class RTC:
    ALARM0 = 0

    def datetime(self, t=None):
        if t is None:
            return _rtc.get()
        _rtc.put(t, t[7])

    def memory(self, data=None):
        if data is None:
            return _wire.call(b"mem.get")
        if len(data) > 492:
            raise ValueError("buffer too long")
        _wire.call(b"mem.set", memoryview(data))  # the ports copy it out of the heap

    def alarm(self, id, time_ms):
        global _alarm_ms
        if id != 0:
            raise ValueError("invalid alarm")
        _alarm_ms = _now_ms() + _rtc.word(time_ms)

    def alarm_left(self, id=0):
        if id != 0:
            raise ValueError("invalid alarm")
        return max(0, _alarm_ms - _now_ms())

    def irq(self, *, trigger=0, wake=0):
        global _alarm_wake
        if trigger != 0:
            raise ValueError("invalid alarm")
        _alarm_wake = wake


class ADC:
    # One input, 0 to 1 V, 10 bits; channel 1 is the supply, which needs another byte in the init data.
    def __init__(self, pin):
        self._pin = pin._id if isinstance(pin, Pin) else pin
        if self._pin not in (0, 1):
            raise ValueError("not a valid ADC channel: {}".format(self._pin))

    def read(self):
        if self._pin == 1:
            return 65535
        return max(0, min(1024, _wire.number(b"adc", b"0") * 1024 // 1000000))

    def read_u16(self):
        return min(65535, self.read() * 65535 // 1024)


class I2C(SoftI2C):
    pass


class Timer(_timer.SoftTimer):
    ONE_SHOT = 0
    PERIODIC = 1


class WDT:
    # No choice of the time: the SDK's own, a few seconds.
    def __init__(self, id=0, timeout=5000):
        if id != 0 or timeout != 5000:
            raise ValueError
        _wire.call(b"wdt", _wire.pack("<I", 5000))

    def feed(self):
        _wire.call(b"wdt.feed")
