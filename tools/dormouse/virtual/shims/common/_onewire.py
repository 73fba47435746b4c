# 1-Wire, one call of the firmware each. Source: extmod/modonewire.c. The times are its delays; what hangs on the pin is in the
# supervisor. A pin that is an input drives nothing: onewire.OneWire makes it open-drain.
import _wire
from _pulse import _name
from utime import sleep_us as _sleep_us


def _call(what, pin, us):
    name = _name(pin)
    _sleep_us(us // _wire.model["speed"])
    return _wire.call(b"wire", what + name)


def reset(_pin):
    return bool(_call(b"r", _pin, 960)[0])


def readbit(_pin):
    return _call(b"b", _pin, 50)[0]


def readbyte(_pin):
    return _call(b"R", _pin, 400)[0]


def writebit(_pin, _value):
    # The bit is whatever is not 0.
    _call(b"1" if _value else b"0", _pin, 70)


def writebyte(_pin, _value):
    _call(b"W" + bytes((_value & 0xFF,)), _pin, 560)


def crc8(_data):
    crc = 0
    for byte in _data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
    return crc
