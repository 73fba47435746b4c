"""The INA219 driver against the register-level model, and the model against TI's datasheet SBOS448G."""

from __future__ import annotations

import errno
from functools import partial

import pytest
from wired import Board, Clock, values_of

from dormouse.virtual.devices import Nack
from dormouse.virtual.devices.ina219 import INA219, RESET
from dormouse.virtual.devices.scene import Scene
from sensors import ina219

SCENE = {"supply_v": 5.02, "current_ma": 123.4}

measure = partial(values_of, ina219)


@pytest.fixture
def part(clock: Clock, scene: Scene) -> INA219:
    return INA219(clock, scene)


def register(part: INA219, at: int) -> int:
    part.write(bytes((at,)))
    return int.from_bytes(part.read(2), "big")


def test_the_example_circuit_of_the_datasheet(clock: Clock, scene: Scene) -> None:
    # 9.2.2.1, table 8: 10 A through 2 mOhm below 12 V; configuration, calibration, and what the registers then say.
    scene.set("supply_v", 11.98)
    scene.set("current_ma", 10000)
    part = INA219(clock, scene, 0x40, 2)
    part.write(b"\x05\x50\x00")
    part.write(b"\x00\x01\x9f")
    clock.ms += 2
    assert [register(part, at) for at in (0, 1, 5, 4, 3)] == [0x019F, 0x07D0, 0x5000, 0x2710, 0x1766]
    assert register(part, 2) & ~3 == 0x5D98
    # The driver comes to the same from the same two voltages.
    assert measure(Board(part), clock, {"shunt_milliohm": 2}) == (11980, 1000000)


def test_measures_and_powers_down(board: Board, clock: Clock, part: INA219) -> None:
    for _ in range(2):
        assert measure(board, clock) == (5020, 12340)
        assert part.registers[0] & 7 == 0
        clock.ms += 60000


@pytest.mark.parametrize("average", [1, 2, 4, 8, 16, 32, 64, 128])
def test_waits_for_the_slowest_part_and_a_tick(board: Board, clock: Clock, part: INA219, average: int) -> None:
    part.write(b"\x00\x00\x00")  # powered down
    ms, handle = ina219.start(board, {"average": average})
    longest_ms = 2 * 0.586 * average + 0.04
    assert longest_ms <= ms - 1 < longest_ms + 1
    clock.ms += ms - 1
    assert ina219.read(handle) == (5020, 12340)


@pytest.mark.parametrize("range_mv", [40, 80, 160, 320])
def test_ranges(board: Board, clock: Clock, scene: Scene, range_mv: int) -> None:
    for share in (0.0, 0.5, -0.999, 0.999):
        scene.set("current_ma", 10 * range_mv * share)  # of 100 mOhm
        assert measure(board, clock, {"range_mv": range_mv})[1] == pytest.approx(1000 * range_mv * share, abs=6)
    for share in (1.0, -1.0, 3.0):
        scene.set("current_ma", 10 * range_mv * share)
        with pytest.raises(OSError) as caught:
            measure(board, clock, {"range_mv": range_mv})
        assert caught.value.args[0] == errno.EIO


@pytest.mark.parametrize("volts", [0.0, 0.004, 3.3, 15.996, 16.0, 25.996])
def test_bus_voltage(board: Board, clock: Clock, scene: Scene, volts: float) -> None:
    scene.set("supply_v", volts)
    assert measure(board, clock)[0] == round(1000 * volts)


def test_beyond_what_the_part_may_have_is_out_of_range(board: Board, clock: Clock, scene: Scene) -> None:
    scene.set("supply_v", 27)
    assert not ina219.RANGE[0] <= measure(board, clock)[0] <= ina219.RANGE[1]


def test_no_acknowledge(board: Board, scene: Scene) -> None:
    scene.fail("ina219", "nack")
    with pytest.raises(OSError) as caught:
        ina219.start(board, {})
    assert caught.value.args[0] == errno.ENODEV


@pytest.mark.parametrize("failure", ["busy", "stuck"])  # zeros say "not ready" for ever, which measure ends
def test_never_ready_is_never_a_value(board: Board, clock: Clock, scene: Scene, failure: str) -> None:
    measure(board, clock)
    scene.fail("ina219", failure)
    _, handle = ina219.start(board, {})
    for _ in range(30):
        clock.ms += 10
        assert ina219.read(handle) == 1


def test_still_converting_is_not_the_value_before(board: Board, clock: Clock, scene: Scene) -> None:
    measure(board, clock)
    scene.set("current_ma", 5.0)
    ms, handle = ina219.start(board, {"average": 128})
    clock.ms += ms / 2
    assert ina219.read(handle) == 1
    clock.ms += ms / 2
    assert ina219.read(handle) == (5020, 500)


def test_math_overflow_is_an_error(board: Board, clock: Clock, part: INA219, scene: Scene) -> None:
    # Somebody else's calibration: the part says that its current does not fit (8.6.3.2).
    part.write(b"\x05\xff\xfe")
    scene.set("current_ma", 3000)
    with pytest.raises(OSError) as caught:
        measure(board, clock)
    assert caught.value.args[0] == errno.EIO


def test_power_up_default(clock: Clock, part: INA219) -> None:
    assert [register(part, at) for at in range(6)] == [RESET, 0, 0, 0, 0, 0]
    clock.ms += 2  # it measures from then on
    assert register(part, 2) == (5020 // 4) << 3 | 2
    part.power(False)
    with pytest.raises(Nack):
        part.write(b"")
    part.power(True)
    assert register(part, 2) == 0


def test_another_address(clock: Clock, scene: Scene) -> None:
    board = Board(INA219(clock, scene, 0x4F))
    assert measure(board, clock, {"address": 0x4F}) == (5020, 12340)
    with pytest.raises(OSError):
        ina219.start(board, {})
    with pytest.raises(ValueError, match="0x50"):
        INA219(clock, scene, 0x50)


def test_identity(board: Board, part: INA219, scene: Scene) -> None:
    assert ina219.probe(board, {}) == RESET
    scene.fail("ina219", "stuck")
    with pytest.raises(OSError):
        ina219.probe(board, {})
    part.power(False)
    with pytest.raises(OSError):
        ina219.probe(board, {})
