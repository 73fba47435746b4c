"""Sensirion SHT30, SHT31 and SHT35: temperature and relative humidity on I2C.

Source: Sensirion, Datasheet SHT3x-DIS, version 7 (December 2022); the sections and tables named below are its.
The part falls back to idle, 0.2 uA (table 3), by itself after each measurement: there is nothing to switch off.
"""

import errno
import time

from micropython import const

FIELDS = (("temperature_c", 2), ("humidity_pct", 2))
OPTIONS = ("address", "precision", "i2c")
RANGE = (-4000, 12500, 0, 10000)  # operating range, tables 1 and 2

_ADDRESS = const(0x44)  # ADDR low; high: 0x45 (table 8)
# For the PC (sensors/__init__.py). Currents: table 3, typical.
_ACTIVE_UA = const(600)
_IDLE_NA = const(200)
_TIME_MS = const(17)
_ALLOWED = const((
    ("address", (0x44, 0x45), "", 0x44, "ADDR low, high"),
    ("precision", ("high", "medium", "low"), "", "high", None),
    ("i2c", "bus", "", None, "the board's bus"),
))  # fmt: skip


def start(board, options):
    """Begin one measurement.

    options: "address", 0x44 or 0x45, default 0x44; "precision", "high", "medium" or "low", default "high"; "i2c", see the
    profile's i2c(). Returns (ms, handle). Raises ValueError(option), OSError when the part does not acknowledge.
    """
    # Commands: table 9, clock stretching off, so that the bus is free for others meanwhile. Time: the maximum of section 2.2,
    # 15.5, 6.5 and 4.5 ms (with 2.15 V), and one tick, since the first may be nearly over.
    try:
        command, ms = {"high": (b"\x24\x00", 17), "medium": (b"\x24\x0b", 8), "low": (b"\x24\x16", 6)}[
            options.get("precision", "high")
        ]
    except KeyError:
        raise ValueError("precision")
    bus, address = _bus(board, options)
    handle = [bus, address, None, ms]
    try:
        taken = bus.writeto(address, command) == 2  # SoftI2C and stm32: the bytes acknowledged, no error (extmod/machine_i2c.c)
    except OSError:
        taken = False
    if not taken:
        # Not there; or another program has left it in periodic mode, in which it takes only break (4.8) and not even a reset
        # (github.com/libdriver/sht35, pull request 8). It is idle within 1 ms, and is asked then.
        bus.writeto(address, b"\x30\x93")
        handle[2] = command
        ms = 2
    return ms, handle


def read(handle):
    """The measurement that start() began, (centi-degrees Celsius, centi-percent). It can be read once.

    An int: only now begun, call again after so many milliseconds. Raises OSError(EIO) on a wrong CRC; the port's OSError while
    the part still converts, since it then does not acknowledge (4.4).
    """
    bus, address, command, ms = handle
    if command:
        handle[2] = None
        bus.writeto(address, command)
        return ms
    ticks_t, ticks_rh = decode(bus.readfrom(address, 6))
    return centi_c(ticks_t), centi_pct(ticks_rh)


def probe(board, options):
    """The part's serial number, 32 bits (Sensirion, electronic identification code SHT3x). options and errors: as start()."""
    bus, address = _bus(board, options)
    bus.writeto(address, b"\x37\x80")
    time.sleep_us(1000)  # between a command and the answer (4.3)
    high, low = decode(bus.readfrom(address, 6))
    return high << 16 | low


def centi_c(ticks):
    """Hundredths of a degree Celsius, -4500 to 13000, from 16 bits: -45 + 175 * ticks / 65535, rounded (section 4.13)."""
    # 17500/65535 in lowest terms: the product stays a small integer on 32 bits.
    return (3500 * ticks + 6553) // 13107 - 4500


def centi_pct(ticks):
    """Hundredths of a percent of relative humidity, 0 to 10000, from 16 bits: 100 * ticks / 65535, rounded (section 4.13)."""
    return (2000 * ticks + 6553) // 13107


def decode(data):
    """Two 16-bit words from the 6 bytes of an answer, each followed by its CRC (section 4.12). OSError(EIO): not so."""
    if len(data) != 6 or _crc(data, 0) != data[2] or _crc(data, 3) != data[5]:
        raise OSError(errno.EIO)
    return data[0] << 8 | data[1], data[3] << 8 | data[4]


def _crc(data, at):
    # CRC-8, polynomial 0x31, initial value 0xff, not reflected (table 20).
    crc = 0xFF
    for i in (at, at + 1):
        crc ^= data[i]
        for _ in range(8):
            crc = (crc << 1 ^ (0x31 if crc & 0x80 else 0)) & 0xFF
    return crc


def _bus(board, options):
    address = options.get("address", _ADDRESS)
    if address not in (0x44, 0x45):
        raise ValueError("address")
    return board.i2c(options), address
