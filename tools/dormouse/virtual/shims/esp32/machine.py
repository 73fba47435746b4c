# machine of the ESP32 port, ESP32-S2. Sources: ports/esp32/modmachine.c, machine_rtc.c, machine_adc.c, machine_timer.c.
import _rtc
import _timer
import _wire
from _i2c import Bus, SoftI2C, open_bus
from _pin import Pin as _Pin

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5
PIN_WAKE = EXT0_WAKE = 2
EXT1_WAKE = 3
TIMER_WAKE = 4
TOUCHPAD_WAKE = 5
ULP_WAKE = 6
SLEEP = 2
DEEPSLEEP = 4

_soft = False
_setup = _timer._setup


def unique_id():
    return bytes(_wire.model["unique_id"])


def freq(hz=None):
    if hz is None:
        return 160000000
    if hz not in (20000000, 40000000, 80000000, 160000000, 240000000):
        raise ValueError("frequency must be 20MHz, 40MHz, 80Mhz, 160MHz or 240MHz")


def reset_cause():
    return _wire.model["cause"]


def wake_reason():
    return _wire.model["wake_reason"]


def deepsleep(time_ms=None):
    # 64 bits of microseconds behind a C int of milliseconds; 0 and nothing at all set no timer: it sleeps until a pin wakes it.
    ms = 0 if time_ms is None else _rtc.word(time_ms)
    _wire.end(b"deepsleep", _wire.pack("<q", ms * 1000 if ms else -1))


def lightsleep(time_ms=0):
    import time

    time.sleep_ms(time_ms)


def idle():
    pass


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
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2
    WAKE_LOW = 4
    WAKE_HIGH = 5


class Signal:
    def __init__(self, pin, *, invert=False):
        self._pin = pin
        self._invert = invert

    def value(self, x=None):
        if x is None:
            return self._pin.value() ^ self._invert
        self._pin.value(bool(x) ^ self._invert)

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)


class RTC:
    def __init__(self, id=0):
        pass

    def datetime(self, t=None):
        if t is None:
            now = _rtc.get()
            return now[:7] + (now[7] * 1000,)
        _rtc.put(t, t[7] // 1000)

    init = datetime

    def memory(self, data=None):
        if data is None:
            return _wire.call(b"mem.get")
        if len(data) > 2048:
            raise ValueError("buffer too long")
        _wire.call(b"mem.set", memoryview(data))  # the ports copy it out of the heap




class ADC:
    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3
    WIDTH_13BIT = 13

    def __init__(self, pin, *, atten=0, sample_ns=None):
        self._pin = pin._id if isinstance(pin, Pin) else pin
        if not 1 <= self._pin <= 20:
            raise ValueError("invalid pin")
        self._atten = atten

    def init(self, *, atten=0, sample_ns=None):
        self._atten = atten

    def atten(self, atten):
        self._atten = atten

    def width(self, bits):
        pass

    def read_uv(self):
        # Full scale of the S2 by attenuation (ESP32-S2 datasheet, ADC characteristics): 0.75, 1.05, 1.3 and 2.5 V.
        top = (750000, 1050000, 1300000, 2500000)[self._atten]
        return min(top, _wire.number(b"adc", str(self._pin).encode()))

    def read(self):
        return self.read_u16() >> 3

    def read_u16(self):
        return self.read_uv() * 65535 // (750000, 1050000, 1300000, 2500000)[self._atten]


class I2C(Bus):
    def __init__(self, id, *, scl=None, sda=None, freq=400000, timeout=50000):
        if id not in (0, 1):
            raise ValueError("I2C({}) doesn't exist".format(id))
        self._bus = open_bus("hard", id, scl, sda, timeout)

    def deinit(self):
        pass


class Timer(_timer.SoftTimer):
    ONE_SHOT = 0
    PERIODIC = 1

    def _check(self, id):
        if not 0 <= id <= 3:
            raise ValueError("invalid Timer number")


class WDT:
    # The task watchdog: a second WDT() sets it anew, a soft reset leaves it armed, deep sleep stops it.
    def __init__(self, id=0, timeout=5000):
        if id:
            raise ValueError
        if _rtc.word(timeout) <= 0:
            raise ValueError("WDT timeout too short")
        _wire.call(b"wdt", _wire.pack("<I", timeout))

    def feed(self):
        _wire.call(b"wdt.feed")
