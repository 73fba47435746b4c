"""TI ADS1115: an analogue-to-digital converter of 16 bits with four inputs, on I2C.

Source: Texas Instruments SBAS444D, ADS111x datasheet (January 2018); the sections named below are its. A field is named after
the input that is measured; the inputs that are asked for are converted one after the other, the fields of the others are left
out. A divider before an input is the "scale" of its field. After each conversion the part powers down by itself (9.4.2.1):
there is nothing to switch off.
"""

import errno
from micropython import const

FIELDS = (("voltage_0_v", 4), ("voltage_1_v", 4), ("voltage_2_v", 4), ("voltage_3_v", 4))
OPTIONS = ("address", "in0", "in1", "in2", "in3", "range_v", "rate", "i2c")

# For the PC (sensors/__init__.py). Currents: 7.5, typical at 25 degrees.
_ACTIVE_UA = const(150)
_IDLE_NA = const(500)
_TIME_MS = const(10)
_ALLOWED = const((
    ("address", (0x48, 0x49, 0x4A, 0x4B), "", 0x48, "ADDR to GND, VDD, SDA, SCL"),
    ("in0", ("gnd", 1, 3), "", None, "what input 0 is measured against; without any: in0 against gnd"),
    ("in1", ("gnd", 3), "", None, "what input 1 is measured against"),
    ("in2", ("gnd", 3), "", None, "what input 2 is measured against"),
    ("in3", ("gnd",), "", None, "what input 3 is measured against"),
    ("range_v", (6.144, 4.096, 2.048, 1.024, 0.512, 0.256), "V", 2.048, "of all inputs; none may exceed the supply"),
    ("rate", (8, 16, 32, 64, 128, 250, 475, 860), "1/s", 128, "conversions; the slower, the less noise"),
    ("i2c", "bus", "", None, "the board's bus"),
))  # fmt: skip


def start(board, options):
    """Begin the first input's conversion.

    options: "address", 0x48 to 0x4b, default 0x48; "in0" to "in3", "gnd" or another input's number: what that input is
    measured against, default "in0": "gnd"; "range_v", full scale in volts, default 2.048; "rate", conversions a second,
    default 128; "i2c", see the profile's i2c(). Returns (ms, handle). Raises ValueError(option), OSError when the part does not
    acknowledge.
    """
    mv = round(1000 * options.get("range_v", 2.048))
    rate = options.get("rate", 128)
    # Single shot. The comparator is off; its polarity tells this from what a part says that was reset meanwhile.
    gain = _code((24, 16, 8, 4, 2, 1), mv / 256, "range_v")
    config = 0x810B | gain << 9 | _code((8, 16, 32, 64, 128, 250, 475, 860), rate, "rate") << 5
    todo = []
    for i, name in enumerate(OPTIONS[1:5]):
        to = options.get(name)
        if to is not None:
            # The codes of the multiplexer (9.6.3), in their order.
            code = _code("0-1 0-3 1-3 2-3 0-gnd 1-gnd 2-gnd 3-gnd".split(), "%d-%s" % (i, to), name)
            todo.append((i, config | code << 12))
    bus, address = board.i2c(options), options.get("address", 0x48)
    # The rate may be 10 % less (7.5), and one tick, since the first may be nearly over.
    handle = [bus, address, todo or [(0, config | 0x4000)], [None] * 4, mv >> 8, 1100 // rate + 2, 0]
    return read(handle), handle


def read(handle):
    """The voltages of the inputs that were asked for, in units of 0.1 mV, None for the others.

    An int: not ready, or the next input's turn: call again after so many milliseconds. Raises OSError(EIO) when an input is
    beyond the range, or when the part does not say what it was told to do.
    """
    bus, address, todo, volts, k, ms, sent = handle
    if sent:
        state = _get(bus, address, 1) ^ sent
        if state == 0x8000:
            return 1  # OS: the conversion register still has the value before
        ticks = (_get(bus, address, 0) ^ 0x8000) - 0x8000
        if state or not -32768 < ticks < 32767:
            raise OSError(errno.EIO)
        volts[todo.pop(0)[0]] = (5 * k * ticks + 32) >> 6  # full scale is k * 0.256 V (table 3)
        if not todo:
            return tuple(volts)
    handle[6] = sent = todo[0][1]
    bus.writeto_mem(address, 1, sent.to_bytes(2, "big"))
    return ms


def probe(board, options):
    """The comparator's upper threshold, which nobody changes: 0x7fff (9.6.4). options and errors: as start()."""
    return _get(board.i2c(options), options.get("address", 0x48), 3)


def _get(bus, address, register):
    return int.from_bytes(bus.readfrom_mem(address, register, 2), "big")


def _code(values, value, name):
    if value not in values:
        raise ValueError(name)
    return values.index(value)
