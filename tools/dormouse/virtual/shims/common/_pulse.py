# machine.dht_readinto() and machine.time_pulse_us(). Sources: drivers/dht/dht.c, extmod/machine_pulse.c.
import _wire
from utime import sleep_ms, sleep_us


def _name(pin):
    # stm32's pin_find() takes names too, which is more than a program for all ports can use.
    try:
        return str(pin._id).encode()
    except AttributeError:
        raise ValueError("expecting a pin")


def dht_readinto(_pin, _buf):
    name = _name(_pin)
    if len(_buf) < 5:
        raise ValueError("buffer too small")
    _pin.init(_pin.OPEN_DRAIN, value=1)
    sleep_ms(-(-268 // _wire.model["speed"]))  # 250 ms high, 18 low: dht.c
    _buf[:5] = _wire.call(b"dht", name)


def time_pulse_us(_pin, _pulse_level, _timeout_us=1000000):
    name = _name(_pin)
    us = _wire.number(b"pulse", bytes((1 if _pulse_level else 0,)) + name)
    if us < 0:
        sleep_us(_timeout_us)
    return us
