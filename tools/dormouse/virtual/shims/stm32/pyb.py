# pyb, as far as a sleeping node needs it. Sources: ports/stm32/modpyb.c, timer.c.
import _timer
from _rtc import word as _word
import machine as _machine
import time as _time
from machine import RTC, Pin, bootloader, disable_irq, enable_irq, freq, rng, unique_id

import _wire


def standby():
    _machine.deepsleep()


stop = wfi = sync = lambda: None


def hard_reset():
    _machine.reset()


def delay(_ms):
    _time.sleep_ms(_ms)


udelay = _time.sleep_us
millis = _time.ticks_ms
micros = _time.ticks_us


def elapsed_millis(_start):
    return _time.ticks_ms() - _start & 0x3FFFFFFF


def elapsed_micros(_start):
    return _time.ticks_us() - _start & 0x3FFFFFFF


def usb_mode(_mode=0):
    return "VCP+MSC" if _mode == 0 else None


def country(_code=None):
    import network

    return network.country() if _code is None else network.country(_code)


def main(_filename):
    pass


class LED:
    def __init__(self, _id):
        if not 1 <= _word(_id) <= 3:
            raise ValueError("LED({}) doesn't exist".format(_id))
        self._pin = Pin(("LED_RED", "LED_GREEN", "LED_BLUE")[_id - 1], Pin.OUT)

    def on(self):
        self._pin.on()

    def off(self):
        self._pin.off()

    def toggle(self):
        self._pin.value(not self._pin.value())


class ADCAll:
    # adc.c. mask: the channels whose pins become analogue ones; 16 to 18 have none.
    def __init__(self, resolution, mask=0xFFFFFFFF):
        if resolution not in (6, 8, 10, 12):
            raise ValueError("resolution {} not supported".format(resolution))
        self._supply = 3.3  # what the temperature is counted by until read_vref() has looked

    def read_vref(self):
        self._supply = _wire.number(b"adc", b"VDDA") / 1000000
        return self._supply

    def read_core_temp(self):
        # The sensor's voltage over the supply, counted with the supply that is known: 2.5 mV per degree, 0.76 V at 25 degrees
        # (STM32F722 datasheet, temperature sensor characteristics).
        true = _wire.number(b"adc", b"VDDA") / 1000000
        volts = 0.76 + (_wire.number(b"chip") / 1000 - 25) * 0.0025
        return (volts / true * self._supply - 0.76) / 0.0025 + 25


class Timer(_timer.SoftTimer):
    # A timer of the chip's: its callback is the interrupt itself. The same object for the same number; here the same key.
    UP = 0
    _hard = True

    def __init__(self, _id, **kwargs):
        if not 1 <= _word(_id) <= 14:
            raise ValueError("Timer({}) doesn't exist".format(_id))
        self._key = 240 + _id
        self._callback = None
        self._once = False
        if kwargs:
            self.init(**kwargs)

    def source_freq(self):
        return 60000000  # twice APB1's; the other half of the timers, on APB2, have more

    def init(
        self, *, freq=None, prescaler=None, period=None, tick_hz=1000, mode=0, div=1, callback=None,  # noqa: F811
        deadtime=0, brk=0,
    ):
        if freq is not None:
            ms = int(1000 / freq)
        elif prescaler is not None and period is not None:
            ms = (prescaler + 1) * (period + 1) // 60000
        elif period is not None:
            if period <= 0 or tick_hz <= 0:
                raise ValueError("must have positive freq")
            ms = period * 1000 // tick_hz
        else:
            raise TypeError("must specify either freq, period, or prescaler and period")
        self._start(ms, False, callback)


class USB_VCP:
    def __init__(self, _id=0):
        pass

    def isconnected(self):
        return _wire.model["usb"]
