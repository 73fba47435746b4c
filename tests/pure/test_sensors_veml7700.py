"""sensors/veml7700.py against numbers from outside: Vishay's resolution (Datasheet VEML7700, revision 1.8: 0.0042 lx a count
with gain 2 and 800 ms) and the note's polynomial (84323) in floating point, term by term, as Adafruit, ESPHome and
github.com/eldruin/veml6030-rs have it.
"""

from sensors import veml7700

_EIO = 5
_BRIGHT, _ROOM, _DARK = 0x1300, 0x1800, 0x0800


class Bus:
    """Registers."""

    def __init__(self, conf, counts):
        self.registers = {0: conf, 4: counts, 7: 0xC481}
        self.written = []

    def readfrom_mem(self, address, register, n):
        assert (address, n) == (0x10, 2)
        word = self.registers[register]
        return bytes((word & 255, word >> 8))

    def writeto(self, address, data):
        assert address == 0x10
        self.written.append(bytes(data))


def _read(conf, counts):
    return veml7700.read([Bus(conf, counts), conf])


def _error(bus, conf):
    try:
        veml7700.read([bus, conf])
    except OSError as error:
        return error.args[0]
    return None


def test_resolution():
    for conf, gain, ms in ((_ROOM, 0.25, 100), (_DARK, 2, 100)):
        for counts in (0, 1, 2, 99, 1000, 3333):
            lux = counts * 0.0042 * 2 / gain * 800 / ms
            assert abs(_read(conf, counts)[0] - 100 * lux) <= 0.51, (conf, counts)
    assert _read(_DARK, 1) == (3,)  # 0.0336 lx
    assert _read(_ROOM, 1480) == (39782,)  # the note's example, 1480 counts; 341 lx with the old resolution of 0.2304


def test_correction():
    for counts in range(466, 11600, 101):
        x = counts * 0.0042 * 2 * 8 * 800 / 25
        y = 6.0135e-13 * x * x * x * x - 9.3924e-9 * x * x * x + 8.1488e-5 * x * x + 1.0023 * x
        (centi,) = _read(_BRIGHT, counts)
        # On a board's 32-bit floating point y itself is not better than this.
        assert abs(centi - 100 * y) <= y / 100, (counts, centi, y)
    assert abs(_read(_BRIGHT, 4650)[0] - 1479148) <= 20  # 9999.36 lx, worked out in decimal: 14791.479 lx
    # veml6030-rs, tests/integration.rs: 2727.936 lx (1480 counts of 1.8432, the old resolution) gives 3183.247.
    assert abs(_read(_ROOM, 10149)[0] - 318325) <= 50  # 2728.05 lx


def test_correction_in_other_ranges():
    # It grew brighter between the two measurements.
    x = 5000 * 0.2688
    y = 6.0135e-13 * x**4 - 9.3924e-9 * x**3 + 8.1488e-5 * x**2 + 1.0023 * x
    assert abs(_read(_ROOM, 5000)[0] - 100 * y) <= 2


def test_too_dark_measures_again():
    for counts, conf in ((464, _ROOM), (47, _ROOM), (46, _DARK), (0, _DARK)):
        bus = Bus(_BRIGHT, counts)
        handle = [bus, _BRIGHT]
        assert veml7700.read(handle) == 206
        assert handle[1] == conf
        # Shut down with the new settings, no power saving, on.
        assert bus.written == [bytes((0, 1, conf >> 8)), b"\x03\0\0", bytes((0, 0, conf >> 8))]
    assert _read(_ROOM, 5) == (134,)  # never a third time: 1.344 lx
    assert _read(_DARK, 0) == (0,)


def test_what_cannot_be_true():
    for conf in (_BRIGHT, _ROOM, _DARK):
        assert _error(Bus(1, 1000), conf) == _EIO  # power-up
        assert _error(Bus(0, 0), conf) == _EIO  # a line held low
        assert _error(Bus(0xFFFF, 0xFFFF), conf) == _EIO  # nobody drives it
        assert _error(Bus(conf, 0xFFFF), conf) == _EIO  # the end of the range


def test_wrong_options_are_named():
    class Board:
        I2C = None

        def i2c(self, options):
            raise AssertionError("the bus was touched")

    try:
        veml7700.start(Board(), {"address": 0x48})
    except ValueError as error:
        assert str(error) == "address"
    else:
        raise AssertionError("taken")
