"""The clock over whole wakes on the virtual board, whose sleep clock is wrong by 5 %. Oracle: the virtual world's true time."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from timekit import Chrony

from nodes import BOARDS, Listener, MakeNode

INTERVAL_S = 900
FAST = {"speed": 8}


def began(node: Any) -> float:
    """True time at which the next wake begins."""
    return float(node.now_s)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("drift", [0.05, -0.05])
def test_wakes_are_in_their_slots_after_three_fixes_and_never_double(
    make_node: MakeNode, mosquitto: Any, board: str, drift: float
) -> None:
    node = make_node(board, options=FAST, BROKER=f"{mosquitto.host}:{mosquitto.port}", SENSORS={}, WAKE_EVERY_S=INTERVAL_S)
    node.world.drift = drift
    times, fixed = [], []
    for _ in range(9):
        times.append(began(node))
        wake = node.run_wake()
        assert (wake.ended, wake.by) == ("deepsleep", "node") and "delivered" in wake.output, wake.output
        fixed.append(node.world.ntp.requests)
    assert fixed[3] >= 3 and fixed[-1] < 9
    gaps = [later - earlier for earlier, later in itertools.pairwise(times[1:])]
    assert min(gaps) > INTERVAL_S * 0.9, gaps
    # After three fixes all wakes are in slots of the same offset: to 1 % of the interval.
    places = [time % INTERVAL_S for time in times[4:]]
    middle = sorted(places)[2]
    errors = [(place - middle + INTERVAL_S / 2) % INTERVAL_S - INTERVAL_S / 2 for place in places]
    assert max(map(abs, errors)) <= INTERVAL_S / 100, errors
    # The clock itself was put right for the sleep.
    assert abs(node.rtc_s - node.now_s) < 9


def test_slots_of_a_long_sleep_in_parts_are_met_too(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    node = make_node(
        "esp8266", options=FAST, BROKER=f"{mosquitto.host}:{mosquitto.port}", SENSORS={}, WAKE_EVERY_S=3 * 3600, NAME="long"
    )
    node.world.drift = -0.05
    parts = 0
    while len(listener.records()) < 5:
        parts += 1
        wake = node.run_wake()
        assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
        assert parts < 50
    times = [reading["time"] for reading in listener.records()[1:]]
    assert parts > 20
    # 1 % of three hours; the first two fixes show what the clock is worth.
    assert all(abs(later - earlier - 3 * 3600) <= 108 for earlier, later in itertools.pairwise(times[1:])), times


def test_the_node_takes_its_time_from_a_real_chronyd(
    make_node: MakeNode, mosquitto: Any, listener: Listener, chrony: Callable[..., Chrony]
) -> None:
    server = chrony("local stratum 8")
    seen = server.ask()
    node = make_node(options=FAST, BROKER=f"{mosquitto.host}:{mosquitto.port}", SENSORS={}, NTP=server.url, NAME="chrony")
    wake = node.run_wake()
    assert wake.ended == "deepsleep" and node.world.ntp.requests == 0, wake.output
    listener.until(lambda: len(listener.records()) == 1)
    # The record was taken before the clock was set, and is dated back.
    assert abs(listener.records()[0]["time"] - seen.recv_time) < 15
