"""sensors/adc.py, soil.py, pulse.py and chip.py on made-up hardware. Chip: the factory points of the datasheets named there."""

import sys

from sensors import adc, chip, soil

_EIO = 5
_ENODEV = 19


class Board:
    CHIP = None

    def __init__(self, *samples):
        self.samples = samples
        self.asked = []

    def adc_mv(self, pin):
        self.asked.append(pin)
        return self.samples[(len(self.asked) - 1) % len(self.samples)]


def _said(call, *args):
    try:
        return call(*args)
    except (OSError, ValueError) as error:
        return type(error), error.args[0]


def _adc(board, **options):
    ms, handle = adc.start(board, options)
    assert ms == 0 and not board.asked
    return adc.read(handle)


def test_voltage_is_the_mean_times_the_divider():
    board = Board(1000, 1001)
    assert _adc(board, pin=7) == (1001,)  # 1000.5
    assert set(board.asked) == {7}
    assert _adc(Board(1650), pin="X5", ratio=(2, 1)) == (3300,)
    # 1 MOhm over 220 kOhm on an ESP8266: 667.25 mV are 3700.2 mV.
    assert _adc(Board(667, 667, 668, 667), pin=0, ratio=(1220, 220)) == (3700,)
    assert _adc(Board(0), pin=0, ratio=(10000, 1)) == (0,)


def test_the_pin_must_be_named():
    assert _said(adc.start, Board(1), {}) == (ValueError, "pin")


def _soil(mv, **options):
    _, handle = soil.start(Board(mv), dict({"pin": 5, "dry_mv": 2500, "wet_mv": 1200}, **options))
    return _said(soil.read, handle)


def test_soil_between_its_points():
    assert _soil(2500) == (0,)
    assert _soil(1200) == (100,)
    assert _soil(1850) == (50,)
    assert _soil(2181) == (25,)  # 24.54: rounded
    assert _soil(2190) == (24,)  # 23.85


def test_soil_beyond_its_points_is_as_dry_or_wet_as_can_be():
    assert _soil(2501) == (0,)
    assert _soil(2890) == (0,)  # 390 mV, 30 % of 1300
    assert _soil(810) == (100,)


def test_soil_far_beyond_is_no_soil():
    for mv in (2891, 809, 0, 3300):
        assert _soil(mv) == (OSError, _EIO), mv


def test_soil_with_the_wet_point_above():
    assert soil.percent(600, 400, 800) == 50
    assert soil.percent(800, 400, 800) == 100
    assert soil.percent(390, 400, 800) == 0
    assert _said(soil.percent, 279, 400, 800) == (OSError, _EIO)
    assert _said(soil.percent, 921, 400, 800) == (OSError, _EIO)


def test_soil_needs_all_options_and_two_points():
    whole = {"pin": 5, "dry_mv": 2500, "wet_mv": 1200}
    for option in whole:
        some = dict(whole)
        del some[option]
        assert _said(soil.start, Board(1), some) == (ValueError, option)
    assert _said(soil.start, Board(1), dict(whole, wet_mv=2500)) == (ValueError, "wet_mv")


class Machine:
    """machine as far as pulse.py uses it, and time; edges come when the test says so."""

    class Pin:
        IN = 1
        PULL_UP = 2
        IRQ_RISING = 1
        IRQ_FALLING = 2
        made = []

        def __init__(self, *args):
            self.args = args
            self.handler = self.trigger = None
            Machine.Pin.made.append(self)

        def irq(self, handler=None, trigger=3):
            self.handler = handler
            self.trigger = trigger

    now = 0

    @staticmethod
    def ticks_ms():
        return Machine.now & 0x3FFFFFFF

    @staticmethod
    def ticks_add(ticks, ms):
        return ticks + ms & 0x3FFFFFFF

    @staticmethod
    def ticks_diff(a, b):
        return (a - b + 0x20000000 & 0x3FFFFFFF) - 0x20000000


def _pulse():
    # The driver itself, with other hardware.
    before = sys.modules.get("machine")
    sys.modules["machine"] = Machine
    try:
        from sensors import pulse
    finally:
        if before is None:
            del sys.modules["machine"]
        else:
            sys.modules["machine"] = before
    pulse.machine = pulse.time = Machine
    return pulse


def _count(options, *edges, window_ms=1000, began=0x3FFFFF00):
    """What it reads when edges come at these milliseconds: the ticks wrap in between."""
    pulse = _pulse()
    Machine.now = began
    ms, handle = pulse.start(None, dict({"pin": 5}, **options))
    assert ms == window_ms
    pin = Machine.Pin.made[-1]
    for at in edges:
        Machine.now = began + at
        if pin.handler:
            pin.handler(pin)
    Machine.now = began + window_ms
    result = pulse.read(handle)
    assert pin.handler is None
    return result


