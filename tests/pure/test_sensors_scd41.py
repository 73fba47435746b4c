"""sensors/scd41.py against numbers from outside: the worked examples of Sensirion's Datasheet SCD4x, version 1.3 (sections
3.5.2, 3.6.4 and 3.9.2), on a bus that knows nothing but bytes.
"""

import time

from sensors import scd41

if not hasattr(time, "sleep_us"):  # CPython
    time.sleep_us = lambda us: None

_EIO = 5
_EXAMPLE = b"\x01\xf4\x33\x66\x67\xa2\x5e\xb9\x3c"  # 500 ppm, 25 degrees, 37 percent (3.5.2)


class Bus:
    def __init__(self, answer=b"", refuse=()):
        self.answer = answer
        self.refuse = refuse
        self.written = []

    def i2c(self, options):
        return self

    def writeto(self, address, data):
        assert address == 0x62
        self.written.append(bytes(data))
        if bytes(data) in self.refuse:
            raise OSError(19)

    def readfrom(self, address, n):
        assert n == 9
        return self.answer


def _run(bus, options):
    waits = []
    ms, handle = scd41.start(bus, options)
    while True:
        waits.append(ms)
        found = scd41.read(handle)
        if not isinstance(found, int):
            return found, waits
        ms = found


def _refused(answer):
    try:
        _run(Bus(answer), {"sleep": False})
    except OSError as error:
        return error.args[0] == _EIO
    return False


def test_worked_example_of_read_measurement():
    bus = Bus(_EXAMPLE)
    assert _run(bus, {"sleep": False}) == ((500, 2500, 3700), [5001])
    assert bus.written == [b"\x21\x9d", b"\xec\x05"]


def test_asleep_it_is_woken_and_measures_twice():
    # wake_up is not acknowledged, awake or not (3.10.4).
    bus = Bus(_EXAMPLE, (b"\x36\xf6",))
    assert _run(bus, {})[1] == [21, 5001, 5001]
    assert bus.written == [b"\x36\xf6", b"\x21\x9d", b"\x21\x9d", b"\xec\x05"]


def test_worked_example_of_set_sensor_altitude():
    bus = Bus(_EXAMPLE)
    assert _run(bus, {"altitude_m": 1950, "sleep": False})[1] == [2, 5001]
    assert bus.written[0] == b"\x24\x27\x07\x9e\x09"


def test_worked_example_of_get_serial_number():
    bus = Bus(b"\xf8\x96\x31\x9f\x07\xc2\x3b\xbe\x89")
    assert scd41.probe(bus, {}) == 273325796834238
    assert bus.written == [b"\x36\x82"]


def test_every_flipped_bit_and_a_dead_bus_is_refused():
    for bit in range(72):
        bad = bytearray(_EXAMPLE)
        bad[bit // 8] ^= 1 << bit % 8
        assert _refused(bytes(bad)), bit
    assert _refused(bytes(9))
    assert _refused(b"\xff" * 9)


def test_ends_and_rounding_of_the_formulae():
    for word in range(0, 65536, 257):  # 65535 = 255 * 257: every 255th part of the whole
        data = word.to_bytes(2, "big")
        crc = scd41._crc(data)
        _, t, rh = _run(Bus((data + bytes((crc,))) * 3), {"sleep": False})[0]
        assert abs((t + 4500) * 65535 - 17500 * word) * 2 <= 65535, word
        assert abs(rh * 65535 - 10000 * word) * 2 <= 65535, word


def test_a_part_that_is_not_there_is_tried_for_a_second():
    bus = Bus(refuse=(b"\x36\xf6", b"\x21\x9d"))
    waited = 0
    try:
        ms, handle = scd41.start(bus, {})
        while True:
            waited += ms
            ms = scd41.read(handle)
    except OSError as error:
        assert error.args[0] == 19
    assert 1000 < waited < 1200


def test_wrong_options_are_named():
    for altitude in (-1, 3001):
        try:
            scd41.start(Bus(), {"altitude_m": altitude})
        except ValueError as error:
            assert str(error) == "altitude_m"
        else:
            raise AssertionError(altitude)
