"""sensors/battery.py and sensors/feather_light.py on a board whose ADC gives chosen millivolts."""

from sensors import battery, feather_light

_EIO = 5
_ENODEV = 19  # the same number on Linux and in MicroPython's mperrno.h


class Board:
    LIGHT = 4
    VBAT = (1, 2, 1)

    def __init__(self, *samples):
        self.samples = samples
        self.asked = []

    def adc_mv(self, pin):
        self.asked.append(pin)
        return self.samples[(len(self.asked) - 1) % len(self.samples)]


def _voltage(board, options):
    ms, handle = battery.start(board, options)
    assert ms == 0
    return battery.read(handle)


def _errno(call, *args):
    try:
        call(*args)
    except OSError as error:
        return error.args[0]
    return None


def test_two_equal_resistors():
    board = Board(1850)
    assert _voltage(board, {}) == (3700,)
    assert set(board.asked) == {1}


def test_options_take_another_pin_and_ratio():
    # A 1 MOhm / 220 kOhm divider: 667.25 mV at the pin are 3700.2 mV at the battery.
    board = Board(667, 667, 668, 667, 667, 667, 668, 668)
    assert _voltage(board, {"pin": 0, "ratio": (1220, 220)}) == (3700,)
    assert set(board.asked) == {0}


def test_spikes_do_not_count():
    assert _voltage(Board(1850, 1850, 3300, 1850, 1850, 0, 1850, 1850), {}) == (3700,)


def test_impossible_voltages_are_errors():
    for at_pin, fine in ((0, False), (749, False), (750, True), (3000, True), (3001, False)):
        _, handle = battery.start(Board(at_pin), {})
        assert _errno(battery.read, handle) == (None if fine else _EIO), at_pin


def test_no_battery_pin():
    board = Board(1850)
    board.VBAT = None
    assert _errno(battery.start, board, {}) == _ENODEV
    assert _voltage(board, {"pin": 7, "ratio": (2, 1)}) == (3700,)


def test_measured_when_started():
    # Under the radio's load a battery shows less: read() must not touch the pin again.
    board = Board(1850)
    _, handle = battery.start(board, {})
    asked = len(board.asked)
    battery.read(handle)
    assert len(board.asked) == asked


def test_light_is_the_mean():
    board = Board(100, 300)
    ms, handle = feather_light.start(board, {})
    assert (ms, feather_light.read(handle)) == (0, (200,))
    assert set(board.asked) == {4}


def test_light_at_pin_0_and_nowhere():
    board = Board(5)
    board.LIGHT = 0
    assert feather_light.read(feather_light.start(board, {})[1]) == (5,)
    board.LIGHT = None
    assert _errno(feather_light.start, board, {}) == _ENODEV


def test_fields_carry_their_unit():
    assert battery.FIELDS == (("voltage_v", 3),)
    assert feather_light.FIELDS == (("light_mv", 0),)
