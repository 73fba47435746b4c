"""The VEML7700 driver against the register-level model, and the model against Vishay's datasheet (84286) and note (84323)."""

from __future__ import annotations

import errno
from functools import partial
from typing import Any

import pytest
from wired import Board, Clock, errno_of, measured

from dormouse.virtual.devices import Nack
from dormouse.virtual.devices.scene import Scene
from dormouse.virtual.devices.veml7700 import VEML7700, corrected, lux_a_count, shown
from sensors import veml7700

SCENE = {"illuminance_lx": 321.7}

error_of = partial(errno_of, veml7700)


@pytest.fixture
def part(clock: Clock, scene: Scene) -> VEML7700:
    return VEML7700(clock, scene)


def measure(board: Board, clock: Clock, options: dict[str, Any] | None = None) -> tuple[float, int]:
    """Lux and milliseconds."""
    found = measured(veml7700, board, clock, options)
    return found.values[0] / 100, round(found.took_ms)


@pytest.mark.parametrize(
    ("lux", "most", "took"),
    [
        (0.0, 0, 262),
        (0.1, 0.02, 262),
        (42.0, 0.02, 262),
        (321.7, 0.15, 262),
        (990.0, 0.15, 262),
        (1500.0, 2, 56),  # daylight is measured once
        (20000.0, 5, 56),
        (100000.0, 20, 56),
        (139000.0, 30, 56),
    ],
)
def test_measures_in_the_range_that_fits(
    board: Board, clock: Clock, scene: Scene, part: VEML7700, lux: float, most: float, took: int
) -> None:
    scene.set("illuminance_lx", lux)
    got, ms = measure(board, clock)
    assert abs(got - lux) <= most
    assert ms == took
    assert part.asleep


def test_the_step_of_the_correction_is_less_than_the_tolerance(board: Board, clock: Clock, scene: Scene) -> None:
    for lux in range(990, 1100, 5):
        scene.set("illuminance_lx", float(lux))
        assert abs(measure(board, clock)[0] - lux) <= 0.08 * lux  # the part's own tolerance is 10 % (datasheet)


def test_waits_for_the_slowest_measurement_and_a_tick(board: Board, clock: Clock, scene: Scene, part: VEML7700) -> None:
    scene.set("illuminance_lx", 5000.0)
    measure(board, clock)
    scene.set("illuminance_lx", 2000.0)
    ms, handle = veml7700.start(board, {})
    clock.ms += ms - 1  # a wait of n ticks lasts more than n - 1 ms only
    (centi,) = veml7700.read(handle)
    assert abs(centi - 200000) <= 200  # never the last wake's value


def test_left_on_and_saving_power_by_another_program(board: Board, clock: Clock, part: VEML7700) -> None:
    part.write(b"\x03\x07\0")  # power saving, every 4 s
    part.write(b"\0\xc0\x08")  # gain 2, 800 ms, on
    clock.ms += 100
    assert abs(measure(board, clock)[0] - 321.7) <= 0.15


def test_power_lost_while_it_measures(board: Board, clock: Clock, part: VEML7700) -> None:
    ms, handle = veml7700.start(board, {})
    clock.ms += ms
    part.power(False)
    part.power(True)
    with pytest.raises(OSError) as caught:
        veml7700.read(handle)
    assert caught.value.args[0] == errno.EIO


def test_brighter_than_the_range(board: Board, clock: Clock, scene: Scene) -> None:
    scene.set("illuminance_lx", 321.7)
    ms, handle = veml7700.start(board, {})
    clock.ms += ms
    ms = veml7700.read(handle)
    scene.set("illuminance_lx", 120000.0)  # the clouds went away
    clock.ms += ms
    with pytest.raises(OSError) as caught:
        veml7700.read(handle)
    assert caught.value.args[0] == errno.EIO


def test_no_acknowledge(board: Board, clock: Clock, scene: Scene) -> None:
    ms, handle = veml7700.start(board, {})
    clock.ms += ms
    scene.fail("veml7700", "nack")
    for call, args in (
        (veml7700.start, (board, {})),
        (veml7700.read, (handle,)),
        (veml7700.probe, (board, {})),
        (veml7700.off, (board, handle)),
    ):
        with pytest.raises(OSError) as caught:
            call(*args)
        assert caught.value.args[0] == errno.ENODEV


def test_bus_held_low(board: Board, clock: Clock, scene: Scene) -> None:
    board.bus.dead = True
    assert error_of(board, clock) == errno.EIO
    board.bus.dead = False
    scene.fail("veml7700", "stuck")
    assert error_of(board, clock) == errno.EIO


def test_probe(board: Board, part: VEML7700) -> None:
    assert veml7700.probe(board, {}) == 0xC481
    part._registers[7] = 0xC480
    with pytest.raises(OSError) as caught:
        veml7700.probe(board, {})
    assert caught.value.args[0] == errno.EIO


def test_resolution_and_correction_of_the_model() -> None:
    assert lux_a_count(0.125, 25) * 65535 == pytest.approx(140926, abs=1)  # 140 klx (datasheet, page 1)
    assert corrected(2727.936) == pytest.approx(3183.247, abs=0.001)  # github.com/eldruin/veml6030-rs, tests/integration.rs
    for lux in (1080.0, 5000.0, 77777.0, 139999.0):
        assert corrected(shown(lux)) == pytest.approx(lux)
    assert [shown(lux) for lux in (0.0, 999.0, 1050.0)] == [0.0, 999.0, 1000.0]


def test_registers_of_the_model(clock: Clock, scene: Scene, part: VEML7700) -> None:
    part.write(b"\0")
    assert part.read(3) == b"\1\0\xff"  # power-up: shut down
    part.write(b"\0\0\0")  # gain 1, 100 ms: 0.0672 lx
    part.write(b"\4")
    clock.ms += 202
    assert part.read(2) == b"\0\0"
    clock.ms += 0.5
    assert part.read(2) == (4787).to_bytes(2, "little")
    scene.set("illuminance_lx", 100.0)
    part.write(b"\0\1\0")
    clock.ms += 1000
    part.write(b"\4")
    assert part.read(2) == (4787).to_bytes(2, "little")  # kept when shut down (auto-memorization)
    part.power(False)
    with pytest.raises(Nack):
        part.read(2)


def test_settings_changed_without_a_shutdown_come_late(clock: Clock, part: VEML7700) -> None:
    part.write(b"\0\xc0\0")  # 800 ms
    clock.ms += 1000
    part.write(b"\0\0\3")  # 25 ms
    part.write(b"\4")
    clock.ms += 100
    assert part.read(2) == b"\0\0"  # Adafruit_VEML7700, pull request 19
    clock.ms += 1000
    assert part.read(2) != b"\0\0"
