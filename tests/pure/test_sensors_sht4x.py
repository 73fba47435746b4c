"""sensors/sht4x.py against numbers from outside: Sensirion's Datasheet SHT4x (CRC example of table 7, ends of the formulae of
section 4.6) and the integer formulae of Sensirion's own driver (embedded-i2c-sht4x, sht4x_i2c.c, in thousandths).
"""

from sensors import sht4x

_EIO = 5
_GOOD = bytes((0xBE, 0xEF, 0x92, 0xBE, 0xEF, 0x92))


def _refuses(data):
    try:
        sht4x.decode(data)
    except OSError as error:
        return error.args[0] == _EIO
    return False


def test_crc_example_of_the_datasheet():
    assert sht4x.decode(_GOOD) == (0xBEEF, 0xBEEF)


def test_every_flipped_bit_is_refused():
    for bit in range(48):
        bad = bytearray(_GOOD)
        bad[bit // 8] ^= 1 << bit % 8
        assert _refuses(bytes(bad)), bit


def test_every_truncation_and_more_is_refused():
    for length in range(6):
        assert _refuses(_GOOD[:length]), length
    assert _refuses(_GOOD + b"\x00")


def test_a_dead_bus_is_refused():
    # SDA held low, and nobody driving it: neither is a valid word.
    assert _refuses(bytes(6))
    assert _refuses(b"\xff" * 6)


def test_ends_of_the_formulae():
    assert sht4x.centi_c(0) == -4500
    assert sht4x.centi_c(65535) == 13000
    assert sht4x.centi_pct(0) == 0  # -6 %RH, cropped
    assert sht4x.centi_pct(65535) == 10000  # 119 %RH, cropped


def test_freezing_and_room():
    # -45 + 175 * t / 65535 and -6 + 125 * h / 65535 worked out by hand.
    assert sht4x.centi_c(16852) == 0  # 0.0005 C
    assert sht4x.centi_c(26214) == 2500  # exactly 25 C
    assert sht4x.centi_pct(29360) == 5000  # 50.0008 %RH
    assert sht4x.centi_pct(3145) == 0  # just below 0
    assert sht4x.centi_pct(3152) == 1  # just above: 0.012 %RH
    assert sht4x.centi_pct(55574) == 10000  # just above 100


def test_rounds_as_the_exact_formula_everywhere():
    for ticks in range(0, 65536, 7):
        # Rounded to nearest: at most half a unit from the exact value, in fractions of 65535.
        assert abs((sht4x.centi_c(ticks) + 4500) * 65535 - 17500 * ticks) * 2 <= 65535, ticks
        exact = 12500 * ticks - 600 * 65535
        if 0 <= exact <= 10000 * 65535:
            assert abs(sht4x.centi_pct(ticks) * 65535 - exact) * 2 <= 65535, ticks


def test_agrees_with_sensirions_driver():
    for ticks in range(0, 65536, 251):
        milli_c = ((21875 * ticks) >> 13) - 45000
        milli_pct = min(100000, max(0, ((15625 * ticks) >> 13) - 6000))
        assert abs(sht4x.centi_c(ticks) * 10 - milli_c) <= 10, ticks
        assert abs(sht4x.centi_pct(ticks) * 10 - milli_pct) <= 10, ticks


def test_wrong_options_are_named():
    class Board:
        I2C = None

        def i2c(self, options):
            raise AssertionError("the bus was touched")

    for option, value in (("precision", "best"), ("address", 0x43), ("address", 0x47)):
        try:
            sht4x.start(Board(), {option: value})
        except ValueError as error:
            assert str(error) == option
        else:
            raise AssertionError("{} {} was taken".format(option, value))
