"""Sleeps by a clock that is wrong: learned from time fixes, never woken twice for one slot (issue: 1 % after three fixes)."""

from clockkit import Clockwork, slots
from node import drift, schedule
from node.state import State
from power.retained import check

NOW = 1795214385123  # 2026-11-21
OFFSET = int.from_bytes(check(b"chip"), "little")


def lived(wakes, interval_s, error, start_ms=NOW, **options):
    """(slot number, distance in ms, fixes before it) of each wake after the clock was first set."""
    with Clockwork(start_ms, error, interval_s, **options) as world:
        times = [world.wake()]
        fixes = []
        for _ in range(wakes):
            fixes.append(world.fixes)
            times.append(world.wake())
        offset = schedule.offset_ms(OFFSET, interval_s)
        return [(slot, ms, fixed) for (slot, ms), fixed in zip(slots(times[1:], interval_s, offset), fixes)]


def test_the_slot_error_is_at_most_one_percent_after_three_fixes_and_500_wakes_have_no_double():
    for error in (0.05, -0.05):
        wakes = lived(500, 900, error)
        assert [slot - wakes[0][0] for slot, _, _ in wakes] == list(range(500))
        assert max([abs(ms) for _, ms, fixes in wakes if fixes < 2]) > 9000, "the model has no drift"
        late = [abs(ms) for _, ms, fixes in wakes if fixes >= 3]
        assert len(late) > 490 and max(late) <= 9000, max(late)
        # Trust grows: five days need some fixes, not one in every wake.
        assert wakes[-1][2] < 20, wakes[-1]


def test_it_holds_for_other_intervals_and_errors():
    for interval_s, wakes in ((10, 300), (60, 200), (1000, 100), (3600, 60), (86400, 20)):
        for error in (0.095, -0.095, 0.00002):
            seen = lived(wakes, interval_s, error)
            numbers = [slot for slot, _, _ in seen]
            assert numbers == list(range(numbers[0], numbers[0] + wakes)), (interval_s, error)
            late = [abs(ms) for _, ms, fixes in seen if fixes >= 3]
            assert late and max(late) <= max(100, interval_s * 10), (interval_s, error, max(late))


def test_an_error_that_follows_the_days_temperature_doubles_no_wake():
    def weather(true_ms):
        # 4 % and half a percent up and down in a day.
        noon = abs(true_ms % 86400000 - 43200000) / 43200000
        return 0.04 + 0.01 * (noon - 0.5)

    wakes = lived(500, 900, weather)
    assert [slot - wakes[0][0] for slot, _, _ in wakes] == list(range(500))
    late = [abs(ms) for _, ms, fixes in wakes if fixes >= 3]
    assert max(late) < 90000


def test_the_wrap_of_2036_and_the_ports_epochs_change_nothing():
    # 2036-02-07 06:28:16: NTP's era 1; 2038-01-19 03:14:08: 2**31 since 1970.
    for moment_ms in (2085978496000, 2147483648000):
        seen = [lived(200, 900, -0.05, moment_ms - 86400000, epoch=epoch) for epoch in (1970, 2000)]
        assert seen[0] == seen[1]
        assert [slot - seen[0][0][0] for slot, _, _ in seen[0]] == list(range(200))
        assert max([abs(ms) for _, ms, fixes in seen[0] if fixes >= 3]) <= 9000


def test_without_a_time_server_the_interval_holds_by_the_boards_own_clock():
    def silent():
        raise OSError(110)

    with Clockwork(NOW, 0, 900) as world:
        world.answers = {"broker": silent, "pool": silent}
        times = [world.wake() for _ in range(200)]
        assert times == [times[0] + i * 900000 for i in range(200)]
        # Less and less often: two servers each time.
        assert 2 * 6 <= len(world.asked) <= 2 * 10
        assert not world.state.fixed_at


def test_backoff_leaves_the_slots_and_the_next_success_is_in_one_again():
    with Clockwork(NOW, 0.02, 900) as world:
        offset = schedule.offset_ms(OFFSET, 900)
        for _ in range(10):
            world.wake()
        world.error = OSError(113)
        times = [world.wake() for _ in range(6)]
        assert max([abs(ms) for _, ms in slots(times[1:], 900, offset)]) > 9000
        world.error = None
        world.wake()
        times = [world.wake() for _ in range(5)]
        assert max([abs(ms) for _, ms in slots(times, 900, offset)]) <= 9000


def test_a_day_in_many_parts_ends_in_its_slot():
    # 42 parts, and a boot of 0.3 s between any two.
    late = [ms for _, ms, fixes in lived(20, 86400, 0) if fixes]
    assert len(late) > 15 and max([abs(ms) for ms in late]) <= 1, late


def test_a_sleep_that_was_cut_short_teaches_nothing():
    for step in (0, 5):
        with Clockwork(NOW, 0.05, 900) as world:
            for _ in range(5):
                world.wake()
            learned = world.state.drift
            assert abs(learned - 0.05 * (1 << 18)) < 30
            # The reset button, ten minutes by the sleep clock before the end of a sleep that the clock was put right for:
            # the time is asked in that wake (step 0), or in the next.
            world.state.clock_step = step
            world.clock_ms -= 600000
            world.true_ms -= 630000
            world.cause = 2
            fixes = world.fixes
            world.wake()
            assert world.fixes - fixes == (step == 0)
            world.state.clock_step = 0
            world.wake()
            assert world.fixes > fixes and world.state.drift == learned, step


def test_what_is_asked_lasts_as_long_as_was_meant():
    for error in (-26214, -1, 0, 1, 13107, 26214):
        for ms in (1000, 900000, 86400000, 30 * 86400000):
            # The worked example is the definition: a sleep of ms by a clock that is wrong by e lasts ms * (1 + e).
            asked = drift.asked_ms(error, ms)
            assert abs(asked * (262144 + error) - ms * 262144) <= 262144 * 2
            assert abs(drift.lasts_ms(error, asked) - ms) <= 2


def learned(slept_ms, error_ms, before=0, step=0):
    state = State()
    state.slept_ms, state.drift, state.clock_step = slept_ms, before, step
    drift.learn(state, error_ms, 900)
    return state.drift, state.clock_step


def test_the_first_measurement_counts_whole_and_later_ones_half():
    assert learned(1 << 20, 1 << 15) == (8192, 0)  # 2**-5 of the sleep
    assert learned(1 << 24, 1 << 10, 8192, 2) == (8192 + 8, 4)  # 16 * 2**-18, half of it; well below 1 % of 900 s
    assert learned(1 << 24, -(1 << 10), 8192, 2) == (8192 - 8, 4)


def test_trust_grows_with_small_errors_and_falls_with_large_ones():
    steps = [learned(86400000, error_ms, 0, 4)[1] for error_ms in (2250, 4500, 4501, 9000, 9001)]
    assert steps == [6, 5, 4, 4, 2]
    assert learned(86400000, 9001, 0, 1)[1] == 0 and learned(86400000, 0, 0, 11)[1] == 11


def test_drift_is_clamped_and_jumps_are_not_drift():
    assert learned(1 << 20, 130000, 0)[0] == 26214 and learned(1 << 20, -130000, 0)[0] == -26214
    assert learned(1 << 20, 1 << 18) == (0, 0)
    assert learned(29999, 1000) == (0, 0)
    assert learned(drift.VOID, 1000000) == (0, 0)
