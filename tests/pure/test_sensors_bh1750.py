"""sensors/bh1750.py against numbers from outside: the example of ROHM's BH1750FVI Technical Note (2009.04 Rev. B, page 10), its
formula and its MTreg ("adjust measurement result").
"""

from sensors import bh1750

_EIO = 5
_FINE, _COARSE = 69, 31


class Bus:
    """Answers one read with counts; nobody is at other addresses, unless the bus is dead."""

    def __init__(self, counts, dead=False):
        self.counts, self.dead, self.written = counts, dead, []

    def readfrom(self, address, n):
        assert (address, n) == (0x23, 2)
        return bytes((self.counts >> 8, self.counts & 255))

    def writeto(self, address, data):
        if address != 0x23 and not self.dead:
            raise OSError(19)
        self.written.append(bytes(data))
        return len(data)


def _error(bus, mtreg):
    try:
        bh1750.read([bus, 0x23, mtreg])
    except OSError as error:
        return error.args[0]
    return None


def test_example_of_the_data_sheet():
    assert bh1750.read([Bus(0x8390), 0x23, _FINE]) == (280667,)  # about 28067 lx (page 10)


def test_the_formula_everywhere():
    for counts in range(1, 65535, 97):
        for mtreg in (_FINE, _COARSE):
            # counts / 1.2 * 69 / mtreg, ten times, within half a unit: all times 12 * mtreg
            (tenths,) = bh1750.read([Bus(counts), 0x23, mtreg])
            assert abs(12 * mtreg * tenths - 6900 * counts) <= 6 * mtreg, (counts, mtreg)


def test_too_bright_measures_again_in_the_coarse_range():
    bus = Bus(0xFFFF)
    handle = [bus, 0x23, _FINE]
    assert bh1750.read(handle) == 82  # 180 ms * 31 / 69, rounded up, and a tick
    assert handle[2] == _COARSE
    assert bus.written == [b"\x01", b"\x40", b"\x7f", b"\x20"]  # 31 in two halves, 000 and 11111
    bus.counts = 0xFFFE
    assert bh1750.read(handle) == (1215550,)  # 65534 / 1.2 * 69 / 31
    bus.counts = 0xFFFF
    assert _error(bus, _COARSE) == _EIO


def test_darkness_is_a_value_and_a_dead_bus_is_none():
    assert bh1750.read([Bus(0), 0x23, _FINE]) == (0,)
    assert bh1750.read([Bus(0), 0x23, _COARSE]) == (0,)
    assert _error(Bus(0, dead=True), _FINE) == _EIO


def test_wrong_options_are_named():
    class Board:
        I2C = None

        def i2c(self, options):
            raise AssertionError("the bus was touched")

    for address in (0x22, 0x24, 0x5D):
        try:
            bh1750.start(Board(), {"address": address})
        except ValueError as error:
            assert str(error) == "address"
        else:
            raise AssertionError("taken")
