"""Sensirion SHT40, SHT41, SHT43 and SHT45: temperature and relative humidity on I2C.

Source: Sensirion, Datasheet SHT4x, version 7.3 (June 2026); the sections and tables named below are its.
The part falls back to idle, 80 nA (page 1), by itself after each measurement: there is nothing to switch off.
"""

import errno
from micropython import const

FIELDS = (("temperature_c", 2), ("humidity_pct", 2))
OPTIONS = ("address", "precision", "i2c")
RANGE = (-4000, 12500, 0, 10000)  # operating range, page 1

_ADDRESS = const(0x44)  # ordering code A; B is 0x45, C 0x46 (product table)
# For the PC (sensors/__init__.py). Currents: section 3.1, typical.
_ACTIVE_UA = const(320)
_IDLE_NA = const(80)
_TIME_MS = const(10)
_ALLOWED = const((
    ("address", (0x44, 0x45, 0x46), "", 0x44, "ordering code A, B, C"),
    ("precision", ("high", "medium", "low"), "", "high", None),
    ("i2c", "bus", "", None, "the board's bus"),
))  # fmt: skip


def start(board, options):
    """Begin one measurement.

    options: "address", 0x44 to 0x46, default 0x44; "precision", "high", "medium" or "low", default "high"; "i2c", see the
    profile's i2c(). Returns (ms, handle). Raises ValueError(option), OSError when the part does not acknowledge.
    """
    # Commands: table 8. Time: the maximum of table 5, 8.3, 4.5 and 1.6 ms, and one tick, since the first may be nearly over.
    try:
        command, ms = {"high": (b"\xfd", 10), "medium": (b"\xf6", 6), "low": (b"\xe0", 3)}[options.get("precision", "high")]
    except KeyError:
        raise ValueError("precision")
    return ms, _send(board, options, command)


def read(handle):
    """The measurement that start() began, (centi-degrees Celsius, centi-percent). It can be read once (section 4.1).

    Raises OSError(EIO) on a wrong CRC; the port's OSError while the part still converts, since it then does not acknowledge.
    """
    ticks_t, ticks_rh = _receive(handle)
    return centi_c(ticks_t), centi_pct(ticks_rh)


def probe(board, options):
    """The part's serial number, 32 bits: command 0x89, ready after 0.01 ms (table 8). options and errors: as start()."""
    high, low = _receive(_send(board, options, b"\x89"))
    return high << 16 | low


def centi_c(ticks):
    """Hundredths of a degree Celsius, -4500 to 13000, from 16 bits: -45 + 175 * ticks / 65535, rounded (section 4.6)."""
    # 17500/65535 in lowest terms: the product stays a small integer on 32 bits.
    return (3500 * ticks + 6553) // 13107 - 4500


def centi_pct(ticks):
    """Hundredths of a percent of relative humidity, 0 to 10000, from 16 bits: -6 + 125 * ticks / 65535, rounded.

    Near the ends the formula leaves 0 to 100 %RH: cropped as in the datasheet's program (section 1).
    """
    return min(10000, max(0, (2500 * ticks + 6553) // 13107 - 600))


def decode(data):
    """Two 16-bit words from the 6 bytes of an answer, each followed by its CRC (section 4.3). OSError(EIO): not so."""
    if len(data) != 6 or _crc(data, 0) != data[2] or _crc(data, 3) != data[5]:
        raise OSError(errno.EIO)
    return data[0] << 8 | data[1], data[3] << 8 | data[4]


def _crc(data, at):
    # CRC-8, polynomial 0x31, initial value 0xff, not reflected (table 7).
    crc = 0xFF
    for i in (at, at + 1):
        crc ^= data[i]
        for _ in range(8):
            crc = (crc << 1 ^ (0x31 if crc & 0x80 else 0)) & 0xFF
    return crc


def _send(board, options, command):
    address = options.get("address", _ADDRESS)
    if not 0x44 <= address <= 0x46:
        raise ValueError("address")
    bus = board.i2c(options)
    bus.writeto(address, command)
    return bus, address


def _receive(handle):
    return decode(handle[0].readfrom(handle[1], 6))
