"""Readings count once, in whatever order and however often they come; the oracle is a set of all of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dormouse.watching.seen import Numbers, Seen

SEQS = st.lists(st.integers(0, 60), max_size=80)


@settings(deadline=None)
@given(SEQS, st.integers(0, 0xFFFF))
def test_each_counts_once_and_gaps_are_what_is_missing_after_the_first(seqs: list[int], begin: int) -> None:
    seen, known = Seen(), set[int]()
    for seq in seqs:
        assert seen.add((begin + seq) % 0x10000) == (seq not in known)
        known.add(seq)
    if seqs:
        # What lies before the first that came was never missed: the watch began later.
        assert seen.gaps == sum(seq not in known for seq in range(seqs[0], max(known)))


def test_numbers_go_on_after_65535() -> None:
    seen = Seen()
    assert [seen.add(seq) for seq in (65534, 65535, 1, 65535, 0, 0)] == [True, True, True, False, True, False]
    assert seen.gaps == 0


def test_a_power_up_begins_anew_and_late_ones_of_the_last_still_count_once() -> None:
    numbers = Numbers()
    for boot, seq in ((1, 8), (1, 10), (2, 1), (1, 9), (1, 9), (2, 2), (2, 1)):
        numbers.add(boot, seq)
    assert (numbers.new, numbers.twice, numbers.gaps) == (5, 2, 0)


def test_what_is_remembered_is_bounded_and_gaps_stay_counted() -> None:
    seen = Seen()
    seen.add(0)
    for jump in range(1, 6):
        seen.add(jump * 30000 % 0x10000)
    assert seen.gaps == 5 * 29999
    assert len(seen._missing) <= 4097
    numbers = Numbers()
    for boot in range(100):
        numbers.add(boot, 1)
        numbers.add(boot, 3)
    assert len(numbers._boots) == 4 and numbers.gaps == 100
