"""sensors/ads1115.py against numbers from outside: TI's datasheet SBAS444D, tables 3 (size of a digit) and 5 (ideal codes), and
its config register (section 9.6.3), on a bus that knows nothing but registers.
"""

from sensors import ads1115

_EIO = 5


class Bus:
    def __init__(self, code=0, state=None):
        self.code = code
        self.state = state
        self.config = 0
        self.address = None

    def i2c(self, options):
        return self

    def writeto_mem(self, address, register, data):
        assert register == 1
        assert len(data) == 2
        self.address = address
        self.config = int.from_bytes(data, "big")

    def readfrom_mem(self, address, register, n):
        assert n == 2
        word = (self.code & 0xFFFF, self.config if self.state is None else self.state, 0x8000, 0x7FFF)[register]
        return word.to_bytes(2, "big")


def _volts(code, **options):
    _, handle = ads1115.start(Bus(code), options)
    return ads1115.read(handle)[0]


def _config(**options):
    bus = Bus()
    ads1115.start(bus, options)
    return bus.config


def _refused(bus):
    _, handle = ads1115.start(bus, {})
    try:
        ads1115.read(handle)
    except OSError as error:
        return error.args[0] == _EIO
    return False


def test_size_of_a_digit():
    # Table 3, in nanovolts; 8192 digits are a quarter of full scale.
    for range_v, nv in ((6.144, 187500), (4.096, 125000), (2.048, 62500), (1.024, 31250), (0.512, 15625), (0.256, 7812.5)):
        for code in (1, 8192, 20000, -1, -8192, -32767):
            assert abs(_volts(code, range_v=range_v) * 100000 - code * nv) <= 50000, (range_v, code)


def test_ideal_codes():
    # Table 5: beyond the range the code is that of its end, which is no value.
    assert _volts(0) == 0
    assert _volts(0x4000) == 10240
    assert _volts(-0x4000) == -10240
    for code in (0x7FFF, 0x8000):
        assert _refused(Bus(code)), code


def test_config_register():
    # 9.6.3, and bit 3, the polarity of a comparator that is off.
    assert _config() == 0xC58B
    assert _config(in0=1) == 0x858B  # what a power-up says but for that bit: 0x8583
    assert _config(in0=3) == 0x958B
    assert _config(in1=3) == 0xA58B
    assert _config(in2=3) == 0xB58B
    assert _config(in0="gnd", range_v=2.048) == 0xC58B
    assert _config(in1="gnd", range_v=6.144) == 0xD18B
    assert _config(in2="gnd", range_v=4.096) == 0xE38B
    assert _config(in3="gnd", range_v=0.256, rate=860) == 0xFBEB
    assert _config(in3="gnd", range_v=1.024, rate=8) == 0xF70B


def test_what_a_dead_bus_says_is_refused():
    for state in (0, 0xFFFF, 0x8583):
        assert _refused(Bus(100, state)), state


def test_wrong_options_are_named():
    pairs = (("in0", 2), ("in0", 0), ("in1", 0), ("in3", 3), ("in2", "vdd"))
    for name, value in pairs + (("range_v", 5), ("range_v", 2), ("rate", 100)):
        try:
            ads1115.start(Bus(), {name: value})
        except ValueError as error:
            assert str(error) == name, (name, value)
        else:
            raise AssertionError("{} {} was taken".format(name, value))
    ads1115.start(Bus(), {"in1": None, "in0": None})
