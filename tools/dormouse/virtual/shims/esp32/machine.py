# machine of the ESP32 port; what differs between its chips comes from virtual/ports.py. Sources: ports/esp32/modmachine.c,
# machine_rtc.c, machine_adc.c, machine_timer.c.
import _rtc
import _timer
import _wire
import esp32 as _esp32  # here: main.py's guard forgets all modules before it sleeps
from _i2c import Bus as _Bus, SoftI2C, open_bus as _open_bus
from _pin import Pin as _Pin
from _pulse import dht_readinto, time_pulse_us

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
_chip = _wire.model["chip"]
_setup = _timer._setup


def unique_id():
    return bytes(_wire.model["unique_id"])


def freq(_hz=None):
    if _hz is None:
        return 160000000
    if _rtc.word(_hz) // 1000000 not in (20, 40, 80, 160, _chip["mhz"]):
        raise ValueError(
            "frequency must be 20MHz, 40MHz, 80Mhz" + (" or 160MHz" if _chip["mhz"] == 160 else ", 160MHz or 240MHz")
        )


def reset_cause():
    return _wire.model["cause"]


def wake_reason():
    return _wire.model["wake_reason"]


def deepsleep(_ms=None):
    # 64 bits of microseconds behind a C int of milliseconds; 0 and nothing at all set no timer: it sleeps until a pin wakes it.
    ms = 0 if _ms is None else _rtc.word(_ms)
    for pin in _esp32._gpio:
        if _chip["wake"] != "gpio":
            raise ValueError("DEEPSLEEP with gpio pins not supported on this chip")
        if pin not in _chip["wakes"]:
            raise ValueError("wake-up pin not supported")
    _wire.end(b"deepsleep", _wire.pack("<q", ms * 1000 if ms else -1))


def lightsleep(_ms=0):
    import time

    time.sleep_ms(_rtc.word(_ms))


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


def enable_irq(_state):
    _rtc.word(_state)
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

    def _check(self):
        if self._id not in _chip["pins"]:
            raise ValueError("invalid pin")

    def init(self, mode=None, pull=-1, *, value=None, drive=0, hold=False):
        if mode in (self.OUT, self.OPEN_DRAIN) and self._id in _chip["inputs"]:
            raise ValueError("pin can only be input")
        self._set(mode, pull, value)

    def irq(self, handler=None, trigger=3):
        self._irq(handler, trigger, False)


class Signal:
    def __init__(self, _pin, *, invert=False):
        self._pin = _pin
        self._invert = invert

    def value(self, _x=None):
        if _x is None:
            return self._pin.value() ^ self._invert
        self._pin.value(bool(_x) ^ self._invert)

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)


class RTC:
    def __init__(self):  # MicroPython lets a class without one take anything
        pass

    def datetime(self, _t=None):
        if _t is None:
            now = _rtc.get()
            return now[:7] + (now[7] * 1000,)
        _wire.array(_t, 8)
        _rtc.put(_t, _t[7] // 1000)

    def init(self, _t):
        # The hour stands where datetime() has the weekday (machine_rtc.c, machine_rtc_init).
        _wire.array(_t, 8)
        _rtc.put(tuple(_t[:3]) + (0,) + tuple(_t[3:6]), _t[7] // 1000)

    def memory(self, _data=None):
        if _data is None:
            return _wire.call(b"mem.get")
        data = memoryview(_data)  # the ports copy it out of the heap
        if len(data) > 2048:
            raise ValueError("buffer too long")
        _wire.call(b"mem.set", data)


class ADC:
    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3
    WIDTH_13BIT = 13

    def __init__(self, _pin, *, atten=0, sample_ns=None):
        self._pin = _pin._id if isinstance(_pin, Pin) else _pin
        if self._pin not in _chip["adc"]:
            raise ValueError("invalid pin")
        self._atten = atten

    def init(self, *, atten=0, sample_ns=None):
        self._atten = atten

    def atten(self, _atten):
        self._atten = _atten

    def width(self, _bits):
        pass

    def read_uv(self):
        top = 1000 * _chip["adc_mv"][self._atten]
        return min(top, _wire.number(b"adc", str(self._pin).encode()))

    def read(self):
        return self.read_u16() >> 16 - _chip["bits"]

    def read_u16(self):
        return self.read_uv() * 65535 // (1000 * _chip["adc_mv"][self._atten])


class I2C(_Bus):
    def __init__(self, _id, *, scl=None, sda=None, freq=400000, timeout=50000):
        if not 0 <= _rtc.word(_id) < _chip["i2c"]:
            raise ValueError("I2C({}) doesn't exist".format(_id))
        self._bus = _open_bus("hard", _id, scl, sda, timeout)

    def deinit(self):
        pass


class Timer(_timer.SoftTimer):
    ONE_SHOT = 0
    PERIODIC = 1

    def _check(self, id):
        if not 0 <= _rtc.word(id) < _chip["timers"]:
            raise ValueError("invalid Timer number")


class WDT:
    # The task watchdog: a second WDT() sets it anew, a soft reset leaves it armed, deep sleep stops it.
    def __init__(self, id=0, timeout=5000):
        if _rtc.word(id):
            raise ValueError
        if _rtc.word(timeout) <= 0:
            raise ValueError("WDT timeout too short")
        _wire.call(b"wdt", _wire.pack("<I", timeout))

    def feed(self):
        _wire.call(b"wdt.feed")
