# machine of the STM32 port, PYBD_SF2 (STM32F722). Sources: ports/stm32/modmachine.c, rtc.c, machine_adc.c, wdt.c,
# extmod/machine_timer.c.
import _power
import _rtc
import _timer
import _wire
from _i2c import Bus as _Bus, SoftI2C, open_bus as _open_bus
from _pin import Pin as _Pin
from _pulse import dht_readinto, time_pulse_us
from _power import mem32

SOFT_RESET = 0
PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4

_soft = False
_backup = bytearray(_wire.call(b"mem.get"))
_wake_ms = None  # the wakeup timer: it outlives a sleep, and deepsleep() without a time uses it


def _setup(fd):
    import uctypes

    _timer._setup(fd)
    _wire.call(b"mem.at", _wire.pack("<Q", uctypes.addressof(_backup)))


def unique_id():
    return bytes(_wire.model["unique_id"])


def freq(_sysclk=None, _ahb=None, _apb1=None, _apb2=None):
    if _sysclk is None:
        return 120000000, 120000000, 30000000, 60000000


def reset_cause():
    return _wire.model["cause"]


def mem_backup(region=0):
    # 4 KiB of backup SRAM, bytes: kept in standby, arbitrary after a power-up. What was written into it before is there by now:
    # a reset that tears a write tears what came after.
    _push()
    if region == -1:
        return (memoryview(_backup),)
    if region:
        raise ValueError("invalid region")
    return memoryview(_backup)


def _wakeup(ms):
    global _wake_ms
    if ms is None:
        _wake_ms = None
        return
    # rtc.c: up to 32 s in parts of a second, above that in whole ones, at most 2 * 65536.
    if _rtc.word(ms) > 32000:
        if ms // 1000 > 131072:
            raise ValueError("wakeup value too large")
        ms = ms // 1000 * 1000
    _wake_ms = ms


def deepsleep(_ms=None):
    _timer.leave()
    if _ms is not None:
        _wakeup(_ms)
    _push()
    _power.standby()
    _wire.end(b"deepsleep", _wire.pack("<q", -1 if _wake_ms is None else max(1, _wake_ms) * 1000))


def _push():
    # Not out of an interrupt, which may have come into another request; the supervisor looks into the memory itself.
    if not _timer.interrupt:
        _wire.call(b"mem.set", _backup)


def lightsleep(_ms=None):
    # On the board ticks_ms stands still meanwhile (stop mode halts SysTick). Here it goes on: asyncio's C part reads the
    # interpreter's own clock. So mqtt.lightsleep, which refuses a Pyboard D, does not refuse this one.
    import time

    time.sleep_ms(0 if _ms is None else _rtc.word(_ms))


def idle():
    pass


def reset():
    _timer.leave()
    _push()
    _wire.end(b"reset")


def soft_reset():
    global _soft
    _soft = True
    _push()
    raise SystemExit


def bootloader(_value=None):
    _wire.end(b"bootloader")


def rng():
    import os

    return int.from_bytes(os.urandom(4), "little") & 0x3FFFFFFF


def disable_irq():
    _timer.irq(False)
    return True


def enable_irq(_state=True):
    if _state:
        _timer.irq(True)


class _Board:
    def __getattr__(self, name):
        if name not in _wire.model["pins"]:
            raise AttributeError("type object 'board' has no attribute '{}'".format(name))
        return Pin(name)


class Pin(_Pin):
    IN = 0
    OUT = OUT_PP = 1
    ALT = AF_PP = 2
    ANALOG = 3
    OPEN_DRAIN = OUT_OD = 17
    ALT_OPEN_DRAIN = AF_OD = 18
    PULL_NONE = 0
    PULL_UP = 1
    PULL_DOWN = 2
    IRQ_RISING = 269549568
    IRQ_FALLING = 270598144
    board = cpu = _Board()

    def init(self, mode, pull=None, af=-1, *, value=None, alt=-1):
        if _rtc.word(mode) not in (0, 1, 2, 3, 17, 18):
            raise ValueError("invalid pin mode: {}".format(mode))
        pull = 0 if pull is None else _rtc.word(pull)
        if pull not in (0, 1, 2):
            raise ValueError("invalid pin pull: {}".format(pull))
        af = af if alt == -1 else alt
        if mode in (2, 18) and not 0 <= af <= 15:
            raise ValueError("invalid pin af: {}".format(af))
        self._set(mode, pull, value)

    def irq(self, handler=None, trigger=None, hard=False):
        self._irq(handler, trigger, hard)

    def high(self):
        self.value(1)

    def low(self):
        self.value(0)

    def name(self):
        return self._id


class RTC:
    def __init__(self):  # MicroPython lets a class without one take anything
        pass

    def init(self):
        pass

    def datetime(self, _t=None):
        if _t is None:
            now = _rtc.get()
            # Weekday from 1; the last figure counts down from 255 within a second.
            return now[:3] + (now[3] + 1,) + now[4:7] + (255 - now[7] * 256 // 1000,)
        _wire.array(_t, 8)
        _rtc.put(_t, 0)

    def wakeup(self, _ms, _callback=None):
        _wakeup(_ms)

    def calibration(self, _cal=None):
        if _cal is not None and not -511 <= _rtc.word(_cal) <= 512:
            raise ValueError("calibration value out of range")
        return 0

    def info(self):
        return 0x20000000


class ADC:
    VREF = 65535
    CORE_VREF = 256
    CORE_TEMP = 257
    CORE_VBAT = 258

    def __init__(self, _id):
        self._pin = _id if isinstance(_id, int) else (_id if isinstance(_id, Pin) else Pin(_id))._id
        if isinstance(self._pin, str) and self._pin not in _wire.model["chip"]["adc"]:
            raise ValueError("pin {} does not have ADC capabilities".format(self._pin))

    def read_u16(self):
        # 12 bits over the chip's supply, which is what the battery has left once that is less than 3.3 V; spread to 16.
        raw = max(0, min(4095, _wire.number(b"adc", str(self._pin).encode()) * 4095 // _wire.number(b"adc", b"VDDA")))
        return raw << 4 | raw >> 8


class I2C(_Bus):
    def __init__(self, _id, *, scl=None, sda=None, freq=400000, timeout=50000):
        if _id not in ("X", "Y", 1, 2):
            raise ValueError("I2C({}) doesn't exist".format(_id if isinstance(_id, str) else _rtc.word(_id)))
        if scl is not None or sda is not None:
            raise ValueError("explicit choice of scl/sda is not implemented")
        self._bus = _open_bus("hard", _id, None, None, timeout)


class Timer(_timer.SoftTimer):
    ONE_SHOT = 1
    PERIODIC = 2

    def __init__(self, _id=-1, **kwargs):
        super().__init__(_id, **kwargs)

    def _check(self, id):
        if _rtc.word(id) != -1:
            raise ValueError("Timer doesn't exist")

    def _start(self, period, once, callback):
        if period >= 0x40000000:
            raise ValueError("period too large")
        super()._start(period, once, callback)


class WDT:
    # The independent watchdog: nothing stops it, and it counts on in standby.
    def __init__(self, id=0, timeout=5000):
        if _rtc.word(id) != 0:
            raise ValueError("WDT({}) doesn't exist".format(id))
        if not 1 <= _rtc.word(timeout) <= 32767:
            raise ValueError("WDT timeout too long" if timeout > 0 else "WDT timeout too short")
        _wire.call(b"wdt", _wire.pack("<I", timeout))

    def feed(self):
        _wire.call(b"wdt.feed")
