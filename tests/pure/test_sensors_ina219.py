"""sensors/ina219.py against numbers from outside: the example circuit of TI's datasheet SBOS448G (section 9.2.2.1, table 8),
and its configuration register (section 8.6.2.1), on a bus that knows nothing but registers.
"""

from sensors import ina219

_EIO = 5


class Bus:
    def __init__(self, shunt=0, volts=2):
        self.registers = [0x399F, shunt & 0xFFFF, volts]

    def i2c(self, options):
        return self

    def writeto_mem(self, address, register, data):
        assert register == 0
        assert len(data) == 2
        self.registers[0] = int.from_bytes(data, "big")

    def readfrom_mem(self, address, register, n):
        assert n == 2
        return self.registers[register].to_bytes(2, "big")


def _read(shunt, volts, **options):
    _, handle = ina219.start(Bus(shunt, volts), options)
    return ina219.read(handle)


def _config(**options):
    bus = Bus()
    ina219.start(bus, options)
    return bus.registers[0]


def test_example_circuit_of_the_datasheet():
    # 20 mV on 2 mOhm: 10 A; 5D98h: 11.98 V. CNVR is set by then.
    assert _read(0x07D0, 0x5D98 | 2, shunt_milliohm=2) == (11980, 1000000)
    assert _read(-0x07D0, 0x5D98 | 2, shunt_milliohm=2) == (11980, -1000000)


def test_shunt_voltage_register():
    # Tables 6 and 7: 320 mV is 7D00h, -320 mV is 8300h; 1 is 10 uV.
    assert _read(0x7CFF, 2) == (0, 319990)
    assert _read(1, 2) == (0, 10)
    assert _read(0xFFFF, 2) == (0, -10)
    ends = ((0x7D00, 320), (0x8300, 320), (0x3E80, 160), (0xC180, 160), (0x1F40, 80), (0x0FA0, 40), (0xF060, 40))
    for shunt, range_mv in ends:
        try:
            _read(shunt, 2, range_mv=range_mv)
        except OSError as error:
            assert error.args[0] == _EIO
        else:
            raise AssertionError((shunt, range_mv))


def test_rounds_to_nearest():
    for shunt in range(-31999, 32000, 613):
        for milliohm in (1, 3, 10, 75, 100, 1000, 100000):
            _, centi_ma = _read(shunt, 2, shunt_milliohm=milliohm)
            assert abs(2 * (centi_ma * milliohm - 1000 * shunt)) <= milliohm, (shunt, milliohm)


def test_bus_voltage_register():
    # 8.6.3.2: 1F40h, shifted by three, is 32 V; without CNVR there is no value yet, with OVF none at all.
    assert _read(0, 0x1F40 << 3 | 2) == (32000, 0)
    assert _read(0, 1 << 3 | 2) == (4, 0)
    assert _read(0, 0x5D98) == 1
    try:
        _read(0, 0x5D98 | 3)
    except OSError as error:
        assert error.args[0] == _EIO
    else:
        raise AssertionError("overflow was taken")


def test_configuration_register():
    # 8.6.2.1: 32 V, PGA, 12 bits and samples, triggered; the default of a power-up is 399Fh.
    assert _config() == 0x3C43
    assert _config(range_mv=40, average=128) == 0x27FB
    assert _config(range_mv=80) == 0x2C43
    assert _config(range_mv=160, average=2) == 0x34CB


def test_off_is_power_down():
    bus = Bus()
    _, handle = ina219.start(bus, {})
    ina219.off(None, handle)
    assert bus.registers[0] == 0x3C40


def test_wrong_options_are_named():
    for name, value in (
        ("address", 0x3F), ("address", 0x50), ("shunt_milliohm", 0), ("range_mv", 100), ("average", 3), ("average", 256),
    ):  # fmt: skip
        try:
            ina219.start(Bus(), {name: value})
        except ValueError as error:
            assert str(error) == name
        else:
            raise AssertionError("{} {} was taken".format(name, value))
