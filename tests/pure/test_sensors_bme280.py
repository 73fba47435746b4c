"""sensors/bme280.py against numbers from outside: the worked example of the BMP280's datasheet (BST-BMP280-DS001-23, section
3.12), two BME280 in another project's tests (github.com/elixir-sensors/bmp280, test/bmp280/sensor/bme280_sensor_test.exs), and
the datasheet's formulae in double precision (BST-BME280-DS002-15, section 8.1).
"""

from struct import pack

from sensors import bme280

_EIO = 5


def _trim(t, p, h1=0):
    return pack("<HhhHhhhhhhhhBB", *(t + p + (0, h1)))


def _trim_h(h2, h3, h4, h5, h6):
    return pack("<hBbBbb", h2, h3, h4 >> 4, h4 & 15 | (h5 & 15) << 4, h5 >> 4, h6)


def _data(p, t, h=0x8000):
    return bytes((p >> 12, p >> 4 & 255, p << 4 & 255, t >> 12, t >> 4 & 255, t << 4 & 255, h >> 8, h & 255))


_EXAMPLE = _trim((27504, 26435, -1000), (36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000))


def test_worked_example_of_the_bmp280s_datasheet():
    # 25.08 degrees and 100653.27 Pa (double precision; the 64-bit program's 25767233/256 is 100653.25).
    assert bme280.compensate(_EXAMPLE, None, _data(415148, 519888)) == (2508, 100653, None)


def test_two_real_bme280():
    trim = _trim((28189, 26285, 50), (36635, -10696, 3024, 11092, -241, -7, 12300, -12000, 5000), 75)
    t, p, h = bme280.compensate(trim, _trim_h(338, 0, 370, 60, 30), bytes((69, 89, 64, 130, 243, 0, 137, 109)))
    assert (t, p) == (2675, 100391)  # 26.7460, 100391.49
    assert abs(h - 5920) <= 10
    trim = _trim((28297, 26729, 50), (37189, -10580, 3024, 8137, -87, -7, 9900, -10230, 4285), 75)
    t, p, h = bme280.compensate(trim, _trim_h(394, 0, 242, 56, 30), bytes((77, 75, 16, 126, 15, 128, 102, 158)))
    assert (t, p) == (2026, 100278)  # 20.2649, 100278.40
    assert abs(h - 6440) <= 10


def test_as_the_formulae_in_double_precision_everywhere():
    for t, p, (h2, h3, h4, h5, h6, h1) in (
        ((27504, 26435, -1000), (36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000), (362, 0, 315, 50, 30, 75)),
        ((28189, 26285, 50), (36635, -10696, 3024, 11092, -241, -7, 12300, -12000, 5000), (338, 0, 370, 60, 30, 75)),
        # every sign the other way, and the 12-bit numbers beyond 8 bits
        ((28297, 26729, 50), (37189, -10580, 3024, 8137, -87, -7, 9900, -10230, 4285), (380, 20, 300, -50, -30, 60)),
    ):
        trim, trim_h = _trim(t, p, h1), _trim_h(h2, h3, h4, h5, h6)
        for raw_t in range(350000, 700000, 34567):
            fine = (raw_t / 16384 - t[0] / 1024) * t[1] + (raw_t / 131072 - t[0] / 8192) ** 2 * t[2]
            for raw_p, raw_h in ((250000, 20000), (415148, 28437), (524288, 32768), (600000, 40000)):
                a = fine / 2 - 64000
                b = (a * a * p[5] / 32768 + a * p[4] * 2) / 4 + p[3] * 65536
                a = (1 + (p[2] * a * a / 524288 + p[1] * a) / 524288 / 32768) * p[0]
                pa = (1048576 - raw_p - b / 4096) * 6250 / a
                pa += (p[8] * pa * pa / 2147483648 + pa * p[7] / 32768 + p[6]) / 16
                h = fine - 76800
                h = (raw_h - (h4 * 64 + h5 / 16384 * h)) * (h2 / 65536 * (1 + h6 / 67108864 * h * (1 + h3 / 67108864 * h)))
                h = min(100, max(0, h * (1 - h1 * h / 524288)))
                got = bme280.compensate(trim, trim_h, _data(raw_p, raw_t, raw_h))
                where = raw_t, raw_p, raw_h, got, fine / 51.2, pa, h
                assert abs(got[0] - fine / 51.2) <= 1, where
                assert abs(got[1] - pa) <= 1, where
                assert abs(got[2] - 100 * h) <= 6, where  # 32 bits: some hundredths, as in the datasheet's program


def test_humidity_is_cropped():
    trim = _trim((28189, 26285, 50), (36635, -10696, 3024, 11092, -241, -7, 12300, -12000, 5000), 75)
    trim_h = _trim_h(338, 0, 370, 60, 30)
    assert bme280.compensate(trim, trim_h, _data(284052, 536368, 0))[2] == 0
    assert bme280.compensate(trim, trim_h, _data(284052, 536368, 65535))[2] == 10000


def test_trimming_parameters_of_a_dead_line():
    for dead in (bytes(26), b"\xff" * 26):
        try:
            bme280.compensate(dead, None, _data(415148, 519888))
        except OSError as error:
            assert error.args[0] == _EIO
        else:
            raise AssertionError("taken")


class Bus:
    """Registers from ctrl_hum on: ctrl_hum, status, ctrl_meas, config, a reserved one, data."""

    def __init__(self, *head):
        self.registers = bytes(head) + b"\0\0" + _data(415148, 519888, 28437)

    def readfrom_mem(self, address, register, n):
        if register == 0x88:
            return _EXAMPLE
        if register == 0xE1:
            return _trim_h(362, 0, 315, 50, 30)
        return self.registers[register - 0xF2 :][:n]


def test_only_what_was_asked_for_is_a_measurement():
    def outcome(*head, code_h=1):
        try:
            return bme280.read([Bus(*head), 0x76, 1, code_h, 11, True])
        except OSError as error:
            return "error", error.args[0]

    assert outcome(1, 0, 0x24)[:2] == (2508, 100653)
    assert outcome(0, 0, 0x24, code_h=0) == (2508, 100653, None)
    assert outcome(1, 8, 0x24) == 1  # measuring
    assert outcome(1, 1, 0x24) == 1  # copying its parameters
    assert outcome(1, 0, 0x25) == 1  # still in forced mode
    for head in ((0, 0, 0x24), (2, 0, 0x24), (1, 0, 0), (1, 0, 0x27), (1, 0, 0x48)):
        assert outcome(*head) == ("error", _EIO), head  # another's settings, or none


def test_wrong_options_are_named():
    class Board:
        I2C = None

        def i2c(self, options):
            raise AssertionError("the bus was touched")

    for option, value in (("oversampling", 3), ("oversampling", 0), ("address", 0x75), ("address", 0x78)):
        try:
            bme280.start(Board(), {option: value})
        except ValueError as error:
            assert str(error) == option
        else:
            raise AssertionError("{} {} was taken".format(option, value))
