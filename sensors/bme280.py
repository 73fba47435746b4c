"""Bosch BME280 and BMP280: temperature, air pressure and, with a BME280, relative humidity on I2C.

Sources: BME280 datasheet BST-BME280-DS002-15, revision 1.6; BMP280 datasheet BST-BMP280-DS001-23, revision 1.23. Sections
without a name are the BME280's. The driver asks the part which of the two it is. After each measurement in forced mode the
part goes to sleep by itself (3.3.3): there is nothing to switch off.
"""

import errno
from struct import unpack

from micropython import const

FIELDS = (("temperature_c", 2), ("pressure_hpa", 2), ("humidity_pct", 2))
OPTIONS = ("address", "oversampling", "i2c")
RANGE = (-4000, 8500, 30000, 110000, 0, 10000)  # operating ranges, tables 2 to 4

_BME280 = const(0x60)  # 5.4.1
_BMP280 = const(0x58)  # BMP280, 4.3.1
# For the PC (sensors/__init__.py). Currents: table 1, the largest of the three (pressure), typical; sleep, typical.
_ACTIVE_UA = const(714)
_IDLE_NA = const(100)
_TIME_MS = const(11)
_ALLOWED = const((
    ("address", (0x76, 0x77), "", 0x76, "SDO to GND, to VDDIO"),
    ("oversampling", (1, 2, 4, 8, 16), "", 1, "samples of each value"),
    ("i2c", "bus", "", None, "the board's bus"),
))  # fmt: skip


