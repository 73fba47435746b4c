# pyb, as far as a sleeping node needs it. Sources: ports/stm32/modpyb.c, timer.c.
import _timer
import machine
import time
from machine import RTC, Pin, bootloader, disable_irq, enable_irq, freq, rng, unique_id

import _wire


def standby():
    machine.deepsleep()


stop = wfi = sync = lambda: None


def hard_reset():
    machine.reset()


def delay(ms):
    time.sleep_ms(ms)


udelay = time.sleep_us
millis = time.ticks_ms
micros = time.ticks_us


def elapsed_millis(start):
    return time.ticks_diff(time.ticks_ms(), start)


def elapsed_micros(start):
    return time.ticks_diff(time.ticks_us(), start)


def usb_mode(*args, **kwargs):
    return "VCP+MSC" if not args else None


def country(code=None):
    import network

    return network.country() if code is None else network.country(code)


def main(filename):
    pass


class LED:
    def __init__(self, id):
        if not 1 <= id <= 3:
            raise ValueError("LED({}) doesn't exist".format(id))
        self._pin = Pin(("LED_RED", "LED_GREEN", "LED_BLUE")[id - 1], Pin.OUT)

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
    ONE_SHOT = None  # none of its modes: it starts anew at each overflow
    hard = True

    def __init__(self, id, **kwargs):
        if not 1 <= id <= 14:
            raise ValueError("Timer({}) doesn't exist".format(id))
        self._key = 240 + id
        self._callback = None
        self._once = False
        if kwargs:
            self.init(**kwargs)

    def source_freq(self):
        return 60000000  # twice APB1's; the other half of the timers, on APB2, have more

    def init(self, *, prescaler=None, period=None, tick_hz=1000, mode=0, div=1, callback=None, hard=True, **more):
        if "freq" in more:
            ms = int(1000 / more["freq"])
        elif prescaler is not None and period is not None:
            ms = (prescaler + 1) * (period + 1) // 60000
        elif period is not None:
            if period <= 0 or tick_hz <= 0:
                raise ValueError("must have positive freq")
            ms = period * 1000 // tick_hz
        else:
            raise TypeError("must specify either freq, period, or prescaler and period")
        _timer.SoftTimer.init(self, mode=1, period=ms, callback=callback)


class USB_VCP:
    def __init__(self, id=0):
        pass

    def isconnected(self):
        return _wire.model["usb"]
