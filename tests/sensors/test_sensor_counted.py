"""The drivers adc, soil and pulse against their models: what is not connected, not supplied, or the other way round."""

from __future__ import annotations

import errno
from itertools import pairwise
from typing import Any

import pytest

from dormouse.virtual.devices.adc import Voltage
from dormouse.virtual.devices.pulse import Pulse
from dormouse.virtual.devices.scene import Scene
from dormouse.virtual.devices.soil import Probe
from sensors import adc, soil

SOIL = {"pin": 5, "dry_mv": 2500, "wet_mv": 1200}


class Board:
    """A profile whose converter sees one part, in whole millivolts, up to its end."""

    def __init__(self, part: Any, end_mv: int = 3300) -> None:
        self.part = part
        self.end_mv = end_mv

    def adc_mv(self, pin: int) -> int:
        assert str(pin) == self.part.pin
        return min(self.end_mv, round(self.part.mv()))


@pytest.fixture
def scene() -> Scene:
    return Scene(lambda: 0.0)


def read(driver: Any, board: Board, options: dict[str, Any]) -> Any:
    ms, handle = driver.start(board, options)
    assert ms == 0
    return driver.read(handle)


def test_voltage(scene: Scene) -> None:
    scene.set("signal_v", 4.2)
    part = Voltage(scene, "6", (3, 1))
    assert read(adc, Board(part), {"pin": 6, "ratio": (3, 1)}) == (4200,)
    assert read(adc, Board(part, 1000), {"pin": 6, "ratio": (3, 1)}) == (3000,)  # the converter's end
    part.power(False)
    assert read(adc, Board(part), {"pin": 6}) == (0,)
    part.power(True)
    scene.fail("adc", "open")
    assert read(adc, Board(part), {"pin": 6}) == (0,)


@pytest.mark.parametrize("percent", [0, 1, 37, 50, 99, 100])
def test_soil(scene: Scene, percent: int) -> None:
    scene.set("soil_pct", percent)
    assert read(soil, Board(Probe(scene, "5", 2500, 1200)), SOIL) == (percent,)


@pytest.mark.parametrize("failure", ["open", "stuck", "no supply"])
def test_soil_that_is_none(scene: Scene, failure: str) -> None:
    part = Probe(scene, "5", 2500, 1200)
    if failure == "no supply":
        part.power(False)
    else:
        scene.fail("soil", failure)
    with pytest.raises(OSError) as caught:
        read(soil, Board(part), SOIL)
    assert caught.value.args[0] == errno.EIO


def edges(part: Pulse, begin_ms: float, end_ms: float) -> list[tuple[float, int]]:
    found = []
    while (edge := part.next_edge(begin_ms)) and edge[0] <= end_ms:
        found.append(edge)
        begin_ms = edge[0]
    return found


def test_pulses_are_a_square_wave(scene: Scene) -> None:
    scene.set("pulse_hz", 30)
    part = Pulse(scene, "7")
    part.power(True)
    found = edges(part, 1000, 2000)
    assert abs(len(found) - 60) <= 1
    assert [level for _, level in found] == [i % 2 for i in range(len(found))]
    assert all(abs(b[0] - a[0] - 500 / 30) < 1e-6 for a, b in pairwise(found))
    # Asked again, about the past too, it says the same; the level between two edges is that of the first.
    again = edges(part, 1000, 2000)
    assert [(pytest.approx(at), level) for at, level in found] == again
    for (at, level), (after, _) in pairwise(found):
        assert part.level((at + after) / 2, 1) == level


def test_pulses_that_do_not_come(scene: Scene) -> None:
    part = Pulse(scene, "7")
    assert part.next_edge(0) is None  # no supply
    part.power(True)
    assert part.next_edge(0)
    scene.fail("pulse", "open")
    assert part.next_edge(0) is None
    assert (part.level(0, 1), part.level(0, 0)) == (1, 0)  # whatever pulls it
    scene.fail("pulse", "stuck")
    assert part.next_edge(0) is None
    assert part.level(0, 1) == 0
    scene.fail("pulse", None)
    scene.set("pulse_hz", 0)
    assert part.next_edge(0) is None
