"""The ADS1115 driver against the register-level model, and the model against TI's datasheet SBAS444D."""

from __future__ import annotations

import errno
from functools import partial
from typing import Any

import pytest
from wired import Board, Clock, errno_of, measured

from dormouse.virtual.devices import Nack
from dormouse.virtual.devices.ads1115 import ADS1115, POWER_UP, RANGES_V, RATES
from dormouse.virtual.devices.scene import Scene
from sensors import ads1115

SCENE = {"signal_v": 1.6}

error_of = partial(errno_of, ads1115)

FULL = {6.144: 61440, 4.096: 40960, 2.048: 20480, 1.024: 10240, 0.512: 5120, 0.256: 2560}


@pytest.fixture
def part(clock: Clock, scene: Scene) -> ADS1115:
    return ADS1115(clock, scene)


def measure(board: Board, clock: Clock, options: dict[str, Any] | None = None) -> tuple[tuple[int | None, ...], list[int]]:
    """The values, and the waits."""
    return measured(ads1115, board, clock, options)[:2]


def test_input_0_is_the_default(board: Board, clock: Clock) -> None:
    assert measure(board, clock) == ((16000, None, None, None), [10])


def test_all_inputs_one_after_the_other(board: Board, clock: Clock) -> None:
    options = {"in0": "gnd", "in1": "gnd", "in2": "gnd", "in3": "gnd", "rate": 860}
    assert measure(board, clock, options) == ((16000, 8000, 4000, 0), [3, 3, 3, 3])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"in0": 1}, (8000, None, None, None)),
        ({"in0": 3}, (16000, None, None, None)),
        ({"in1": 3}, (None, 8000, None, None)),
        ({"in2": 3}, (None, None, 4000, None)),
        ({"in3": "gnd"}, (None, None, None, 0)),
    ],
)
def test_every_pair(board: Board, clock: Clock, options: dict[str, Any], expected: tuple[int | None, ...]) -> None:
    assert measure(board, clock, options)[0] == expected


@pytest.mark.parametrize("rate", RATES)
def test_waits_for_the_slowest_part_and_a_tick(board: Board, clock: Clock, rate: int) -> None:
    # A wait of n ticks lasts more than n - 1 ms only; none is too long by more than a tick.
    _, (ms,) = measure(board, clock, {"rate": rate})
    assert 1100 / rate + 0.025 <= ms - 1 < 1100 / rate + 1.1


@pytest.mark.parametrize("range_v", FULL)
def test_ranges(board: Board, clock: Clock, scene: Scene, range_v: float) -> None:
    assert range_v in RANGES_V
    for share in (0.0, 0.5, 0.999, -0.999):
        scene.set("signal_v", range_v * share)
        value = measure(board, clock, {"range_v": range_v, "in0": 3})[0][0]
        assert value == pytest.approx(FULL[range_v] * share, abs=1.5)  # of the part's digit, and rounded
    for share in (1.0, 1.7, -1.0, -1.2):
        scene.set("signal_v", range_v * share)
        assert error_of(board, clock, {"range_v": range_v, "in0": 3}) == errno.EIO  # beyond the range


@pytest.mark.parametrize(("failure", "number"), [("nack", 19), ("stuck", errno.EIO)])
def test_failures(board: Board, clock: Clock, scene: Scene, failure: str, number: int) -> None:
    scene.fail("ads1115", failure)
    assert error_of(board, clock) == number
    scene.fail("ads1115", None)
    assert measure(board, clock)[0][0] == 16000


def test_still_converting_is_no_value(board: Board, clock: Clock, scene: Scene) -> None:
    measure(board, clock)
    scene.set("signal_v", 0.4)
    ms, handle = ads1115.start(board, {})
    clock.ms += ms / 2
    assert ads1115.read(handle) == 1  # and not the value before
    clock.ms += ms / 2
    assert ads1115.read(handle) == (4000, None, None, None)


def test_never_done_is_never_a_value(board: Board, clock: Clock, scene: Scene) -> None:
    scene.fail("ads1115", "busy")
    _, handle = ads1115.start(board, {})
    for _ in range(30):
        clock.ms += 10
        assert ads1115.read(handle) == 1


@pytest.mark.parametrize("options", [{}, {"in0": 1}])  # the second is what it does by default
def test_a_part_that_was_reset_meanwhile_is_found_out(
    board: Board, clock: Clock, part: ADS1115, options: dict[str, Any]
) -> None:
    ms, handle = ads1115.start(board, options)
    clock.ms += ms
    part.power(False)
    part.power(True)
    with pytest.raises(OSError) as caught:
        ads1115.read(handle)
    assert caught.value.args[0] == errno.EIO


def test_power_up_default(part: ADS1115) -> None:
    for register, value in enumerate(POWER_UP):
        part.write(bytes((register,)))
        assert part.read(2) == value.to_bytes(2, "big")
    part.power(False)
    with pytest.raises(Nack):
        part.write(b"")


def test_another_address(clock: Clock, scene: Scene) -> None:
    board = Board(ADS1115(clock, scene, 0x4B))
    assert measure(board, clock, {"address": 0x4B})[0][0] == 16000
    assert error_of(board, clock) == errno.ENODEV
    with pytest.raises(ValueError, match="0x4c"):
        ADS1115(clock, scene, 0x4C)


def test_identity(board: Board) -> None:
    assert ads1115.probe(board, {}) == 0x7FFF
    with pytest.raises(OSError):
        ads1115.probe(board, {"address": 0x49})
