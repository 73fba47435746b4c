"""Sensirion SCD41: carbon dioxide, temperature and relative humidity on I2C.

Source: Sensirion, Datasheet SCD4x, version 1.3 (September 2022); the sections and tables named below are its. An SCD40 has no
single measurements (table 9).

A measurement takes 5 s. By default the part sleeps between wakes, or has no supply; the first measurement after that is to be
thrown away (3.10, 3.10.4), so that a wake takes two, 10 s. "sleep": False leaves it idle and takes one measurement a wake: the
150 uA of that cost as much as the second measurement, 243 mJ (3.10), after 8 minutes, not counting what the board itself takes
in the other 5 s. It is also the only way that its automatic self-calibration works, which is made for measurements every 5
minutes, becomes rarer with longer intervals, never happens where the supply is cut in between (3.10), and needs fresh air now
and then. A part that sleeps needs a forced calibration (3.7.1) instead. False is for a supply that stays on in deep sleep.
"""

import errno
import time
from micropython import const

FIELDS = (("co2_ppm", 0), ("temperature_c", 2), ("humidity_pct", 2))
OPTIONS = ("sleep", "altitude_m", "i2c")
SLOW_MS = 10030  # two measurements: the radio waits for the second
RANGE = (1, 40000, -1000, 6000, 0, 10000)  # output range and operating conditions, section 1; 0 ppm is "not measured"

_ADDRESS = const(0x62)  # table 8
_SHOT_MS = const(5001)  # table 28, and a tick
_WAKE_MS = const(21)  # table 31, and a tick
_TRY_MS = const(100)  # powering up takes up to 1000 ms (3.1)
_TRIES = const(11)
# For the PC (sensors/__init__.py). 243 mJ a measurement (3.10) at 3.3 V in 5 s. At rest: the idle current, since how much
# less it takes asleep the datasheet does not say.
_ACTIVE_UA = const(14700)
_IDLE_NA = const(150000)
_TIME_MS = const(10030)
_ALLOWED = const((
    ("sleep", "yes or no", "", True, "False: idle between wakes, self-calibrating; one a wake. Its supply must stay on"),
    ("altitude_m", "0 to 3000", "m", None, "above sea level; the thinner the air, the less CO2 is shown without it"),
    ("i2c", "bus", "", None, "the board's bus"),
))  # fmt: skip


def start(board, options):
    """Begin a measurement; it is read() that goes on with it.

    options: "sleep", bool, default True; "altitude_m", 0 to 3000 metres, default what the part was set to; "i2c", see the
    profile's i2c(). Returns (ms, handle). Raises ValueError(option), OSError when the part does not acknowledge.
    """
    sleep = options.get("sleep", True)
    steps = [(b"\x21\x9d", _SHOT_MS)] * (1 + sleep)
    altitude = options.get("altitude_m")
    if altitude is not None:
        if not 0 <= altitude <= 3000:
            raise ValueError("altitude_m")
        word = altitude.to_bytes(2, "big")
        steps = [(b"\x24\x27" + word + bytes((_crc(word),)), 2)] + steps
    bus = board.i2c(options)
    handle = [bus, steps, sleep and _TRIES, sleep]
    if not sleep:
        return read(handle), handle
    try:
        bus.writeto(_ADDRESS, b"\x36\xf6")
    except OSError:
        pass  # it is never acknowledged (3.10.4)
    return _WAKE_MS, handle


def read(handle):
    """The measurement: (ppm, centi-degrees Celsius, centi-percent); an int: call again after so many milliseconds.

    Raises OSError(EIO) on a wrong CRC, the port's when the part does not acknowledge, which it does not while it measures.
    """
    bus, steps, tries, _ = handle
    if not steps:
        co2, t, rh = _ask(bus, b"\xec\x05")
        # 175 and 100 times word / 65535 (Sensirion python-i2c-scd4x, API documentation), in hundredths, rounded, in lowest
        # terms: the products stay small integers on 32 bits.
        return co2, (3500 * t + 6553) // 13107 - 4500, (2000 * rh + 6553) // 13107
    try:
        bus.writeto(_ADDRESS, steps[0][0])
    except OSError:
        if not tries:
            raise
        handle[2] = tries - 1
        return _TRY_MS
    handle[2] = 0
    return steps.pop(0)[1]


def off(board, handle):
    """Let it sleep. While it still measures it does not listen, and stays idle after that until the next wake's off()."""
    if handle[3]:
        handle[0].writeto(_ADDRESS, b"\x36\xe0")


def probe(board, options):
    """The part's serial number, 48 bits (3.9.2). options and errors: as start(). A part that sleeps does not answer."""
    a, b, c = _ask(board.i2c(options), b"\x36\x82")
    return a << 32 | b << 16 | c


def _ask(bus, command):
    # Three words, each followed by its CRC (3.2).
    bus.writeto(_ADDRESS, command)
    time.sleep_us(1000)  # table 9: 1 ms
    data = bus.readfrom(_ADDRESS, 9)
    words = []
    for i in (0, 3, 6):
        if _crc(data[i : i + 3]):
            raise OSError(errno.EIO)
        words.append(data[i] << 8 | data[i + 1])
    return words


def _crc(data):
    # CRC-8, polynomial 0x31, initial value 0xff, not reflected (3.11): 0 when the data ends with its own.
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ (0x31 if crc & 0x80 else 0)) & 0xFF
    return crc