def start(board, options):
    """Begin one measurement.

    options: "address", 0x76 or 0x77, default 0x76; "oversampling", 1, 2, 4, 8 or 16, default 1 (weather: 3.5.1); "i2c", see
    the profile's i2c(). Returns (ms, handle). Raises ValueError(option), OSError when the part does not acknowledge or is
    another one (EIO).
    """
    samples = options.get("oversampling", 1)
    code = {1: 1, 2: 2, 4: 3, 8: 4, 16: 5}.get(samples)  # tables 20, 23 and 24
    if not code:
        raise ValueError("oversampling")
    bus, address = _bus(board, options)
    humid = _identity(bus, address) == _BME280
    # 9.1, the longest: 1.25 ms, 2.3 a sample, 0.575 for pressure and for humidity; and one tick, since the first may be nearly
    # over.
    us = 1825 + 4600 * samples
    if humid:
        us += 575 + 2300 * samples
    handle = [bus, address, code, code if humid else 0, us // 1000 + 2, False]
    return _begin(handle), handle


def read(handle):
    """The measurement that start() began: (centi-degrees Celsius, pascals, centi-percent or None with a BMP280).

    An int: not ready, call again after so many milliseconds. Raises OSError(EIO) when nothing was measured.
    """
    bus, address, code, code_h, _, begun = handle
    if not begun:
        return _begin(handle)
    # In one burst, so that nothing can change in between: ctrl_hum (a BMP280 has none), status, ctrl_meas, config, a reserved
    # one, and the data.
    data = bus.readfrom_mem(address, 0xF2, 13) if code_h else b"\0" + bus.readfrom_mem(address, 0xF3, 10)
    if data[1] & 9 or data[2] == code * 0x24 | 1:
        return 1  # measuring, or not yet back in sleep mode
    # The settings are zeros after a reset and on a dead line. Of the data's own defaults, 0x80000 and 0x8000, one alone proves
    # nothing: it may be 26 degrees, or 60 percent.
    if data[0] != code_h or data[2] != code * 0x24 or data[5:11] == b"\x80\0\0\x80\0\0":
        raise OSError(errno.EIO)
    return compensate(bus.readfrom_mem(address, 0x88, 26), bus.readfrom_mem(address, 0xE1, 7) if code_h else None, data[5:])


def probe(board, options):
    """The part's chip id: 0x60, BME280, or 0x58, BMP280. options and errors: as start()."""
    return _identity(*_bus(board, options))


def compensate(trim, trim_h, data):
    """Physical values from registers, as read() gives them.

    trim: the 26 bytes from 0x88 on. trim_h: the 7 from 0xE1 on, None without humidity. data: those from 0xF7 on. Raises
    OSError(EIO) when the trimming parameters cannot be true.
    """
    # 4.2.3: temperature and humidity in 32 bits, pressure in 64, which gives the BMP280's example (3.12) to the pascal; the 32
    # bits of appendix 8.2 miss it by 3. What passes a board's small integers becomes a long one, which is slower and as exact.
    # Each in a function of its own: a small heap has no room left for one long piece of code.
    trims = unpack("<HhhHhhhhhhhhBB", trim)
    t1, t2, t3 = trims[:3]
    raw = data[3] << 12 | data[4] << 4 | data[5] >> 4
    fine = ((raw >> 3) - (t1 << 1)) * t2 >> 11
    raw = (raw >> 4) - t1
    fine += (raw * raw >> 12) * t3 >> 14
    pa = _pascals(fine, trims, 1048576 - (data[0] << 12 | data[1] << 4 | data[2] >> 4))
    return (fine * 5 + 128) >> 8, pa, trim_h and _centi_pct(fine, trims[13], trim_h, data[6] << 22 | data[7] << 14)


def _pascals(fine, trims, raw):
    t1, _, _, p1, p2, p3, p4, p5, p6, p7, p8, p9, _, _ = trims
    a = fine - 128000
    b = a * a * p6 + (a * p5 << 17) + (p4 << 35)
    a = ((1 << 47) + (a * a * p3 >> 8) + (a * p2 << 12)) * p1 >> 33
    if a <= 0 or t1 == p1:  # all bytes alike: a line that nobody drives. Parts have about 28000 and 37000
        raise OSError(errno.EIO)
    pa = ((raw << 31) - b) * 3125 // a
    a = pa >> 13
    return (((pa + (p9 * a * a >> 25) + (p8 * pa >> 19)) >> 8) + (p7 << 4) + 128) >> 8  # from 1/256 Pa


def _centi_pct(fine, h1, trim_h, raw):
    h2, h3, e4, e5, e6, h6 = unpack("<hBbBbb", trim_h)
    a = fine - 76800
    b = (((a * h6 >> 10) * ((a * h3 >> 11) + 32768) >> 10) + 2097152) * h2 + 8192 >> 14
    b *= (raw - ((e4 << 4 | e5 & 15) << 20) - (e6 << 4 | e5 >> 4) * a + 16384) >> 15
    a = b >> 15
    b -= (a * a >> 7) * h1 >> 4
    return (min(max(b, 0), 419430400) >> 12) * 25 + 128 >> 8  # cropped to 0 to 100 %, from 1/1024 %


def _bus(board, options):
    address = options.get("address", 0x76)
    if address not in (0x76, 0x77):
        raise ValueError("address")
    return board.i2c(options), address


def _identity(bus, address):
    chip = bus.readfrom_mem(address, 0xD0, 1)[0]
    if chip not in (_BME280, _BMP280):
        raise OSError(errno.EIO)
    return chip


def _begin(handle):
    bus, address, code, code_h, ms, _ = handle
    # Just powered, the part still copies its trimming parameters: im_update (5.4.4).
    if bus.readfrom_mem(address, 0xF3, 1)[0] & 1:
        return 1
    # Pairs of register and value in one write (6.2.1). First to sleep: in normal mode, in which another program may have left
    # the part, it may ignore config (5.4.6), and with it a filter would stay. ctrl_hum counts from ctrl_meas on (5.4.3); a
    # BMP280 has none.
    bus.writeto(address, bytes((0xF4, 0, 0xF5, 0, 0xF2 if code_h else 0xF5, code_h, 0xF4, code * 0x24 | 1)))
    handle[5] = True
    return ms
