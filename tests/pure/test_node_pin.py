"""WAKE_PIN's arithmetic: edges, gaps and the rest of a sleep."""

import struct

from node import pin

TIMED = 32  # node.state
EVENT = 4


class Wake:
    """A board's pin that can end its sleep: what it was, and what was asked of it."""

    def __init__(self):
        self.at = 0
        self.was = False
        self.armed = []

    def level(self, name):
        return self.at

    def woke(self, name):
        return self.was

    def arm(self, name, level):
        self.armed.append((name, level))


class Board:
    NAME = "somebody"
    WAKE_PINS = (5, 6)

    def __init__(self):
        self.pin = Wake()

    def wake(self):
        return self.pin


class State:
    def __init__(self):
        self.news = bytearray(25)
        self.flags = TIMED
        self.remaining_s = self.slept_ms = self.lag_ms = self.drift = 0


class Memory:
    def __init__(self, **settings):
        self.state = State()
        self.pin = {"pin": 5}
        self.pin.update(settings)


def woke(memory, board, level, by_pin, now_s=0, asleep=True):
    """One wake: whether it is for the pin."""
    board.pin.at, board.pin.was = level, by_pin
    pin.woke(memory, board, asleep, now_s)
    return bool(memory.state.news[24] & EVENT)


def count(memory):
    return struct.unpack_from("<I", memory.state.news, 16)[0]


def test_edges_are_counted_by_direction():
    # (edge, seen before, level now, woken by the pin): what is certain to have happened.
    for edge, seen, now, by_pin, edges in (
        ("both", 0, 1, True, 1), ("both", 1, 0, True, 1), ("both", 0, 0, True, 2), ("both", 1, 1, True, 2),
        ("both", 0, 1, False, 1), ("both", 0, 0, False, 0), ("both", 1, 1, False, 0),
        ("rising", 0, 1, True, 1), ("rising", 0, 0, True, 1), ("rising", 1, 0, True, 0), ("rising", 1, 1, True, 1),
        ("rising", 1, 0, False, 0), ("rising", 0, 1, False, 1),
        ("falling", 0, 1, True, 0), ("falling", 0, 0, True, 1), ("falling", 1, 0, True, 1), ("falling", 1, 1, True, 1),
        ("falling", 0, 1, False, 0), ("falling", 1, 0, False, 1),
    ):  # fmt: skip
        memory, board = Memory(edge=edge), Board()
        assert not woke(memory, board, seen, False, asleep=False)
        assert woke(memory, board, now, by_pin) == bool(edges), (edge, seen, now, by_pin)
        assert count(memory) == edges, (edge, seen, now, by_pin)
        assert pin.text(memory.state).endswith('"pin":{"count":%d,"level":%d}' % (edges, now))
        assert ('"wake":"pin"' in pin.text(memory.state)) == bool(edges)


def test_a_first_boot_has_no_event_whatever_the_level():
    for level in (0, 1):
        for asleep in (False, True):
            memory, board = Memory(), Board()
            assert not woke(memory, board, level, True, asleep=asleep)
            assert count(memory) == 0


def test_what_happened_before_a_reset_is_counted_and_is_no_wake_of_its_own():
    memory, board = Memory(), Board()
    woke(memory, board, 0, False)
    assert not woke(memory, board, 1, False, asleep=False)
    assert count(memory) == 1


def test_the_pin_is_armed_for_the_other_level_but_not_before_its_gap_is_over():
    memory, board = Memory(min_gap_s=30), Board()
    woke(memory, board, 0, False)
    assert pin.limit_ms(memory, 900000) == 900000
    pin.arm(memory, board, 900)
    assert board.pin.armed == [(5, 1)]
    assert woke(memory, board, 1, True, 100)
    assert pin.limit_ms(memory, 900000) == 31000 and pin.limit_ms(memory, 20000) == 20000
    pin.arm(memory, board, 130)
    assert board.pin.armed == [(5, 1)]
    memory.state.remaining_s = 770
    assert not woke(memory, board, 1, False, 130)  # the timer's: the gap is over
    assert memory.state.remaining_s == 770 and pin.limit_ms(memory, 900000) == 900000
    pin.arm(memory, board, 900)
    assert board.pin.armed == [(5, 1), (5, 0)]


