"""sensors/sht3x.py against numbers from outside: Sensirion's Datasheet SHT3x-DIS (CRC example of table 20, formulae of section
4.13) and the integer formulae of Sensirion's own driver (embedded-sht, sht3x.c, in thousandths).
"""

from sensors import sht3x

_EIO = 5
_GOOD = bytes((0xBE, 0xEF, 0x92, 0xBE, 0xEF, 0x92))


def _refuses(data):
    try:
        sht3x.decode(data)
    except OSError as error:
        return error.args[0] == _EIO
    return False


def test_crc_example_of_the_datasheet():
    assert sht3x.decode(_GOOD) == (0xBEEF, 0xBEEF)


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
    assert _refuses(bytes(6))  # SDA held low
    assert _refuses(b"\xff" * 6)  # nobody drives it


def test_ends_of_the_formulae_and_room():
    assert (sht3x.centi_c(0), sht3x.centi_c(65535)) == (-4500, 13000)
    assert (sht3x.centi_pct(0), sht3x.centi_pct(65535)) == (0, 10000)
    assert sht3x.centi_c(16852) == 0  # 0.0005 C
    assert sht3x.centi_c(26214) == 2500  # exactly 25 C
    assert sht3x.centi_pct(32768) == 5000  # 50.0008 %RH
    assert sht3x.centi_pct(13107) == 2000  # exactly 20 %RH


def test_rounds_as_the_exact_formula_everywhere():
    for ticks in range(0, 65536, 7):
        # Rounded to nearest: at most half a unit from the exact value, in fractions of 65535.
        assert abs((sht3x.centi_c(ticks) + 4500) * 65535 - 17500 * ticks) * 2 <= 65535, ticks
        assert abs(sht3x.centi_pct(ticks) * 65535 - 10000 * ticks) * 2 <= 65535, ticks


def test_agrees_with_sensirions_driver():
    for ticks in range(0, 65536, 251):
        assert abs(sht3x.centi_c(ticks) * 10 - (((21875 * ticks) >> 13) - 45000)) <= 10, ticks
        assert abs(sht3x.centi_pct(ticks) * 10 - ((12500 * ticks) >> 13)) <= 10, ticks


def test_wrong_options_are_named():
    class Board:
        I2C = None

        def i2c(self, options):
            raise AssertionError("the bus was touched")

    for option, value in (("precision", "best"), ("address", 0x43), ("address", 0x46)):
        try:
            sht3x.start(Board(), {option: value})
        except ValueError as error:
            assert str(error) == option
        else:
            raise AssertionError("{} {} was taken".format(option, value))
