# machine of the ESP8266 port. Sources: ports/esp8266/modmachine.c, machine_rtc.c, machine_adc.c, machine_wdt.c.
import _rtc
import _timer
import _wire
from _i2c import SoftI2C
from _pin import Pin as _Pin
from _pulse import dht_readinto, time_pulse_us

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


def freq(_hz=None):
    if _hz is None:
        return 80000000
    if _rtc.word(_hz) // 1000000 not in (80, 160):
        raise ValueError("frequency can only be either 80Mhz or 160MHz")


def reset_cause():
    return _wire.model["cause"]


def _now_ms():
    import time

    return time.ticks_ms() + _wire.rtc


def deepsleep(_ms=None):
    us = 0  # for ever
    if _alarm_wake & DEEPSLEEP:
        # The alarm's way clamps to 32 bits of microseconds.
        us = min(0xFFFFFFFF, max(1, (_alarm_ms - _now_ms()) * 1000))
    if _ms is not None:
        # The argument's way multiplies in 32 bits: above 4294967 ms it wraps without a word.
        most = max(1, _rtc.word(_ms)) * 1000 & 0xFFFFFFFF
        if us == 0 or most < us:
            us = most
    _wire.end(b"deepsleep", _wire.pack("<q", us or -1))


def lightsleep(_ms=None):
    import time

    # Without a time it waits for about 71 minutes, the microseconds of 32 bits.
    time.sleep_ms(4294967 if _ms is None else _rtc.word(_ms))


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


def enable_irq(_state):
    _rtc.word(_state)
    _timer.irq(True)


class Pin(_Pin):
    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    PULL_UP = 1
    IRQ_RISING = 1
    IRQ_FALLING = 2

    def _check(self):
        _rtc.word(self._id)
        if not 0 <= self._id <= 16 or self._id in (6, 7, 8, 11):  # the flash chip's
            raise ValueError("invalid pin")

    def init(self, mode, pull=None, *, value=None):
        if pull and self._id == 16:
            raise ValueError("Pin(16) doesn't support pull")
        self._set(_rtc.word(mode), pull, value)

    def irq(self, handler=None, trigger=3, hard=False):
        self._irq(handler, trigger, hard)


class RTC:
    ALARM0 = 0

    def __init__(self):  # MicroPython lets a class without one take anything
        pass

    def datetime(self, _t=None):
        if _t is None:
            return _rtc.get()
        _wire.array(_t, 8)
        _rtc.put(_t, _t[7])

    def memory(self, _data=None):
        if _data is None:
            return _wire.call(b"mem.get")
        data = memoryview(_data)  # the ports copy it out of the heap
        if len(data) > 492:
            raise ValueError("buffer too long")
        _wire.call(b"mem.set", data)

    def alarm(self, _id, _ms):
        global _alarm_ms
        if _rtc.word(_id) != 0:
            raise ValueError("invalid alarm")
        _alarm_ms = _now_ms() + _rtc.word(_ms)

    def alarm_left(self, _id=0):
        if _rtc.word(_id) != 0:
            raise ValueError("invalid alarm")
        return max(0, _alarm_ms - _now_ms())

    def irq(self, *, trigger=0, wake=0):
        global _alarm_wake
        if trigger != 0:
            raise ValueError("invalid alarm")
        _alarm_wake = wake


class ADC:
    # One input, 0 to 1 V, 10 bits; channel 1 is the supply, which needs another byte in the init data.
    def __init__(self, _id):
        if _rtc.word(_id) not in (0, 1):
            raise ValueError("ADC({}) doesn't exist".format(_id))
        self._pin = _id

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

    def __init__(self, _id):
        # One argument, which nobody looks at (modmachine.c, esp_timer_make_new): init() has the rest.
        super().__init__(_id)


class WDT:
    # No choice of the time: the SDK's own, a few seconds.
    def __init__(self, id=0, timeout=5000):
        if _rtc.word(id) != 0 or _rtc.word(timeout) != 5000:
            raise ValueError
        _wire.call(b"wdt", _wire.pack("<I", 5000))

    def feed(self):
        _wire.call(b"wdt.feed")
