"""Every folder of boards/ is a board that works: it boots, delivers what it measured, sleeps, and does it again."""

from __future__ import annotations

from typing import Any

import pytest

from dormouse.virtual import models
from nodes import Listener, MakeNode

BATTERY_MV = 3700


@pytest.mark.parametrize("board", models.names())
def test_a_board_wakes_delivers_and_sleeps(board: str, make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    node = make_node(
        board,
        options={"speed": 20},
        BROKER=f"{mosquitto.host}:{mosquitto.port}",
        NAME=f"b-{board.replace('_', '-')}",
        MAX_AWAKE_S=60,
        SENSORS={"air": {"driver": "sht4x"}},
        BATTERY={"type": "lipo", "mah": 1000},
    )
    node.scene.set("battery_mv", BATTERY_MV)
    for _ in range(2):  # a power-up, and a warm one
        wake = node.run_wake()
        assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
        assert "delivered 1" in wake.output
    listener.until(lambda: len(listener.records()) == 2)
    for record in listener.records():
        assert record["air"]["temperature_c"] and abs(record["battery"]["voltage_v"] * 1000 - BATTERY_MV) <= 10, record
