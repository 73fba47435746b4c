"""One part per file, one contract: module-level functions, integers inside.

    FIELDS = (("temperature_c", 2), ...)   names with the unit in them, and decimals
    OPTIONS = ("address", ...)             what the sensor's entry in config.py may say besides what every sensor takes:
                                           offset, scale, points, samples, range, supply, settle_ms, every (docs/sensors.md)
    RANGE = (-4000, 12500, 0, 10000)       optional: what can be true, lowest and highest of each field, one after another, in
                                           units of 10**-decimals: the part's operating range. What is outside is left out of
                                           the record and counted as a sensor error. config.py's "range" takes its place
    NEEDS = "LIGHT"                        optional: what the profile must have, not None
    SLOW_MS = 10000                        optional, where read() says for seconds that it is not ready: from start() to the
                                           value. By it the radio starts no earlier than it has to
    start(board, options) -> (ms, handle)  begin the conversion; milliseconds until read() may be called, 0: now.
                                           board: the profile; options: the sensor's entry in config.py
    read(handle) -> tuple, or an int       one entry per field of FIELDS, in units of 10**-decimals; None: no such value here,
                                           the field is left out and nothing is counted (a BMP280 has no humidity). An int
                                           instead of a tuple: not ready, or measured again in another range: read(handle) is
                                           to be called again after so many milliseconds, 20 times at most.
                                           All sensors together may take 15 s, or what MAX_AWAKE_S leaves: 5 s less
    off(board, handle)                     optional: leave the part in its lowest-power state; called after the last read()
                                           and when the sensor is given up. Not called when start() failed
    probe(board, options)                  optional: the part's identity (chip id, serial number, ROM code)

start() and read() raise OSError, ENODEV or what the port gives when the part does not answer, EIO when what it says cannot
be true (CRC, range, a power-up default that is no measurement), and ValueError(option) for an option's value that it does
not know. They never give a stale or invented value, and never wait more than a millisecond: who calls them waits, for all
sensors at once. With "samples" start() is called again after read(), without an off() between; so it must be able to begin anew
on a part that is not in its power-up state (after a reset of the board it is not, either).

What only the PC reads. A private const() costs no byte on the board, nor does one of tuples (MicroPython leaves out constants
whose name begins with an underscore: docs/library/micropython.rst, const). tools/dormouse/drivers.py reads them without running
the driver, for the check of config.py and for docs/sensors.md; literals only, and nobody but the driver itself may use them:

    _ACTIVE_UA = const(320)                supply current while it converts, uA, typical; the source beside it
    _IDLE_NA = const(80)                   and at rest between wakes, nA
    _TIME_MS = const(10)                   from start() to the value with the default options, at most
    _ALLOWED = const((                     one row for each of OPTIONS: name, allowed values, unit, default, note
        ("address", (0x44, 0x45, 0x46), "", 0x44, "ordering code A, B, C"),
        ("precision", ("high", "medium", "low"), "", "high", None),
        ("gain", "0.125 to 2", "", 1.0, None),
        ("pin", "pin", "", None, "its data line"),
        ("i2c", "bus", "", None, "the board's bus"),
    ))

The allowed values are a tuple: one of them; or text:
    "LOW to HIGH"    a whole number from LOW to HIGH; any number where LOW or HIGH has a point: "0.5 to 100"
    "pin"            a pin as the board names it, 5 or "X2". The default None means the board's, or that it must be named; then
                     the note says which. Two sensors on one pin are an error, unless both have the same driver and each names
                     another ROM code (kind "rom") or the kind is "shared pin" (a clock line, say)
    "analogue pin"   the same for a pin with a converter, "input pin" for one that is never driven: `dormouse check` knows
                     which of a board's pins can do that; a "pin" and a "shared pin" it takes for one that is driven
    "bus"            (bus, scl, sda): an I2C bus as the profile's i2c() takes it
    "pair LOW to HIGH" two numbers, such as a divider's (2, 1); LOW and HIGH as above
    "yes or no"      True or False
    "rom"            16 hexadecimal digits
    "text"           a string that is not empty
None is allowed where it is the default. A driver with an option "i2c" is on I2C: the default of "address", or _ADDRESS, is its
address, and two sensors with one address on one bus are an error. The part's name is the first line of the driver's docstring,
up to the first colon or full stop.
"""