def test_a_release_that_nobody_asked_for_costs_a_look_and_a_gap():
    memory, board = Memory(edge="rising"), Board()
    woke(memory, board, 1, False)
    pin.arm(memory, board, 900)
    assert not woke(memory, board, 0, True, 300)
    # No reading: the sleep goes on, unarmed for the gap.
    assert memory.state.remaining_s == 600 and pin.limit_ms(memory, 900000) == 11000
    assert pin.left_ms(memory.state, False, 100) == 0


def test_the_rest_of_the_sleep_is_kept():
    memory, board = Memory(), Board()
    state = memory.state
    woke(memory, board, 0, False)
    pin.arm(memory, board, 1900)
    state.remaining_s = 50  # and another part behind this one
    state.slept_ms = 900000
    assert woke(memory, board, 1, True, 1200)
    assert state.remaining_s == 0  # this wake measures
    assert pin.left_ms(state, True, 2500) == 747500
    assert state.slept_ms == 200000
    # One that is nearly over, or whose end nobody planned.
    for due_s, flags in ((1201, TIMED), (5000, 0)):
        memory, board = Memory(), Board()
        woke(memory, board, 0, False)
        pin.arm(memory, board, due_s)
        memory.state.flags = flags
        assert woke(memory, board, 1, True, 1200)
        assert pin.left_ms(memory.state, True, 2500) == 0


def test_what_was_planned_with_a_wrong_clock_is_taken_back_in_the_same_measure():
    memory, board = Memory(), Board()
    state = memory.state
    state.drift = 13107  # of 2**-18: the sleep clock is slow, a sleep lasts 5 % longer
    woke(memory, board, 0, False)
    pin.arm(memory, board, 100)
    state.slept_ms, state.lag_ms = 100000, 4999
    state.lag_ms = 900
    woke(memory, board, 1, True, 90)
    assert state.slept_ms == 90000
    assert state.lag_ms == 900 - (10000 * 13107 >> 18) and pin.left_ms(state, True, 0) == 10000
    state.slept_ms = 0xFFFFFFFF
    pin.arm(memory, board, 100)
    woke(memory, board, 0, True, 90)
    assert state.slept_ms == 0xFFFFFFFF  # void stays void


def test_an_event_is_owed_until_its_record_is_delivered():
    memory, board = Memory(), Board()
    state = memory.state
    woke(memory, board, 0, False)
    woke(memory, board, 1, True)
    assert state.news[24] & 16 == 0
    pin.left_ms(state, False, 0)
    assert state.news[24] & 16
    woke(memory, board, 1, False)  # the next timer wake still knows
    assert state.news[24] & 16 and not state.news[24] & EVENT
    pin.left_ms(state, False, 0)
    assert state.news[24] & 16
    pin.left_ms(state, True, 0)
    assert not state.news[24] & 16


def test_a_pin_that_cannot_is_named_with_those_that_can():
    memory = Memory()
    memory.pin = {"pin": 4}
    try:
        pin.woke(memory, Board(), False, 0)
    except ValueError as error:
        assert str(error) == "config.py: WAKE_PIN pin 4 does not end somebody's sleep; allowed: 5, 6"
    else:
        raise AssertionError
    Board.WAKE_PINS = ()
    try:
        pin.woke(memory, Board(), False, 0)
    except ValueError as error:
        assert str(error).endswith("allowed: none")
    else:
        raise AssertionError
    finally:
        Board.WAKE_PINS = (5, 6)


def test_a_full_count_begins_again():
    memory, board = Memory(), Board()
    woke(memory, board, 0, False)
    struct.pack_into("<I", memory.state.news, 16, 0xFFFFFFFF)
    woke(memory, board, 0, True)
    assert count(memory) == 1


def test_the_fields_of_another_part_are_left_alone():
    memory, board = Memory(), Board()
    memory.state.news[:16] = bytes(range(16))
    for level in (0, 1, 0):
        woke(memory, board, level, True)
        pin.left_ms(memory.state, False, 0)
        pin.arm(memory, board, 77)
    assert bytes(memory.state.news[:16]) == bytes(range(16))
