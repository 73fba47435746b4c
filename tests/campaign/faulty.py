"""A sensor's driver of the campaign's own, on the board: the number of the bus's error says how it fails."""

import machine  # noqa: F401  a driver's usual company

FIELDS = (("x", 0),)
_ADDRESS = 0x10  # dormouse.virtual.faults.PROBE: nobody is there
_NOBODY = 19


class _Nameless(Exception):
    def __str__(self):
        raise ValueError("no name")


def _ask(bus, why):
    try:
        bus.writeto(_ADDRESS, why)
    except OSError as e:
        number = e.args[0]
        if number == _NOBODY:
            return (7,)
        while number == 9000:
            pass
        if number == 9007:
            return None
        if number == 9008:
            return ()
        if number == 9009:
            return ("seven",)
        for i, kind in enumerate((ValueError, MemoryError, KeyError, RuntimeError, StopIteration, _Nameless)):
            if number == 9001 + i:
                raise kind("campaign") from e
        raise


def start(board, options):
    bus = board.i2c(options)
    _ask(bus, b"s")
    return 1, bus


def read(bus):
    return _ask(bus, b"r")


def off(board, bus):
    _ask(bus, b"o")
