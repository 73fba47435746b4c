"""ROHM BH1750FVI: illuminance on I2C.

Source: ROHM, BH1750FVI Technical Note, 2009.04 Rev. B; the pages and headings named below are its.
After a measurement in a one-time mode the part powers down by itself (instruction set), to 0.01 uA (page 2): there is nothing
to switch off. It has no identity, and says nothing of whether it is done: nothing but the longest time tells a measurement from
the last one.
"""

import errno

from micropython import const

FIELDS = (("illuminance_lx", 1),)
OPTIONS = ("address", "i2c")
RANGE = (0, 1215600)  # 65534 counts of the coarse range

_FINE = const(69)  # MTreg, the default ("adjust measurement result"): 0.83 lx a count, up to 54612 lx
_COARSE = const(31)  # the least: 1.85 lx, up to 121555 lx, full sunlight
# For the PC (sensors/__init__.py). Currents: page 2, typical.
_ACTIVE_UA = const(120)
_IDLE_NA = const(10)
_TIME_MS = const(181)
_ALLOWED = const((
    ("address", (0x23, 0x5C), "", 0x23, "ADDR low, high"),
    ("i2c", "bus", "", None, "the board's bus"),
))  # fmt: skip


def start(board, options):
    """Begin one measurement in the one-time H-resolution mode.

    options: "address", 0x23 or 0x5C, default 0x23; "i2c", see the profile's i2c(). Returns (ms, handle). Raises
    ValueError(option), OSError when the part does not acknowledge.
    """
    bus, address = _bus(board, options)
    handle = [bus, address, _FINE]
    return _begin(handle), handle


def read(handle):
    """The measurement that start() began: (tenths of a lux,).

    An int: too bright, measured again in the coarse range; call again after so many milliseconds. Raises OSError(EIO) when
    that is too bright, too, or when what is dark is the bus.
    """
    bus, address, mtreg = handle
    data = bus.readfrom(address, 2)
    counts = data[0] << 8 | data[1]
    if counts == 0xFFFF and mtreg == _FINE:
        handle[2] = _COARSE
        return _begin(handle)
    if not counts:
        # Darkness, or SDA held low: SoftI2C then takes every bit for an acknowledge and for a zero (extmod/machine_i2c.c).
        # Where nobody can be, 0x03 (UM10204, table 4), nobody may acknowledge.
        try:
            bus.writeto(3, b"")
        except OSError:
            return (0,)
    if counts in (0, 0xFFFF):
        raise OSError(errno.EIO)
    # Counts / 1.2 * 69 / MTreg, in tenths, rounded.
    return ((counts * 1150 + mtreg) // (2 * mtreg),)


def probe(board, options):
    """Whether the part acknowledges; it has no identity: None. options and errors: as start()."""
    bus, address = _bus(board, options)
    bus.writeto(address, b"\0")  # power down


def _bus(board, options):
    address = options.get("address", 0x23)
    if address not in (0x23, 0x5C):
        raise ValueError("address")
    return board.i2c(options), address


def _begin(handle):
    bus, address, mtreg = handle
    # Power on, MTreg in two halves, one-time H-resolution mode (instruction set); one command a transfer (page 10). MTreg is
    # set each time: it may be another from the last wake.
    for command in (1, 0x40 | mtreg >> 5, 0x60 | mtreg & 31, 0x20):
        if bus.writeto(address, bytes((command,))) != 1:  # SoftI2C and stm32 count what was acknowledged
            raise OSError(errno.EIO)
    # 180 ms is the longest, with the default MTreg (page 2); and a tick, since the first may be nearly over.
    return (180 * mtreg + 68) // 69 + 1
