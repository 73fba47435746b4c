"""A small soak for every run of the tests, on as many wakes as $SOAK_WAKES says; `make soak` is the large one."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from soak_judge import Arrival, problems
from soak_node import Life, Plan, Story
from soak_run import NODES, repeat, soak

from dormouse.virtual.board import Wake

WAKES = int(os.environ.get("SOAK_WAKES", "640"))


@pytest.mark.timeout(60 + WAKES)
def test_delivered_and_dropped_is_taken_and_every_wake_ends_in_sleep(tmp_path: Path, micropython: str) -> None:
    seed = int(os.environ.get("SOAK_SEED", random.randrange(10**6)))
    try:
        result = soak(WAKES, seed, tmp_path)
    except RuntimeError as error:
        pytest.skip(str(error))
    print(f"seed {seed}: {result.line()}")
    assert not result.problems, "\n".join(repeat(text, WAKES, seed, NODES) for text in result.problems)
    # The weather was bad, and work was done all the same.
    lives = [life for story in result.stories for life in story.lives]
    assert len(lives) >= WAKES and result.arrived >= WAKES // 2
    assert any(life.cut for life in lives) and any("upload failed" in life.wake.output for life in lives)


def _story() -> tuple[Story, list[Arrival]]:
    """Twenty wakes, a reading each, all delivered."""
    story = Story(Plan.make(0, 1, 20))
    for number in range(1, 21):
        phases = [("boot", 0, 40), ("measure", 40, 50), ("mqtt", 90, 30)]
        wake = Wake(number, "DEEPSLEEP_RESET", "deepsleep", awake_ms=300, sleep_ms=60000, phases=phases, heap_low=30000)
        wake.output = "delivered 1\n"
        story.lives.append(Life(wake, "fair", False, 0.0, [number]))
        story.given[number] = 1.8e9 + number * 60
    return story, [Arrival(1, number, number, story.given[number]) for number in story.given]


def test_a_clean_run_has_no_problem() -> None:
    story, arrivals = _story()
    again = [Arrival(1, 7, 7, None)]  # a duplicate with an equal (boot, seq)
    assert problems(story, arrivals + again) == []


def test_a_reading_that_is_lost_is_a_problem_unless_it_was_dropped_in_hand_or_in_a_memory_without_power() -> None:
    story, arrivals = _story()
    without = [arrival for arrival in arrivals if arrival.number != 5]
    [text] = problems(story, without)
    assert "1 readings are missing and 0 are counted as dropped; missing: 5 of wake 5" in text
    story.dropped[1] = 1
    assert problems(story, without) == []
    [text] = problems(story, arrivals)
    assert "0 readings are missing and 1 are counted" in text
    story.dropped.clear()
    story.gone = {5}
    assert problems(story, without) == []
    story.gone.clear()
    story.lives[4].cut = True
    assert problems(story, without) == []


@pytest.mark.parametrize(
    ("stranger", "told"),
    [
        (Arrival(1, 21, 7, None), "reading 7 came as (boot, seq) (1, 7) and as (1, 21)"),
        (Arrival(1, 7, 21, None), "(boot, seq) (1, 7) is reading 7 and reading 21"),
        (Arrival(2, 1, 99, None), "reading 99 was never taken"),
        (Arrival(1, 7, 7, 946684800.0), "reading 7 has the time 946684800.0"),
    ],
)
def test_a_wrong_message_is_a_problem(stranger: Arrival, told: str) -> None:
    story, arrivals = _story()
    assert told in "\n".join(problems(story, [*arrivals, stranger]))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"awake_ms": 60 * 1000}, "awake for 60000 ms"),
        ({"ended": "repl"}, "not asleep: repl"),
        ({"ended": "killed", "by": "supervisor"}, "not asleep: killed by supervisor"),
        ({"sleep_ms": None}, "asleep for None"),
        ({"output": "Traceback (most recent call last):\n"}, "an exception"),
    ],
)
def test_a_wrong_wake_is_a_problem(change: dict[str, object], told: str) -> None:
    story, arrivals = _story()
    for name, value in change.items():
        setattr(story.lives[9].wake, name, value)
    [text] = problems(story, arrivals)
    assert told in text and "node-0 (feather_s2), wake 10 (fair)" in text


def test_a_heap_that_shrinks_from_wake_to_wake_is_a_problem() -> None:
    story, arrivals = _story()
    for life in story.lives:
        life.wake.heap_low -= 64 * life.wake.number
    [text] = problems(story, arrivals)
    assert "low-water mark fell from 29776 to 28880 bytes over 20 wakes" in text


def test_a_node_meets_the_same_for_the_same_seed() -> None:
    assert Plan.make(3, 7, 10) == Plan.make(3, 7, 10) != Plan.make(3, 8, 10)
