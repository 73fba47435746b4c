"""sensors/dht22.py against Aosong's examples. AM2320 product manual, page 22, whose single bus is the AM2302's: 65.8 %RH and
26.9 C, -10.1 C, and the answer whose parity is wrong; older datasheet of the AM2302: 65.2 %RH and 35.1 C.
"""

from wirekit import Module, load, said

_EIO = 5
_ETIMEDOUT = 110
_GOOD = bytes((0b00000010, 0b10010010, 0b00000001, 0b00001101, 0b10100010))


class Pin:
    OPEN_DRAIN = 7
    log = []

    def __init__(self, pin):
        self.pin = pin

    def init(self, mode, value):
        self.log.append(("init", mode, value))

    def value(self, level):
        self.log.append(("value", level))


class Time:
    now = 1 << 29

    def ticks_ms(self):
        return self.now

    def ticks_diff(self, a, b):
        return a - b

    def sleep_us(self, us):
        Pin.log.append(("low", us))


pulses = []  # what time_pulse_us() gives
answers = []  # what dht_readinto() gives


def _readinto(pin, data):
    answer = answers.pop(0)
    if answer is None:
        raise OSError(_ETIMEDOUT)
    data[:] = answer


_time = Time()
_machine = Module(Pin=Pin, time_pulse_us=lambda pin, level, most_us: pulses.pop(0))
dht22 = load("dht22", machine=_machine, dht=Module(dht_readinto=_readinto))
dht22.time = _time


def _begin(asked, said_then, **options):
    pulses[:], answers[:] = asked, said_then
    del Pin.log[:]
    dht22._last.clear()
    return dht22.start(None, dict({"pin": 5}, **options))


def test_examples_of_the_manual():
    assert dht22.decode(_GOOD) == (269, 658)
    assert dht22.decode(bytes((0x02, 0x92, 0x80, 0x65, 0x79))) == (-101, 658)
    assert dht22.decode(bytes((0b00000010, 0b10001100, 0b00000001, 0b01011111, 0b11101110))) == (351, 652)


def test_wrong_parity_of_the_manual():
    assert said(dht22.decode, _GOOD[:4] + b"\xb2") == (OSError, _EIO)


def test_every_flipped_bit_and_length_is_refused():
    for bit in range(40):
        bad = bytearray(_GOOD)
        bad[bit // 8] ^= 1 << bit % 8
        assert said(dht22.decode, bad) == (OSError, _EIO), bit
    for length in (0, 4, 6):
        assert said(dht22.decode, (_GOOD + b"\x00")[:length]) == (OSError, _EIO)


def test_zeros_are_no_weather():
    assert said(dht22.decode, bytes(5)) == (OSError, _EIO)
    assert dht22.decode(b"\x00\x01\x00\x00\x01") == (0, 1)


def test_all_temperatures():
    for tenths in range(-400, 801):
        word = abs(tenths) | (0x8000 if tenths < 0 else 0)
        data = bytes((1, 2, word >> 8, word & 0xFF))
        assert dht22.decode(data + bytes((sum(data) & 0xFF,))) == (tenths, 258)


def test_asks_waits_two_seconds_and_reads():
    ms, handle = _begin([80], [_GOOD])
    # Low for 0.8 to 20 ms; the firmware's 250 ms of high line belong to the two seconds.
    assert Pin.log == [("init", Pin.OPEN_DRAIN, 0), ("low", 1100), ("value", 1)]
    assert 2000 < ms + 250 < 2050
    assert dht22.read(handle) == (269, 658)


def test_one_that_did_not_answer_is_read_twice():
    ms, handle = _begin([-2], [b"\x00\x00\x00\x10\x10", _GOOD])
    assert 2000 < ms + 250 < 2050
    again = dht22.read(handle)  # what it says now may be old
    assert isinstance(again, int) and 2000 < again + 250 < 2050
    assert dht22.read(handle) == (269, 658)


def test_nobody():
    _, handle = _begin([-2], [None])
    assert said(dht22.read, handle) == (OSError, _ETIMEDOUT)


def test_a_line_held_low_is_named_at_once():
    assert said(_begin, [-1], []) == (OSError, _EIO)


def test_one_that_was_just_switched_on_is_not_asked():
    for options in ({"switched": True}, {"supply": 4}):
        ms, handle = _begin([], [_GOOD], **options)
        assert not Pin.log
        assert 2000 < ms + 250 < 2050
        assert dht22.read(handle) == (269, 658)


def test_the_next_sample_is_what_it_measured_after_the_last():
    _, handle = _begin([80], [_GOOD, _GOOD])
    dht22.read(handle)
    _time.now += 300
    del Pin.log[:]
    ms, handle = dht22.start(None, {"pin": 5})
    assert not Pin.log
    assert 2000 < ms + 300 + 250 < 2050
    assert dht22.read(handle) == (269, 658)
    # Long after, that measurement is old.
    _time.now += 60000
    pulses[:] = [80]
    ms, handle = dht22.start(None, {"pin": 5, "switched": True})
    assert Pin.log and handle[2] and 2000 < ms + 250 < 2050


def test_two_parts_do_not_mix():
    _, handle = _begin([80], [_GOOD])
    dht22.read(handle)
    del Pin.log[:]
    pulses[:] = [80]
    assert dht22.start(None, {"pin": 6})[0] == 1770
    assert Pin.log


def test_wrong_checksum_is_an_error():
    _, handle = _begin([80], [_GOOD[:4] + b"\xb2"])
    assert said(dht22.read, handle) == (OSError, _EIO)


def test_the_pin_must_be_named():
    assert said(dht22.start, None, {}) == (ValueError, "pin")
