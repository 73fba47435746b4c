"""How long to sleep, after what, in how many parts; and what a battery's voltage says."""

from node import backoff, plan, schedule
from node import state as states
from power import battery
from power.retained import check

HALF = 1 << 23


def test_the_interval_is_from_wake_to_wake():
    assert schedule.sleep_ms(900, 1200) == 898800
    assert schedule.sleep_ms(10, 12000) == 1000


def test_slots_are_at_the_hours_of_utc_and_count_from_1970_when_a_day_is_no_multiple():
    noon = 1795176000000  # 2026-11-21 12:00:00 UTC
    for interval_s in (60, 900, 3600, 7200, 43200):
        assert schedule.slot_ms(noon, noon + 2000, interval_s, 0) == noon + interval_s * 1000
    assert schedule.slot_ms(noon - 1, noon + 2000, 86400, 0) == noon + 12 * 3600 * 1000
    for interval_s in (7 * 60, 1000, 86401, 30 * 86400):
        assert schedule.slot_ms(noon, noon, interval_s, 0) % (interval_s * 1000) == 0
        assert schedule.slot_ms(noon, noon, interval_s, 123) % (interval_s * 1000) == 123


def test_a_wake_that_came_early_or_late_is_followed_by_the_next_slot():
    slot = 1795176000000 + 77000
    for early_ms in (449000, 45000, 1, 0, -1, -45000, -449000):
        began = slot - early_ms
        assert schedule.slot_ms(began, began + 2000, 900, 77000) == slot + 900000
    # Awake for longer than the interval: the slots that are over are left out, and a second is left to fall asleep.
    assert schedule.slot_ms(slot, slot + 900001, 900, 77000) == slot + 2 * 900000
    assert schedule.slot_ms(slot, slot + 899001, 900, 77000) == slot + 2 * 900000
    assert schedule.slot_ms(slot, slot + 899000, 900, 77000) == slot + 900000


