"""Vishay VEML7700: illuminance on I2C, from 0.03 lx to full sunlight.

Sources: Vishay, Datasheet VEML7700 (84286), revision 1.8; Application Note "Designing the VEML7700 Into an Application"
(84323), "note" below.
The part measures on and on until it is shut down, and keeps its last value then: nothing but time tells a new one from that.
"""

import errno

from micropython import const

FIELDS = (("illuminance_lx", 2),)
OPTIONS = ("address", "i2c")
RANGE = (0, 14000000)  # 140 klx

_BRIGHT = const(0x1300)  # ALS_CONF: gain 1/8, 25 ms
_ROOM = const(0x1800)  # gain 1/4, 100 ms
_DARK = const(0x0800)  # gain 2, 100 ms
# For the PC (sensors/__init__.py). Currents: the datasheet's basic characteristics, typical; shut down, typical.
_ACTIVE_UA = const(45)
_IDLE_NA = const(500)
_TIME_MS = const(262)
_ALLOWED = const((
    ("address", (0x10,), "", 0x10, "it has no other"),
    ("i2c", "bus", "", None, "the board's bus"),
))  # fmt: skip


def start(board, options):
    """Begin one measurement, in the range for daylight.

    options: "address", 0x10; "i2c", see the profile's i2c(). Returns (ms, handle). Raises ValueError(option), OSError when the
    part does not acknowledge.
    """
    handle = [_bus(board, options), 0]
    return _begin(handle, _BRIGHT), handle


def read(handle):
    """The measurement that start() began: (hundredths of a lux,).

    An int: too dark for this range, measured again in another; call again after so many milliseconds. Raises OSError(EIO) when
    the part lost its settings or it is brighter than the range.
    """
    bus, conf = handle
    counts = _word(bus, 4)
    if _word(bus, 0) != conf or counts == 0xFFFF:  # settings: 1 after power-up, 0 on a dead line
        raise OSError(errno.EIO)
    # Up to 1000 lx without the flicker of lamps, which takes 100 ms; gain 2 up to 100 lx, as beyond it is not linear (note).
    if conf == _BRIGHT and counts < 465:
        return _begin(handle, _DARK if counts < 47 else _ROOM)
    # 0.0042 lx a count with gain 2 and 800 ms, in proportion otherwise (datasheet; before revision 1.7 it wrongly had 0.0036).
    lux = (counts * {_BRIGHT: 21504, _ROOM: 2688, _DARK: 336}[conf] + 50) // 100
    if lux > 100000:
        # Above 1000 lx no part is linear, all alike (note): 6.0135e-13 x^4 - 9.3924e-9 x^3 + 8.1488e-5 x^2 + 1.0023 x, here
        # with x in hundredths.
        factor = 60135
        for term in (-93924, 81488, 100230):
            factor = term + lux * factor // 1000000
        lux = lux * factor // 100000
    return (lux,)


def off(board, handle):
    """Shut the part down: 0.5 uA."""
    handle[0].writeto(0x10, b"\0\1\0")


def probe(board, options):
    """The part's device id, 0xC481: its address' code, and 0x81. options and errors: as start(); OSError(EIO): another part."""
    chip = _word(_bus(board, options), 7)
    if chip & 0xFF != 0x81:
        raise OSError(errno.EIO)
    return chip


def _bus(board, options):
    if options.get("address", 0x10) != 0x10:
        raise ValueError("address")
    return board.i2c(options)


def _word(bus, command):
    data = bus.readfrom_mem(0x10, command, 2)
    return data[0] | data[1] << 8


def _begin(handle, conf):
    handle[1] = conf
    # Shut down while the settings change (note, flow chart), else the old measurement goes on; no power saving, which another
    # program may have left on.
    for command, word in ((0, conf | 1), (3, 0), (0, conf)):
        handle[0].writeto(0x10, bytes((command, word & 0xFF, word >> 8)))
    # 2.5 ms to start (note); then twice the integration time: once is not enough, as others found (Zephyr's veml7700.c,
    # Adafruit_VEML7700.cpp, readWait()); and a tick, since the first may be nearly over.
    return 56 if conf == _BRIGHT else 206
