"""`dormouse deploy` of a node for Home Assistant: what is gone from the configuration is told so by the file on the board."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from deploy_board import Bench, bench, was_reset

from dormouse.homeassistant import discovery

__all__ = ["bench"]

AIR, MORE = {"driver": "sht4x"}, {"driver": "bh1750"}
GONE = b"homeassistant/sensor/dormouse-shed/sky-illuminance_lx/config\t"


def test_a_sensor_that_went_is_deleted_there_too(bench: Callable[..., Bench], capsys: pytest.CaptureFixture[str]) -> None:
    common = {"SERVICE": "homeassistant", "NAME": "shed", "BATTERY": None}
    desk = bench("esp8266", None, SENSORS={"air": AIR, "sky": MORE}, **common)
    before = desk.on_board()[discovery.PATH]
    assert before == desk.wanted()[discovery.PATH] and GONE in before
    desk.configure(SENSORS={"air": AIR}, **common)
    desk.live(until=was_reset)
    assert desk.deploy() == 0, capsys.readouterr().err
    desk.join()
    lines = desk.on_board()[discovery.PATH].splitlines()
    assert [line for line in lines if line.endswith(b"\t")] == [GONE]
    assert lines[2:] == desk.wanted()[discovery.PATH].splitlines()[1:]
    # And from another name's entities it keeps its hands.
    desk.configure(SENSORS={"air": AIR}, **{**common, "NAME": "barn"})
    desk.live(until=was_reset)
    assert desk.deploy() == 0
    desk.join()
    assert desk.on_board()[discovery.PATH] == desk.wanted()[discovery.PATH]
    assert "note: the board was shed in Home Assistant, and no longer is" in capsys.readouterr().out