def test_a_fleet_spreads_evenly_over_its_interval_but_no_more_than_a_quarter_of_an_hour():
    marks = [int.from_bytes(check(b"chip", bytes([i])), "little") for i in range(200)]
    for interval_s in (10, 300, 900, 3600, 86400):
        most = min(interval_s, 900) * 1000
        offsets = [schedule.offset_ms(mark, interval_s) for mark in marks]
        assert 0 <= min(offsets) and max(offsets) < most
        for tenth in range(10):
            assert 7 <= len([1 for offset in offsets if tenth == offset * 10 // most]) <= 36, (interval_s, tenth)
    assert schedule.offset_ms(0xFFFFFFFF, 900) == 899999 and schedule.offset_ms(0, 900) == 0


def test_long_sleeps_are_made_of_parts_that_add_up():
    limit_ms = 35 * 60 * 1000
    for total_ms in (1000, 60001, 2100000, 2100001, 2101000, 4200999, 86400000, 30 * 86400000):
        slept_ms, rest_s = schedule.parts(total_ms, limit_ms)
        parts = 1
        while rest_s:
            now_ms, rest_s = schedule.parts(rest_s * 1000, limit_ms)
            assert 0 < now_ms <= limit_ms
            slept_ms += now_ms
            parts += 1
        assert slept_ms == total_ms
        assert parts <= total_ms // 2099000 + 1


def test_the_first_wake_uploads_and_then_one_in_every():
    class Config:
        WAKE_PIN = None
        UPLOAD_EVERY = 4

    state = states.State()
    wakes = []
    for state.seq in range(13):
        wakes.append(plan.uploads(state, Config, 0))
    assert wakes == ([True] + [False] * 3) * 3 + [True]
    Config.UPLOAD_EVERY = 1
    assert plan.uploads(state, Config, 0)


def test_success_adds_nothing():
    assert backoff.extra_s(0, 0, 900, HALF) == 0


def test_backoff_doubles_with_jitter_up_to_a_cap():
    assert backoff.extra_s(backoff.NETWORK, 1, 60, HALF) == 60
    assert backoff.extra_s(backoff.NETWORK, 2, 60, HALF) == 120
    assert backoff.extra_s(backoff.NETWORK, 1, 60, 0) == 0
    for fails in (10, 100, 255):
        assert backoff.extra_s(backoff.NETWORK, fails, 900, (1 << 24) - 1) == 7199


def test_a_wrong_configuration_sleeps_for_hours():
    assert backoff.extra_s(backoff.kind_of(5), 1, 900, 0) == 6 * 3600


def test_throttled_sleeps_a_minute_or_more_and_banned_an_hour():
    assert backoff.kind_of(6) == backoff.THROTTLED and backoff.kind_of(7) == backoff.BANNED
    assert 10 + backoff.extra_s(backoff.THROTTLED, 1, 10, 0) == 120
    assert 10 + backoff.extra_s(backoff.BANNED, 1, 10, 0) == 3600
    assert backoff.extra_s(backoff.BANNED, 1, 7200, 0) == 0


def test_percent_falls_with_the_voltage():
    for kind, full, empty in (("lipo", 4200, 3000), ("lifepo4", 3600, 2500), ("2xaa", 3200, 1700), ("3xaa", 4800, 2500)):
        last = 100
        assert battery.percent(kind, full) == 100 and battery.percent(kind, empty) == 0
        for mv in range(full, empty, -10):
            now = battery.percent(kind, mv)
            assert 0 <= now <= last, (kind, mv)
            last = now


def test_an_unknown_voltage_never_silences_the_node():
    limits = {"stop_below_v": 3.4, "stretch_below_v": None}
    assert not battery.below(limits, "stop_below_v", None)
    assert battery.below(limits, "stop_below_v", 3399)
    assert not battery.below(limits, "stop_below_v", 3400)
    assert not battery.below(limits, "stretch_below_v", 100)
    assert not battery.below(None, "stop_below_v", 100)


def test_a_low_battery_stretches_and_an_empty_one_stops_the_radio():
    settings = {"type": "lipo", "stretch_below_v": 3.6, "stop_below_v": 3.4}

    class Config:
        WAKE_PIN = None
        UPLOAD_EVERY = 1

    for mv, stretched, uploads in ((3900, 0, True), (3590, states.STRETCHED, True), (3390, states.STRETCHED, False)):
        state = states.State()
        text = plan.battery(state, settings, mv)
        assert text.startswith('"battery":{"voltage_v":%d.%03d,"percent":' % (mv // 1000, mv % 1000))
        assert state.flags & states.STRETCHED == stretched
        assert bool(plan.uploads(state, Config, 0)) == uploads
        assert bool(state.flags & states.UNFINISHED) == uploads
    state = states.State()
    assert plan.battery(state, None, None) == "" and plan.uploads(state, Config, 0)


def test_a_wake_that_never_planned_its_sleep_voids_what_was_measured():
    class Config:
        WAKE_PIN = None
        UPLOAD_EVERY = 1

    for flags, slept_ms in ((states.TIMED, 1000), (0, 0xFFFFFFFF)):
        state = states.State()
        state.slept_ms = 1000
        state.flags = flags
        assert plan.uploads(state, Config, 0)
        assert state.slept_ms == slept_ms and not state.flags & states.TIMED


def test_a_cell_at_its_limit_does_not_flap():
    settings = {"type": "lipo", "stretch_below_v": 3.6, "stop_below_v": 3.4}
    state = states.State()
    for mv, word in (
        (3600, None), (3599, "stretched"), (3649, "stretched"), (3650, None), (3610, None), (3399, "stopped"),
        (3449, "stopped"), (3450, "stretched"),
        (3400, "stretched"), (3650, None), (3399, "stopped"), (None, None), (3449, "stretched"),
    ):  # fmt: skip
        text = plan.battery(state, settings, mv)
        assert ('"state":"%s"' % word in text) if word else ("state" not in text), mv
        assert bool(state.flags & states.EMPTY) == (word == "stopped"), mv
        assert bool(state.flags & states.STRETCHED) == (word is not None), mv


def test_a_pin_uploads_at_once_but_not_against_backoff_battery_or_broker():
    class Config:
        WAKE_PIN = {"pin": 5}
        UPLOAD_EVERY = 96

    event, owed = 4, 16  # node.pin's marks
    for marks, fails, flags, wait_s, wanted in (
        (0, 0, 0, 0, False), (event, 0, 0, 0, True), (owed, 0, 0, 0, True), (event | owed, 0, 0, 0, True),
        (event, 1, 0, 0, None), (owed, 1, 0, 0, True),  # the timer's wake: backoff has lengthened its sleep
        (event, 0, states.EMPTY, 0, None), (owed, 0, states.EMPTY, 0, None), (event, 0, 0, 60, None), (0, 0, 0, 60, None),
        (event, 0, 0, 86400, True),  # a clock that was set back
    ):  # fmt: skip
        state = states.State()
        state.seq, state.fails, state.flags = 5, fails, flags
        state.news[-1] = marks
        state.not_before = 1000 + wait_s if wait_s else 0
        assert plan.uploads(state, Config, 1000) is wanted, (marks, fails, flags, wait_s)
        assert bool(state.flags & states.UNFINISHED) == bool(wanted)
    state = states.State()
    state.seq, state.hung, state.news[-1] = 5, 1, event
    assert plan.uploads(state, Config, 0) is None
    Config.WAKE_PIN = None  # what a pin left in memory is nobody's then
    state = states.State()
    state.seq = 5
    state.news[-1] = event | owed
    assert plan.uploads(state, Config, 0) is False
