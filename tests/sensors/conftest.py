"""What the tests of one I2C driver share: a clock, a scene of the module's SCENE, a board with the module's `part`."""

from __future__ import annotations

import time

import pytest
from wired import Board, Clock

from dormouse.virtual.devices import I2CDevice
from dormouse.virtual.devices.scene import Scene


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time that also passes while a driver sleeps."""
    made = Clock()

    def sleep_us(us: int) -> None:
        made.ms += us / 1000

    monkeypatch.setattr(time, "sleep_us", sleep_us, raising=False)
    return made


@pytest.fixture
def scene(clock: Clock, request: pytest.FixtureRequest) -> Scene:
    """What is to be measured."""
    made = Scene(lambda: clock.ms / 1000)
    for name, value in request.module.SCENE.items():
        made.set(name, value)
    return made


@pytest.fixture
def board(part: I2CDevice) -> Board:
    """A board with the part."""
    return Board(part)
