"""The BME280 driver against the register-level model, and the model against the datasheet, BST-BME280-DS002-15."""

from __future__ import annotations

import errno
from functools import partial

import pytest
from wired import Board, Clock, errno_of, values_of

from dormouse.virtual.devices import Nack
from dormouse.virtual.devices.bme280 import BMP280, BMx280
from dormouse.virtual.devices.scene import Scene
from sensors import bme280

SCENE = {"temperature_c": 21.42, "pressure_hpa": 1003.25, "humidity_pct": 40.1}

measure = partial(values_of, bme280)
error_of = partial(errno_of, bme280)


@pytest.fixture
def part(clock: Clock, scene: Scene) -> BMx280:
    made = BMx280(clock, scene)
    clock.ms += 3  # start-up
    return made


def near(values: tuple[int | None, ...], *wanted: int) -> bool:
    """Within one sample's resolution, 16 bits: 0.005 degrees, 3 Pa, 0.01 %, and what the integers lose."""
    return all(got is not None and abs(got - want) <= most for got, want, most in zip(values, wanted, (1, 3, 6), strict=True))


def test_measures(board: Board, clock: Clock) -> None:
    assert near(measure(board, clock), 2142, 100325, 4010)


@pytest.mark.parametrize("samples", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("chip", [0x60, 0x58])
def test_waits_for_the_longest_measurement_and_a_tick(clock: Clock, scene: Scene, samples: int, chip: int) -> None:
    board = Board(BMx280(clock, scene, chip=chip))
    clock.ms += 3
    ms, handle = bme280.start(board, {"oversampling": samples})
    longest = 1.25 + 2.3 * samples * (3 if chip == 0x60 else 2) + 0.575 * (2 if chip == 0x60 else 1)  # 9.1
    assert longest - 0.001 <= ms - 1 <= longest + 1.001  # a wait of n ticks lasts more than n - 1 ms only
    clock.ms += longest - 0.1
    assert bme280.read(handle) == 1  # not ready
    clock.ms += 0.2
    assert isinstance(bme280.read(handle), tuple)


def test_more_samples_are_finer(board: Board, clock: Clock, scene: Scene) -> None:
    def shown(samples: int) -> int:
        seen = set()
        for i in range(20):
            scene.set("pressure_hpa", 1000 + i / 100)
            seen.add(measure(board, clock, {"oversampling": samples})[1])
        return len(seen)

    assert shown(1) < 12 < 18 < shown(16)  # 16 bits: 2.6 Pa; 20: 0.16 Pa (3.4.1)


def test_a_bmp280_has_no_humidity(clock: Clock, scene: Scene) -> None:
    part = BMx280(clock, scene, chip=BMP280)
    clock.ms += 3
    values = measure(Board(part), clock)
    assert near((*values[:2], 0), 2142, 100325, 0)
    assert values[2] is None
    assert bme280.probe(Board(part), {}) == 0x58


def test_probe_and_another_chip(board: Board, part: BMx280) -> None:
    assert bme280.probe(board, {}) == 0x60
    part.chip = 0x61  # a BME680 has the same addresses
    for call in (bme280.start, bme280.probe):
        with pytest.raises(OSError) as caught:
            call(board, {})
        assert caught.value.args[0] == errno.EIO


@pytest.mark.parametrize(
    ("celsius", "hpa", "percent"),
    [(-40.0, 300.0, 10.0), (85.0, 1100.0, 90.0), (0.0, 870.0, 50.0), (-0.01, 1084.8, 35.0), (60.0, 700.0, 80.0)],
)
def test_operating_range(board: Board, clock: Clock, scene: Scene, celsius: float, hpa: float, percent: float) -> None:
    for name, value in (("temperature_c", celsius), ("pressure_hpa", hpa), ("humidity_pct", percent)):
        scene.set(name, value)
    assert near(measure(board, clock), round(100 * celsius), round(100 * hpa), round(100 * percent))


def test_a_value_that_looks_like_a_default_is_a_value(board: Board, clock: Clock, scene: Scene, part: BMx280) -> None:
    # About 26 degrees is 0x80000: one value alone must not be taken for a skipped measurement.
    scene.set("temperature_c", 23.14)
    ms, handle = bme280.start(board, {})
    clock.ms += ms
    assert isinstance(bme280.read(handle), tuple)
    for data in (b"\x80\0\0\x7f\0\0\x80\0", b"\x50\0\0\x80\0\0\x70\0"):
        part._data = data
        assert isinstance(bme280.read(handle), tuple)
    part._data = b"\x80\0\0\x80\0\0\x80\0"
    with pytest.raises(OSError):
        bme280.read(handle)


def test_power_up(clock: Clock, scene: Scene) -> None:
    part = BMx280(clock, scene)
    board = Board(part)
    with pytest.raises(OSError) as caught:  # within t_startup it is not there
        bme280.start(board, {})
    assert caught.value.args[0] == errno.ENODEV
    clock.ms += 2
    # The trimming parameters are not there yet: nothing is begun, and the values are right all the same.
    assert part.read(1) == b"\0"
    assert near(measure(board, clock), 2142, 100325, 4010)


def test_power_up_defaults_are_no_measurement(board: Board, clock: Clock, part: BMx280) -> None:
    ms, handle = bme280.start(board, {})
    part.power(False)
    part.power(True)  # it lost its supply for a moment
    clock.ms += ms
    part.write(b"\xf7")
    assert part.read(8) == b"\x80\0\0\x80\0\0\x80\0"
    with pytest.raises(OSError) as caught:
        bme280.read(handle)
    assert caught.value.args[0] == errno.EIO


def test_left_in_normal_mode_with_a_filter(board: Board, clock: Clock, scene: Scene, part: BMx280) -> None:
    part.write(b"\xf5\x10\xf2\x05\xf4\xb7")  # filter 16, all 16 times, normal mode: as another program may leave it
    clock.ms += 2000
    part.write(b"\xf7")
    part.read(8)
    scene.set("pressure_hpa", 950.0)
    assert near(measure(board, clock), 2142, 95000, 4010)
    part.write(b"\xf4")
    assert part.read(2) == b"\x24\x00"  # asleep, no filter


def test_never_done_measuring(board: Board, clock: Clock, scene: Scene) -> None:
    scene.fail("bme280", "busy")
    with pytest.raises(TimeoutError):
        measure(board, clock)


def test_no_acknowledge(board: Board, scene: Scene) -> None:
    scene.fail("bme280", "nack")
    with pytest.raises(OSError) as caught:
        bme280.start(board, {})
    assert caught.value.args[0] == errno.ENODEV


def test_bus_stuck_low(board: Board, clock: Clock, scene: Scene) -> None:
    ms, handle = bme280.start(board, {})
    clock.ms += ms
    scene.fail("bme280", "stuck")
    with pytest.raises(OSError) as caught:
        bme280.read(handle)
    assert caught.value.args[0] == errno.EIO
    assert error_of(board, clock) == errno.EIO


def test_bus_held_low(board: Board, clock: Clock) -> None:
    board.bus.dead = True
    assert error_of(board, clock) == errno.EIO


def test_another_address(clock: Clock, scene: Scene) -> None:
    board = Board(BMx280(clock, scene, 0x77))
    clock.ms += 3
    assert near(measure(board, clock, {"address": 0x77}), 2142, 100325, 4010)
    with pytest.raises(OSError):
        bme280.start(board, {})
    with pytest.raises(ValueError, match="0x78"):
        BMx280(clock, scene, 0x78)


def test_reset_and_sleep_of_the_model(clock: Clock, part: BMx280) -> None:
    part.write(b"\xf4\x24")  # settings without a mode: nothing runs
    clock.ms += 100
    part.write(b"\xf3")
    assert part.read(2) == b"\x00\x24"
    part.write(b"\xe0\xb6")  # 5.4.2
    with pytest.raises(Nack):
        part.read(1)
    clock.ms += 3
    part.write(b"\xf4")
    assert part.read(1) == b"\0"
    part.power(False)
    with pytest.raises(Nack):
        part.write(b"")


def test_humidity_settings_count_from_ctrl_meas_on(clock: Clock, part: BMx280) -> None:
    part.write(b"\xf4\x25")
    part.write(b"\xf2\x01")  # too late (5.4.3)
    clock.ms += 12
    part.write(b"\xfd")
    assert part.read(2) == b"\x80\x00"
