"""TI INA219: a supply's voltage, and the current through a shunt resistor in it, on I2C.

Source: Texas Instruments SBOS448G, INA219 datasheet (December 2015); the sections and tables named below are its. The current
is worked out here from the shunt's voltage, whose last digit is 10 uV in every range (8.6.3.1): the part's own calibration,
made for controllers that cannot divide, would only round it once more (8.5.3).
"""

import errno
from micropython import const

FIELDS = (("voltage_v", 3), ("current_ma", 2))
OPTIONS = ("address", "shunt_milliohm", "range_mv", "average", "i2c")
RANGE = (0, 26000, -100000000, 100000000)  # of the voltage: 7.3

# For the PC (sensors/__init__.py). Currents: 7.5, typical.
_ACTIVE_UA = const(700)
_IDLE_NA = const(6000)
_TIME_MS = const(3)
_ALLOWED = const((
    (
        "address",
        (0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F),
        "", 0x40, "A1 and A0, datasheet table 1",
    ),
    ("shunt_milliohm", "1 to 100000", "mOhm", 100, "most breakout boards: R100"),
    ("range_mv", (40, 80, 160, 320), "mV", 320, "full scale of the shunt's voltage"),
    ("average", (1, 2, 4, 8, 16, 32, 64, 128), "", 1, "samples of each value, half a millisecond each"),
    ("i2c", "bus", "", None, "the board's bus"),
))  # fmt: skip


def start(board, options):
    """Begin one measurement of both.

    options: "address", 0x40 to 0x4f, default 0x40; "shunt_milliohm", whole milliohms, default 100; "range_mv", full scale of
    the shunt's voltage, 40, 80, 160 or 320, default 320; "average", samples of each, 1 to 128 by powers of two, default 1;
    "i2c", see the profile's i2c(). Returns (ms, handle). Raises ValueError(option), OSError when the part does not acknowledge.
    """
    address, shunt = options.get("address", 0x40), options.get("shunt_milliohm", 100)
    gain, samples = options.get("range_mv", 320), options.get("average", 1)
    # The codes of tables 4 and 5.
    gains, averages = (40, 80, 160, 320), (1, 2, 4, 8, 16, 32, 64, 128)
    for wrong, name in (
        (not 0x40 <= address <= 0x4F, "address"),
        (not 1 <= shunt <= 100000, "shunt_milliohm"),
        (gain not in gains, "range_mv"),
        (samples not in averages, "average"),
    ):
        if wrong:
            raise ValueError(name)
    code = 8 + averages.index(samples)
    # 32 V, shunt and bus triggered (tables 4 to 6).
    handle = board.i2c(options), address, 0x2003 | gains.index(gain) << 11 | code << 7 | code << 3, shunt, 100 * gain
    _configure(handle, 3)
    # 586 us a sample of each, at most (7.5), 40 us to recover from power-down (8.4), and a tick.
    return (1172 * samples + 40) // 1000 + 2, handle


def read(handle):
    """The measurement: (millivolts, hundredths of a milliampere); an int: not ready, call again after so many milliseconds.

    Raises OSError(EIO) when the shunt's voltage is beyond its range.
    """
    bus, address, _, shunt, full = handle
    volts = _get(bus, address, 2)
    if not volts & 2:
        return 1  # CNVR (8.6.3.2): what the registers have is from before
    ticks = (_get(bus, address, 1) ^ 0x8000) - 0x8000
    if volts & 1 or not -full < ticks < full:
        raise OSError(errno.EIO)
    return volts >> 1 & ~3, (2000 * ticks + shunt) // (2 * shunt)


def off(board, handle):
    """Power the part down, and its inputs with it."""
    _configure(handle, 0)


def probe(board, options):
    """The configuration register, 16 bits: the part has no identity. OSError(EIO): not a possible one. options: as start()."""
    found = _get(board.i2c(options), options.get("address", 0x40), 0)
    if not 0 < found < 0x4000:  # the upper two bits are always 0 (figure 20)
        raise OSError(errno.EIO)
    return found


def _configure(handle, mode):
    handle[0].writeto_mem(handle[1], 0, (handle[2] & ~7 | mode).to_bytes(2, "big"))


def _get(bus, address, register):
    return int.from_bytes(bus.readfrom_mem(address, register, 2), "big")
