# pyb, as far as a sleeping node needs it. Source: ports/stm32/modpyb.c.
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


class USB_VCP:
    def __init__(self, id=0):
        pass

    def isconnected(self):
        return _wire.model["usb"]
