"""The BH1750 driver against the command-level model, and the model against ROHM's Technical Note, 2009.04 Rev. B."""

from __future__ import annotations

import errno
from functools import partial

import pytest
from wired import Board, Clock, errno_of, values_of

from dormouse.virtual.devices import Nack
from dormouse.virtual.devices.bh1750 import BH1750
from dormouse.virtual.devices.scene import Scene
from sensors import bh1750

SCENE = {"illuminance_lx": 321.7}

measure = partial(values_of, bh1750)
error_of = partial(errno_of, bh1750)


@pytest.fixture
def part(clock: Clock, scene: Scene) -> BH1750:
    return BH1750(clock, scene)


def test_measures_waits_for_the_slowest_part_and_leaves_it_powered_down(board: Board, clock: Clock, part: BH1750) -> None:
    ms, handle = bh1750.start(board, {})
    assert ms == 181  # a wait of n ticks lasts more than n - 1 ms only
    assert part.awake
    clock.ms += ms
    ((tenths,), asleep) = bh1750.read(handle), not part.awake
    assert abs(tenths - 3217) <= 5  # half a count
    assert asleep


@pytest.mark.parametrize("lux", [0.0, 1.0, 54000.0, 54700.0, 100000.0, 121000.0])
def test_range(board: Board, clock: Clock, scene: Scene, lux: float) -> None:
    scene.set("illuminance_lx", lux)
    (tenths,) = measure(board, clock)
    assert abs(tenths - 10 * lux) <= 10
    scene.set("illuminance_lx", 10.0)
    assert abs(measure(board, clock)[0] - 100) <= 5  # the coarse range does not stay


def test_brighter_than_the_part_can_say(board: Board, clock: Clock, scene: Scene) -> None:
    scene.set("illuminance_lx", 130000.0)
    assert error_of(board, clock) == errno.EIO


def test_no_acknowledge(board: Board, clock: Clock, scene: Scene) -> None:
    ms, handle = bh1750.start(board, {})
    clock.ms += ms
    scene.fail("bh1750", "nack")
    for call, args in ((bh1750.start, (board, {})), (bh1750.read, (handle,)), (bh1750.probe, (board, {}))):
        with pytest.raises(OSError) as caught:
            call(*args)
        assert caught.value.args[0] == errno.ENODEV


def test_bus_held_low_is_not_darkness(board: Board, clock: Clock, scene: Scene) -> None:
    ms, handle = bh1750.start(board, {})
    clock.ms += ms
    board.bus.dead = True  # as SoftI2C sees it: all acknowledged, all zeros
    with pytest.raises(OSError) as caught:
        bh1750.read(handle)
    assert caught.value.args[0] == errno.EIO


def test_a_command_that_is_cut_short_is_no_measurement(
    board: Board, part: BH1750, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(data: bytes) -> None:
        raise Nack(0)

    measure(board, clock)
    board.bus.soft = True
    monkeypatch.setattr(part, "write", refuse)
    assert error_of(board, clock) == errno.EIO  # and not the last value


def test_another_address_and_probe(clock: Clock, scene: Scene) -> None:
    part = BH1750(clock, scene, 0x5C)
    board = Board(part)
    assert abs(measure(board, clock, {"address": 0x5C})[0] - 3217) <= 5
    assert bh1750.probe(board, {"address": 0x5C}) is None
    with pytest.raises(OSError):
        bh1750.start(board, {})
    with pytest.raises(ValueError, match="0x24"):
        BH1750(clock, scene, 0x24)


def test_data_of_the_model_are_the_last_finished_ones(clock: Clock, scene: Scene, part: BH1750) -> None:
    assert part.read(2) == b"\0\0"  # power-up
    part.write(b"\x20")
    clock.ms += 179
    assert part.read(2) == b"\0\0"
    scene.set("illuminance_lx", 1000.0)
    part.write(b"\x20")
    clock.ms += 180
    assert part.read(2) == (1200).to_bytes(2, "big")
    scene.fail("bh1750", "busy")
    part.write(b"\x20")
    clock.ms += 1000
    assert part.read(2) == (1200).to_bytes(2, "big")
    part.power(False)
    with pytest.raises(Nack):
        part.read(2)
    part.power(True)
    assert part.read(2) == b"\0\0"


def test_commands_of_the_model(clock: Clock, part: BH1750) -> None:
    part.write(b"\x42")  # powered down: lost
    part.write(b"\x7f")
    part.write(b"\x07")
    part.write(b"\x23")
    clock.ms += 24
    assert part.read(2) == (386).to_bytes(2, "big")  # 321.7 * 1.2, the default MTreg
    part.write(b"\x01")
    part.write(b"\x07")
    assert part.read(2) == b"\0\0"
    part.write(b"\x11")  # continuous, half a lux
    clock.ms += 180
    assert part.read(2) == (772).to_bytes(2, "big")
    assert part.awake
    part.write(b"\x00")
    assert not part.awake
    for data in (b"\x55", b"\x01\x20"):
        with pytest.raises(Nack):
            part.write(data)
