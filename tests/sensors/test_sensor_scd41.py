"""The SCD41 driver against the register-level model, and the model against Sensirion's Datasheet SCD4x, version 1.3."""

from __future__ import annotations

import errno
from functools import partial
from typing import Any

import pytest
from wired import Board, Clock, errno_of, measured

from dormouse.virtual.devices import Nack
from dormouse.virtual.devices.scd41 import POWER_UP_MS, SCD41, SHOT_MS
from dormouse.virtual.devices.scene import Scene
from sensors import scd41

SCENE = {"co2_ppm": 612, "temperature_c": 21.42, "humidity_pct": 40.1}

error_of = partial(errno_of, scd41)


@pytest.fixture
def part(clock: Clock, scene: Scene) -> SCD41:
    made = SCD41(clock, scene)
    clock.ms += POWER_UP_MS
    return made


def measure(board: Board, clock: Clock, options: dict[str, Any] | None = None) -> tuple[tuple[int, ...], float, int]:
    """The values, the milliseconds that it took, the waits."""
    found = measured(scd41, board, clock, options)
    return found.values, found.took_ms, len(found.waits)


def test_asleep_the_second_measurement_counts(board: Board, clock: Clock, part: SCD41) -> None:
    for _ in range(2):  # after a power-up, and after a sleep
        values, took, waits = measure(board, clock)
        assert values == (612, 2142, 4010)
        assert took < 10050
        assert waits == 3
        assert (part.asleep, part.shots) == (True, 2)
        clock.ms += 60000


def test_idle_one_measurement_is_enough(board: Board, clock: Clock, part: SCD41) -> None:
    options = {"sleep": False}
    assert measure(board, clock, options)[0][0] == round(612 * 1.2)  # the first one after a power-up is to be discarded (3.10)
    values, took, waits = measure(board, clock, options)
    assert (values, waits) == ((612, 2142, 4010), 1)
    assert took < 5010
    assert not part.asleep


def test_a_part_that_powers_up_is_waited_for(clock: Clock, scene: Scene) -> None:
    board = Board(SCD41(clock, scene))
    values, took, _ = measure(board, clock)
    assert values == (612, 2142, 4010)
    assert took < POWER_UP_MS + 10150


def test_nobody_there_is_an_error_within_the_power_up_time(clock: Clock) -> None:
    assert error_of(Board(), clock) == errno.ENODEV
    assert POWER_UP_MS < clock.ms < POWER_UP_MS + 200
    with pytest.raises(OSError):
        scd41.start(Board(), {"sleep": False})  # at once


def test_altitude(board: Board, clock: Clock, part: SCD41) -> None:
    for altitude in (1950, 0, 3000):
        measure(board, clock, {"altitude_m": altitude})
        assert part.altitude_m == altitude


@pytest.mark.parametrize(("failure", "number"), [("nack", 19), ("crc", errno.EIO), ("busy", 19), ("stuck", errno.EIO)])
def test_failures(board: Board, clock: Clock, scene: Scene, failure: str, number: int) -> None:
    scene.fail("scd41", failure)
    assert error_of(board, clock) == number
    scene.fail("scd41", None)
    clock.ms += SHOT_MS
    assert measure(board, clock)[0] == (612, 2142, 4010)


@pytest.mark.parametrize(
    ("ppm", "celsius", "percent", "expected"),
    [(0.0, -45.0, 0.0, (0, -4500, 0)), (99999.0, 130.0, 100.0, (40000, 13000, 10000)), (400.0, 0.0, 50.0, (400, 0, 5000))],
)
def test_ends(board: Board, clock: Clock, scene: Scene, ppm: float, celsius: float, percent: float, expected: Any) -> None:
    for name, value in (("co2_ppm", ppm), ("temperature_c", celsius), ("humidity_pct", percent)):
        scene.set(name, value)
    assert measure(board, clock)[0] == expected


def test_what_cannot_be_is_out_of_range() -> None:
    assert scd41.RANGE[:2] == (1, 40000)  # 0 ppm is what a measurement without CO2 says (table 29)


def test_measured_but_once(board: Board, clock: Clock) -> None:
    ms, handle = scd41.start(board, {"sleep": False})
    clock.ms += ms
    scd41.read(handle)
    clock.ms += 1
    with pytest.raises(OSError):  # never the old values again
        scd41.read(handle)


def test_given_up_while_it_measures_it_stays_idle_for_the_next_wake(board: Board, clock: Clock, part: SCD41) -> None:
    ms, handle = scd41.start(board, {})
    clock.ms += ms
    scd41.read(handle)
    with pytest.raises(OSError):
        scd41.off(board, handle)
    clock.ms += 60000
    assert measure(board, clock)[0] == (612, 2142, 4010)
    assert part.asleep


def test_serial_number(board: Board, part: SCD41) -> None:
    assert scd41.probe(board, {}) == part.serial == 273325796834238  # the datasheet's example (3.9.2)


def test_power_up_default(clock: Clock, scene: Scene) -> None:
    part = SCD41(clock, scene)
    with pytest.raises(Nack):
        part.write(b"\x21\x9d")
    clock.ms += POWER_UP_MS
    part.write(b"\xec\x05")
    clock.ms += 1
    with pytest.raises(Nack):
        part.read(9)  # nothing was measured
    part.write(b"\xe4\xb8")
    clock.ms += 1
    assert part.read(3)[:2] == b"\x80\x00"  # and says so


def test_it_listens_to_nothing_while_it_measures_or_sleeps(clock: Clock, part: SCD41) -> None:
    part.write(b"\x21\x9d")
    clock.ms += SHOT_MS - 1
    with pytest.raises(Nack):
        part.write(b"\x36\xe0")
    clock.ms += 1
    part.write(b"\x36\xe0")
    clock.ms += 1
    with pytest.raises(Nack):
        part.write(b"\x21\x9d")
    with pytest.raises(Nack):
        part.write(b"\x36\xf6")  # wakes it, unacknowledged
    clock.ms += 20
    part.write(b"\x21\x9d")


def test_a_wrong_crc_of_a_word_is_refused(part: SCD41) -> None:
    with pytest.raises(Nack):
        part.write(b"\x24\x27\x07\x9e\x08")
    assert part.altitude_m == 0
