"""The SHT3x driver against the command-level model, and the model against Sensirion's Datasheet SHT3x-DIS, version 5."""

from __future__ import annotations

import errno
import time
from functools import partial

import pytest
from wired import Board, Clock, errno_of, values_of

from dormouse.virtual.devices import Nack
from dormouse.virtual.devices.scene import Scene
from dormouse.virtual.devices.sht3x import SHT3x
from sensors import sht3x

SCENE = {"temperature_c": 21.42, "humidity_pct": 40.1}

measure = partial(values_of, sht3x)
error_of = partial(errno_of, sht3x)


@pytest.fixture
def part(clock: Clock, scene: Scene) -> SHT3x:
    made = SHT3x(clock, scene)
    clock.ms += 2  # power-up
    return made


@pytest.mark.parametrize(("precision", "longest_ms"), [("high", 15.5), ("medium", 6.5), ("low", 4.5)])
def test_measures_and_waits_for_the_slowest_part_and_a_tick(
    board: Board, clock: Clock, precision: str, longest_ms: float
) -> None:
    ms, handle = sht3x.start(board, {"precision": precision})
    assert longest_ms <= ms - 1 < longest_ms + 1
    clock.ms += longest_ms - 0.1
    with pytest.raises(OSError):  # still converting
        sht3x.read(handle)
    clock.ms += 0.2
    assert sht3x.read(handle) == (2142, 4010)
    with pytest.raises(OSError):  # never the old values again
        sht3x.read(handle)


def test_high_precision_without_clock_stretching_is_the_default(
    board: Board, part: SHT3x, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    monkeypatch.setattr(part, "write", written.append)
    sht3x.start(board, {})
    assert written == [b"\x24\x00"]


@pytest.mark.parametrize(
    ("celsius", "percent", "centi"),
    [
        (-40.0, 0.0, (-4000, 0)),
        (0.0, 50.0, (0, 5000)),
        (125.0, 100.0, (12500, 10000)),
        (-60.0, -20.0, (-4500, 0)),  # below what the part can say
        (200.0, 130.0, (13000, 10000)),  # above
    ],
)
def test_range(board: Board, clock: Clock, scene: Scene, celsius: float, percent: float, centi: tuple[int, int]) -> None:
    scene.set("temperature_c", celsius)
    scene.set("humidity_pct", percent)
    assert measure(board, clock) == centi


@pytest.mark.parametrize("soft", [False, True])
def test_left_in_periodic_mode_by_another_program(board: Board, clock: Clock, part: SHT3x, soft: bool) -> None:
    board.bus.soft = soft
    part.write(b"\x27\x37")
    clock.ms += 500
    for command in (b"\x24\x00", b"\x30\xa2"):
        with pytest.raises(Nack):
            part.write(command)
    ms, handle = sht3x.start(board, {"precision": "low"})
    assert ms == 2  # 1 ms (4.8), and a tick
    clock.ms += ms
    assert sht3x.read(handle) == 6  # only now begun
    clock.ms += 6
    assert sht3x.read(handle) == (2142, 4010)
    assert measure(board, clock) == (2142, 4010)


def test_never_done_converting_is_an_error(board: Board, clock: Clock, scene: Scene) -> None:
    scene.fail("sht3x", "busy")
    assert error_of(board, clock) == errno.ENODEV


def test_wrong_crc(board: Board, clock: Clock, scene: Scene) -> None:
    scene.fail("sht3x", "crc")
    assert error_of(board, clock) == errno.EIO
    scene.fail("sht3x", None)
    assert measure(board, clock) == (2142, 4010)


def test_no_acknowledge(board: Board, scene: Scene) -> None:
    scene.fail("sht3x", "nack")
    with pytest.raises(OSError) as caught:
        sht3x.start(board, {})
    assert caught.value.args[0] == errno.ENODEV


def test_bus_stuck_low_is_an_error(board: Board, clock: Clock, scene: Scene) -> None:
    scene.fail("sht3x", "stuck")
    assert error_of(board, clock) == errno.EIO


def test_bus_held_low(board: Board, clock: Clock) -> None:
    board.bus.dead = True
    assert error_of(board, clock) == errno.EIO


def test_another_address(clock: Clock, scene: Scene) -> None:
    board = Board(SHT3x(clock, scene, 0x45))
    clock.ms += 2
    assert measure(board, clock, {"address": 0x45}) == (2142, 4010)
    with pytest.raises(OSError):
        sht3x.start(board, {})
    with pytest.raises(ValueError, match="0x46"):
        SHT3x(clock, scene, 0x46)


def test_serial_number(board: Board, clock: Clock, part: SHT3x, monkeypatch: pytest.MonkeyPatch) -> None:
    def pass_time(us: int) -> None:
        clock.ms += us / 1000

    monkeypatch.setattr(time, "sleep_us", pass_time, raising=False)
    part.serial = 0xBEEF1234
    assert sht3x.probe(board, {}) == 0xBEEF1234


def test_power_up_default(clock: Clock, scene: Scene) -> None:
    part = SHT3x(clock, scene)
    with pytest.raises(Nack):
        part.write(b"\x24\x00")  # within t_PU
    clock.ms += 1.5
    with pytest.raises(Nack):
        part.read(6)  # nothing was measured
    part.write(b"\xf3\x2d")
    clock.ms += 1
    assert part.read(3)[:2] == b"\x80\x10"  # table 18


def test_reset_and_power_cut_forget_the_measurement(clock: Clock, part: SHT3x) -> None:
    part.write(b"\x24\x16")
    with pytest.raises(Nack):
        part.write(b"\x30\xa2")  # busy
    clock.ms += 5
    part.write(b"\x30\xa2")
    with pytest.raises(Nack):
        part.write(b"\x24\x00")  # t_SR
    clock.ms += 1.5
    with pytest.raises(Nack):
        part.read(6)
    part.write(b"\x24\x16")
    clock.ms += 5
    part.power(False)
    with pytest.raises(Nack):
        part.write(b"")
    part.power(True)
    clock.ms += 1.5
    with pytest.raises(Nack):
        part.read(6)


def test_unknown_commands_are_refused(part: SHT3x) -> None:
    for command in (b"\xfd", b"\x21\x9d", b"\x24\x00\x00"):
        with pytest.raises(Nack):
            part.write(command)
