"""The SHT4x driver against the register-level model, and the model against Sensirion's Datasheet SHT4x, version 7.3."""

from __future__ import annotations

import errno
from functools import partial

import pytest
from wired import Board, Clock, errno_of, values_of

from dormouse.virtual.devices import Nack
from dormouse.virtual.devices.scene import Scene
from dormouse.virtual.devices.sensirion import crc8
from dormouse.virtual.devices.sht4x import MEASURE_MS, SHT4x
from sensors import sht4x

SCENE = {"temperature_c": 21.42, "humidity_pct": 40.1}

measure = partial(values_of, sht4x)
error_of = partial(errno_of, sht4x)


@pytest.fixture
def part(clock: Clock, scene: Scene) -> SHT4x:
    made = SHT4x(clock, scene)
    clock.ms += 1  # power-up
    return made


def test_crc_of_the_model_is_the_datasheets() -> None:
    assert crc8(bytes((0xBE, 0xEF))) == 0x92  # table 7


@pytest.mark.parametrize("precision", ["high", "medium", "low"])
def test_measures(board: Board, clock: Clock, precision: str) -> None:
    assert measure(board, clock, {"precision": precision}) == (2142, 4010)


def test_high_precision_is_the_default(board: Board, part: SHT4x, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    monkeypatch.setattr(part, "write", written.append)
    sht4x.start(board, {})
    assert written == [b"\xfd"]


@pytest.mark.parametrize(("precision", "longest_ms"), [("high", 8.3), ("medium", 4.5), ("low", 1.6)])
def test_waits_for_the_slowest_part_and_a_tick(board: Board, precision: str, longest_ms: float) -> None:
    # A millisecond clock may show the next tick at once: a wait of n ticks lasts more than n - 1 ms only.
    ms, _ = sht4x.start(board, {"precision": precision})
    assert longest_ms <= ms - 1 < longest_ms + 1


@pytest.mark.parametrize(
    ("celsius", "percent", "centi"),
    [
        (-40.0, 0.0, (-4000, 0)),
        (0.0, 50.0, (0, 5000)),
        (125.0, 100.0, (12500, 10000)),
        (-60.0, -20.0, (-4500, 0)),  # below what the part can say
        (200.0, 130.0, (13000, 10000)),  # above
        (20.0, -3.0, (2000, 0)),  # within its tolerance, but no humidity: cropped
        (20.0, 104.0, (2000, 10000)),
    ],
)
def test_range(board: Board, clock: Clock, scene: Scene, celsius: float, percent: float, centi: tuple[int, int]) -> None:
    scene.set("temperature_c", celsius)
    scene.set("humidity_pct", percent)
    assert measure(board, clock) == centi


def test_still_converting_is_an_error(board: Board, clock: Clock) -> None:
    _, handle = sht4x.start(board, {})
    clock.ms += 8
    with pytest.raises(OSError):
        sht4x.read(handle)
    clock.ms += 1
    assert sht4x.read(handle) == (2142, 4010)


def test_never_done_converting_is_an_error(board: Board, clock: Clock, scene: Scene) -> None:
    scene.fail("sht4x", "busy")
    assert error_of(board, clock) == errno.ENODEV


def test_a_measurement_is_read_once(board: Board, clock: Clock) -> None:
    ms, handle = sht4x.start(board, {})
    clock.ms += ms
    sht4x.read(handle)
    with pytest.raises(OSError):  # never the old values again
        sht4x.read(handle)


def test_wrong_crc(board: Board, clock: Clock, scene: Scene) -> None:
    scene.fail("sht4x", "crc")
    assert error_of(board, clock) == errno.EIO
    scene.fail("sht4x", None)
    assert measure(board, clock) == (2142, 4010)


def test_no_acknowledge(board: Board, scene: Scene) -> None:
    scene.fail("sht4x", "nack")
    with pytest.raises(OSError) as caught:
        sht4x.start(board, {})
    assert caught.value.args[0] == errno.ENODEV


def test_bus_stuck_low_is_an_error(board: Board, clock: Clock, scene: Scene) -> None:
    scene.fail("sht4x", "stuck")
    assert error_of(board, clock) == errno.EIO


def test_another_address(clock: Clock, scene: Scene) -> None:
    board = Board(SHT4x(clock, scene, 0x46))
    clock.ms += 1
    assert measure(board, clock, {"address": 0x46}) == (2142, 4010)
    with pytest.raises(OSError):
        sht4x.start(board, {})


def test_serial_number(part: SHT4x, board: Board) -> None:
    part.serial = 0xBEEF1234
    assert sht4x.probe(board, {}) == 0xBEEF1234


def test_power_up_default(clock: Clock, scene: Scene) -> None:
    part = SHT4x(clock, scene)
    with pytest.raises(Nack):
        part.write(b"\xfd")  # within t_PU
    clock.ms += 1
    with pytest.raises(Nack):
        part.read(6)  # nothing was measured
    part.write(b"\xfd")


def test_power_cut_forgets_the_measurement(clock: Clock, part: SHT4x) -> None:
    part.write(b"\xfd")
    clock.ms += 9
    part.power(False)
    with pytest.raises(Nack):
        part.write(b"")
    part.power(True)
    clock.ms += 1
    with pytest.raises(Nack):
        part.read(6)


def test_reset_aborts(clock: Clock, part: SHT4x) -> None:
    part.write(b"\xfd")
    with pytest.raises(Nack):
        part.write(b"\xe0")
    part.write(b"\x94")
    with pytest.raises(Nack):
        part.write(b"\xfd")  # t_SR
    clock.ms += 1
    with pytest.raises(Nack):
        part.read(6)
    part.write(b"\xfd")


def test_heater_takes_its_time_and_measures(clock: Clock, part: SHT4x) -> None:
    part.write(b"\x15")  # 0.1 s
    clock.ms += 100
    with pytest.raises(Nack):
        part.read(6)
    clock.ms += 10 + MEASURE_MS[0xFD]
    data = part.read(6)
    assert sht4x.centi_c(data[0] << 8 | data[1]) == 2142


def test_unknown_command_is_refused(part: SHT4x) -> None:
    with pytest.raises(Nack):
        part.write(b"\x2c\x06")  # an SHT3x's


def test_reading_on_and_less(clock: Clock, part: SHT4x) -> None:
    part.write(b"\xe0")
    clock.ms += 2
    assert len(part.read(2)) == 2  # the master may stop early
    part.write(b"\xe0")
    clock.ms += 2
    assert part.read(8)[6:] == b"\xff\xff"


def test_address_of_the_model() -> None:
    with pytest.raises(ValueError, match="0x47"):
        SHT4x(Clock(), Scene(lambda: 0.0), 0x47)
