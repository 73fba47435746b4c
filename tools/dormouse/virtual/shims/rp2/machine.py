# machine of the rp2 port, RP2040. Sources: ports/rp2/modmachine.c, machine_pin.c, machine_adc.c, machine_i2c.c,
# machine_timer.c, machine_wdt.c, machine_rtc.c; the registers: RP2040 Datasheet, section 4.7.6; pico-sdk watchdog.c.
from time import sleep_ms as _sleep_ms
import _rtc
import _timer
import _wire
from _i2c import Bus as _Bus, SoftI2C, open_bus as _open_bus
from _pin import Pin as _Pin
from _pulse import dht_readinto, time_pulse_us
import time as _time

PWRON_RESET = 1
WDT_RESET = 3

_soft = False
_setup = _timer._setup
_CTRL = 0x40058000
_SCRATCH4 = 0x4005801C


def unique_id():
    return bytes(_wire.model["unique_id"])


def freq(_hz=None, _peri=None):
    if _hz is None:
        return 125000000
    if not 10000000 <= _rtc.word(_hz) <= 420000000:
        raise ValueError("cannot change frequency")


def reset_cause():
    return _wire.model["cause"]


class _Registers:
    # The watchdog's, as far as a program may want them: CTRL's bit that enables, REASON, SCRATCH0 to 7.
    def __init__(self):
        kept = _wire.call(b"mem.get")
        self._scratch = bytearray(32)
        self._scratch[: len(kept)] = kept
        self._enabled = 0

    def __getitem__(self, address):
        if address == _CTRL:
            return self._enabled << 30
        if address == _CTRL + 8:
            return int(_wire.model["cause"] != PWRON_RESET)
        at = self._at(address)
        # extmod/machine_mem.c makes a C int of it.
        value = int.from_bytes(self._scratch[at : at + 4], "little")
        return value - (1 << 32) if value >> 31 else value

    def __setitem__(self, address, value):
        if address == _CTRL:
            self._enabled = value >> 30 & 1
            if not self._enabled:
                _wire.call(b"wdt.stop")
            return
        at = self._at(address)
        self._scratch[at : at + 4] = (value & 0xFFFFFFFF).to_bytes(4, "little")
        _wire.call(b"mem.set", self._scratch)

    def _at(self, address):
        if not 0x4005800C <= address <= 0x40058028 or address & 3:
            raise NotImplementedError("mem32[0x{:x}]".format(address))
        return address - 0x4005800C


mem32 = _Registers()


def lightsleep(_ms=None):
    if _ms is None:
        _wire.end(b"deepsleep", _wire.pack("<q", -1))  # DORMANT, until a pin: none is set up to end it
    ms = _rtc.word(_ms)
    if ms <= 1:
        _sleep_ms(ms)
        return
    if ms >= 4294967:
        raise ValueError("sleep too long")
    # Skipped; the timer that ticks_ms() reads goes on.
    _time._skipped += _wire.number(b"nap", _wire.pack("<I", ms))


def deepsleep(_ms=None):
    lightsleep(_ms)
    reset()


def reset():
    mem32[_SCRATCH4] = 0
    _wire.end(b"reset")


def soft_reset():
    global _soft
    _soft = True
    raise SystemExit


def idle():
    pass


def bootloader(_value=None):
    _wire.end(b"bootloader")


def disable_irq():
    _timer.irq(False)
    return 0


def enable_irq(_state):
    _timer.irq(True)


class Pin(_Pin):
    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    ALT = 3
    PULL_UP = 1
    PULL_DOWN = 2
    IRQ_FALLING = 4
    IRQ_RISING = 8

    def init(self, mode=None, pull=None, *, value=None, alt=5):
        if str(self._id).startswith("EXT_") and pull is not None:
            raise ValueError("pulls are not supported for external pins")
        self._set(mode, pull, value)

    def high(self):
        self.value(1)

    def low(self):
        self.value(0)

    def toggle(self):
        self.value(1 - self._out)


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
    def __init__(self):
        pass

    def datetime(self, _t=None):
        if _t is None:
            return _rtc.get()[:7] + (0,)
        _wire.array(_t, 8)
        _rtc.put(_t, 0)


class ADC:
    CORE_TEMP = 4

    def __init__(self, _id):
        if isinstance(_id, int):
            if not (0 <= _id <= 4 or 26 <= _id <= 29):
                raise ValueError("invalid channel")
            self._pin = _id + 26 if _id < 4 else _id
        else:
            self._pin = (_id if isinstance(_id, Pin) else Pin(_id))._id
            if str(self._pin) not in ("26", "27", "28", "29"):
                raise ValueError("Pin doesn't have ADC capabilities")

    def read_u16(self):
        # 12 bits over the 3.3 V supply, spread to 16.
        if self._pin == 4:
            # RP2040 Datasheet, section 4.9.5: 0.706 V at 27 C, 1.721 mV less for each degree. chip: thousandths of one.
            uv = 706000 - (_wire.number(b"chip") - 27000) * 1721 // 1000
        else:
            uv = _wire.number(b"adc", str(self._pin).encode())
        raw = max(0, min(4095, uv * 4095 // 3300000))
        return raw << 4 | raw >> 8


def _line(pin):
    return int((pin if isinstance(pin, Pin) else Pin(pin))._id)


class I2C(_Bus):
    def __init__(self, id=0, freq=400000, *, scl=None, sda=None, timeout=50000):
        if id not in (0, 1):
            raise ValueError("I2C({}) doesn't exist".format(id))
        # SCL on odd, SDA on even pins; the buses take turns by pairs of pins.
        for pin, odd, name in ((scl, 1, "SCL"), (sda, 0, "SDA")):
            if pin is not None and (_line(pin) & 1 != odd or _line(pin) >> 1 & 1 != id):
                raise ValueError("bad {} pin".format(name))
        self._bus = _open_bus("hard", id, scl, sda, timeout)


class Timer(_timer.SoftTimer):
    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, _id=-1, **kwargs):
        _timer.SoftTimer.__init__(self, _id, **kwargs)

    def _check(self, id):
        if id != -1:
            raise ValueError("Timer doesn't exist")

    def init(self, *, mode=1, callback=None, period=-1, tick_hz=1000, freq=None, hard=False):
        _timer.SoftTimer.init(self, mode=mode, period=period, callback=callback, freq=freq, tick_hz=tick_hz)


class WDT:
    # 24 bits of half microseconds. A second WDT() sets it anew; a soft reset leaves it armed.
    def __init__(self, id=0, timeout=5000):
        if id:
            raise ValueError("WDT({}) doesn't exist".format(id))
        if not 0 <= _rtc.word(timeout) <= 8388:
            raise ValueError("timeout exceeds 8388")
        mem32[_SCRATCH4] = 0x6AB73121
        mem32._enabled = 1
        if not timeout:
            reset()  # it triggers at once
        _wire.call(b"wdt", _wire.pack("<I", timeout))

    def feed(self):
        _wire.call(b"wdt.feed")
