"""What a node of the soak may not do. The oracle is the part on its bus, which counts, and a subscriber by paho-mqtt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from soak_node import SPEED, Life, Story

SLACK_MS = 300  # of this computer's time, beyond what it visibly withheld
BACKSTOP_MS = 500 / SPEED  # power.deadline
DAY_S = 86400
HEAP_SLACK = 512  # bytes
FEWEST = 5  # wakes of one kind at each end of the run, for the heap to be compared


@dataclass(frozen=True)
class Arrival:
    """A reading as the subscriber received it. time_s: since 1970, None without one."""

    boot: int
    seq: int
    number: int
    time_s: float | None


def problems(story: Story, arrivals: list[Arrival]) -> list[str]:
    """All that is wrong, one line each, with the node and the wake where there is one."""
    name = f"{story.plan.name} ({story.plan.board})"
    if story.failed:
        return [f"{name}: {story.failed}"]
    found = [
        f"{name}, wake {life.wake.number} ({life.told}): {text}" for life in story.lives for text in _of_life(story, life)
    ]
    found += [f"{name}: {text}" for check in (_of_arrivals, _of_losses) for text in check(story, arrivals)]
    found += [f"{name}: {text}" for text in _of_heap(story)]
    return found


def _of_life(story: Story, life: Life) -> Iterator[str]:
    wake = life.wake
    if "Traceback" in wake.output:
        yield f"an exception:\n{wake.output}"
    budget_ms = story.plan.max_awake_s * 1000 / SPEED
    if wake.awake_ms > budget_ms + SLACK_MS + life.stolen_ms:
        yield f"awake for {wake.awake_ms} ms of {budget_ms:.0f}, {life.stolen_ms:.0f} withheld: {wake.phases}\n{wake.output}"
    if life.cut:
        return
    if wake.ended == "watchdog" and life.stolen_ms > BACKSTOP_MS:
        return  # the backstop is behind the deadline by less than this computer withheld: it was not the node that hung
    if (wake.ended, wake.by) != ("deepsleep", "node"):
        yield f"not asleep: {wake.ended} by {wake.by}, {wake.reason}\n{wake.output}"
    elif not wake.sleep_ms:
        yield f"asleep for {wake.sleep_ms} ms"


def _of_arrivals(story: Story, arrivals: list[Arrival]) -> Iterator[str]:
    keys: dict[int, tuple[int, int]] = {}
    numbers: dict[tuple[int, int], int] = {}
    for arrival in arrivals:
        key = arrival.boot, arrival.seq
        if keys.setdefault(arrival.number, key) != key:
            yield f"reading {arrival.number} came as (boot, seq) {keys[arrival.number]} and as {key}"
        if numbers.setdefault(key, arrival.number) != arrival.number:
            yield f"(boot, seq) {key} is reading {numbers[key]} and reading {arrival.number}"
        if arrival.number not in story.given:
            yield f"reading {arrival.number} was never taken"
        elif arrival.time_s is not None and abs(arrival.time_s - story.given[arrival.number]) > DAY_S:
            yield f"reading {arrival.number} has the time {arrival.time_s}, taken at {story.given[arrival.number]:.0f}"


def _of_losses(story: Story, arrivals: list[Arrival]) -> Iterator[str]:
    missing = set(story.given) - {arrival.number for arrival in arrivals}
    # Cut off between the part's answer and the store, a reading was not yet taken.
    in_hand = {number for life in story.lives if life.cut for number in life.numbers}
    dropped = sum(story.dropped.values())
    least = missing - in_hand - story.gone
    # A reading in hand may have been stored, and dropped later; one that arrived unknown to the node too.
    if not len(least) <= dropped <= len(missing | story.unsure):
        wakes = {number: life.wake.number for life in story.lives for number in life.numbers}
        where = ", ".join(f"{number} of wake {wakes[number]}" for number in sorted(least)[:10])
        yield f"{len(least)} readings are missing and {dropped} are counted as dropped; missing: {where}"


def _of_heap(story: Story) -> Iterator[str]:
    for kind, lows in heap_lows(story).items():
        third = len(lows) // 3
        if third >= FEWEST:
            first, last = median(lows[:third]), median(lows[-third:])
            if first - last > HEAP_SLACK:
                yield f"the heap's low-water mark fell from {first:.0f} to {last:.0f} bytes over {len(lows)} wakes ({kind})"


def heap_lows(story: Story) -> dict[str, list[int]]:
    """The low-water marks of like wakes, in their order: those that went through the same phases and delivered as much."""
    found: dict[str, list[int]] = {}
    for life in story.lives:
        wake = life.wake
        if not life.cut and wake.reset_cause == "DEEPSLEEP_RESET" and life.numbers:
            said = next((line for line in wake.output.splitlines() if line), "nothing said")
            found.setdefault(f"{said}: {' '.join(name for name, _, _ in wake.phases)}", []).append(wake.heap_low)
    return found