def test_pulses_in_a_second():
    assert _count({}) == (0, 0)
    assert _count({}, 0, 100, 999) == (300, 3)
    assert _count({}, *range(0, 1000, 8)) == (12500, 125)


def test_pulses_in_another_window():
    assert _count({"window_ms": 250}, 10, 20, window_ms=250) == (800, 2)
    assert _count({"window_ms": 10000}, 10, 20, 30, window_ms=10000) == (30, 3)


def test_what_lasts_longer_than_the_window_counts_longer():
    # Another sensor was slower: edges went on, and so did the time.
    pulse = _pulse()
    Machine.now = 5
    _, handle = pulse.start(None, {"pin": 5})
    for _ in range(10):
        Machine.now += 200
        Machine.Pin.made[-1].handler(None)
    assert pulse.read(handle) == (500, 10)


def test_bouncing_does_not_count():
    bouncing = (0, 1, 3, 4, 100, 101, 104, 250)
    assert _count({}, *bouncing) == (800, 8)
    assert _count({"debounce_ms": 5}, *bouncing) == (300, 3)
    assert _count({"debounce_ms": 4}, *bouncing) == (500, 5)  # as long after as debounce_ms is a pulse again


def test_edge_and_pull():
    _count({"pin": "X5"})
    assert Machine.Pin.made[-1].args == ("X5", 1, 2)
    pulse = _pulse()
    for options, trigger, pull in (({}, 2, 2), ({"edge": "rising", "pull": "none"}, 1, None)):
        _, handle = pulse.start(None, dict({"pin": 5}, **options))
        pin = Machine.Pin.made[-1]
        assert pin.trigger == trigger and pin.args[2] == pull
        pulse.off(None, handle)
        assert pin.handler is None


def test_wrong_options_are_named():
    pulse = _pulse()
    made = len(Machine.Pin.made)
    for option, value in (
        ("window_ms", 9),
        ("window_ms", 10001),
        ("debounce_ms", -1),
        ("debounce_ms", 1001),
        ("edge", "both"),
        ("pull", "down"),
    ):
        assert _said(pulse.start, None, {"pin": 5, option: value}) == (ValueError, option)
    assert _said(pulse.start, None, {}) == (ValueError, "pin")
    assert len(Machine.Pin.made) == made  # no pin was touched


class Chip:
    """Stands for the modules esp32, pyb and machine."""

    def __init__(self, value):
        self.value = value

    def mcu_temperature(self):
        return self.value

    raw_temperature = mcu_temperature

    def ADCAll(self, bits, mask):
        assert (bits, mask) == (12, 0x70000)
        self.supply_known = False
        return self

    def read_vref(self):
        self.supply_known = True
        return 3.3

    def read_core_temp(self):
        assert self.supply_known
        return self.value

    def ADC(self, channel):
        assert channel == 4
        return self

    def read_u16(self):
        return self.value


def _chip(kind, module, value):
    board = Board(0)
    board.CHIP = kind
    before = sys.modules.get(module)
    sys.modules[module] = Chip(value)
    try:
        return _said(chip.read, chip.start(board, {})[1])
    finally:
        del sys.modules[module]
        if before:
            sys.modules[module] = before


def test_chips():
    assert _chip("mcu_temperature", "esp32", 31) == (31,)
    assert _chip("mcu_temperature", "esp32", -9) == (-9,)
    assert _chip("raw_temperature", "esp32", 212) == (100,)
    assert _chip("raw_temperature", "esp32", 90) == (32,)
    assert _chip("raw_temperature", "esp32", 14) == (-10,)
    assert _chip("core", "pyb", 29.6) == (30,)


def test_rp2_by_its_datasheets_line():
    # RP2040 Datasheet 4.9.5: 0.706 V at 27 C, -1.721 mV for a degree; counted in 16 bits of 3.3 V.
    for celsius in (-20, 0, 27, 60, 85):
        counts = int((0.706 - (celsius - 27) * 0.001721) / 3.3 * 65535 + 0.5)
        assert abs(_chip("rp2", "machine", counts)[0] - celsius) <= 1, celsius
    assert _chip("rp2", "machine", 14037) == (27,)  # 706.8 mV


def test_an_esp32_that_says_128_says_nothing():
    assert _chip("raw_temperature", "esp32", 128) == (OSError, _EIO)


def test_a_chip_without_a_thermometer():
    assert _said(chip.start, Board(0), {}) == (OSError, _ENODEV)


def test_fields_carry_their_unit():
    assert adc.FIELDS == (("voltage_v", 3),)
    assert soil.FIELDS == (("moisture_pct", 0),)
    assert _pulse().FIELDS == (("frequency_hz", 2), ("count", 0))
    assert chip.FIELDS == (("temperature_c", 0),)
