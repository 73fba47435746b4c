"""Whole wakes with what is counted and what is analogue: pins that the scene moves, compared with what is published."""

from __future__ import annotations

from typing import Any

import pytest

from nodes import BOARDS, Listener, MakeNode

# Pins with a converter and an interrupt; the ESP8266 has one converter.
SENSORS: dict[str, dict[str, dict[str, Any]]] = {
    "feather_s2": {
        "well": {"driver": "soil", "pin": 5, "dry_mv": 2400, "wet_mv": 1100},
        "panel": {"driver": "adc", "pin": 6, "ratio": (3, 1)},
        "flow": {"driver": "pulse", "pin": 7, "window_ms": 2000},
        "chip": {"driver": "chip"},
    },
    "pyboard_d": {
        "well": {"driver": "soil", "pin": "X5", "dry_mv": 2400, "wet_mv": 1100},
        "panel": {"driver": "adc", "pin": "X6", "ratio": (3, 1)},
        "flow": {"driver": "pulse", "pin": "X7", "window_ms": 2000, "edge": "rising"},
        "chip": {"driver": "chip"},
    },
    "esp8266": {
        "well": {"driver": "soil", "pin": 0, "dry_mv": 800, "wet_mv": 400},
        "flow": {"driver": "pulse", "pin": 14, "window_ms": 2000},
    },
}


@pytest.mark.parametrize("board", BOARDS)
def test_what_is_published_is_the_scene(make_node: MakeNode, board: str, mosquitto: Any, listener: Listener) -> None:
    node = make_node(
        board,
        options={"speed": 8},
        BROKER=f"{mosquitto.host}:{mosquitto.port}",
        NAME=f"counted-{board[:3]}",
        BATTERY=None,
        SENSORS=SENSORS[board],
    )
    # An empty battery: a Pyboard's supply falls with it, and its converter must not follow.
    for name, value in {"soil_pct": 40, "signal_v": 4.2, "pulse_hz": 80, "chip_c": 31.4, "battery_mv": 3150}.items():
        node.scene.set(name, value)
    wake = node.run_wake()
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    listener.until(lambda: bool(listener.records()))
    reading = listener.records()[0]
    assert abs(reading["well"]["moisture_pct"] - 40) <= 1, reading
    # --speed divides the window: 250 ms, longer when the host is slow; what comes late is lost, as on a board.
    assert 15 <= reading["flow"]["count"] and 60 <= reading["flow"]["frequency_hz"] <= 85, reading
    if board != "esp8266":
        assert abs(reading["panel"]["voltage_v"] - 4.2) <= 0.03, reading
        assert reading["chip"]["temperature_c"] == 31, reading
    # Nobody is there: the others go on.
    node.scene.fail("soil", "open")
    node.scene.fail("pulse", "open")
    node.run_wake()
    listener.until(lambda: len(listener.records()) == 2)
    reading = listener.records()[1]
    assert "well" not in reading, reading
    assert reading["flow"] == {"frequency_hz": 0.0, "count": 0}
    assert board == "esp8266" or abs(reading["panel"]["voltage_v"] - 4.2) <= 0.03
