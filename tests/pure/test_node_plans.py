"""How long to sleep, after what, in how many parts; and what a battery's voltage says."""

from node import backoff, plan, schedule
from node import state as states
from power import battery

HALF = 1 << 23


def test_the_interval_is_from_wake_to_wake():
    assert schedule.sleep_ms(900, 1200) == 898800
    assert schedule.sleep_ms(10, 12000) == 1000


def test_long_sleeps_are_made_of_parts_that_add_up():
    for total_s in (1, 60, 2100, 2101, 4200, 86400, 30 * 86400):
        limit_ms = 35 * 60 * 1000
        slept_ms, rest_s = schedule.parts(total_s * 1000, limit_ms)
        while rest_s:
            assert slept_ms <= total_s * 1000
            now_ms, rest_s = schedule.parts(rest_s * 1000, limit_ms)
            assert now_ms <= limit_ms
            slept_ms += now_ms
        assert slept_ms == total_s * 1000


def test_the_first_wake_uploads_and_then_one_in_every():
    assert [seq for seq in range(1, 14) if schedule.uploads(seq, 4)] == [1, 5, 9, 13]
    assert all(schedule.uploads(seq, 1) for seq in range(1, 9))


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
        UPLOAD_EVERY = 1

    for mv, stretched, uploads in ((3900, 0, True), (3590, states.STRETCHED, True), (3390, states.STRETCHED, False)):
        state = states.State()
        text = plan.battery(state, settings, mv)
        assert text.startswith('"battery":{"voltage_v":%d.%03d,"percent":' % (mv // 1000, mv % 1000))
        assert state.flags & states.STRETCHED == stretched
        assert plan.uploads(state, Config) == uploads
        assert bool(state.flags & states.UNFINISHED) == uploads
    state = states.State()
    assert plan.battery(state, None, None) == "" and plan.uploads(state, Config)
