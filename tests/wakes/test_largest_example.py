"""The largest shipped example fits the heap that design.md allows a whole wake, on the three main boards."""

from __future__ import annotations

from typing import Any

import pytest

from dormouse import settings
from nodes import BOARDS, ROOT, Listener, MakeNode

HEAP = "48K"  # as tests/wakes/test_small_heap.py: the shims' own footprint is added to it
# The example is for the Feather S2; the same sensors on the pins of the others.
_PINS: dict[str, dict[object, object]] = {
    "feather_s2": {},
    "pyboard_d": {5: "X5", 6: "X3", 7: "X6"},
    "esp8266": {5: 14, 6: 0, 7: 12},
}


def example(board: str) -> dict[str, Any]:
    """The settings of nodes/example_weather.py with the pins of another board."""
    values = dict(settings.load(ROOT, node="example_weather").values)
    pins = _PINS[board]
    sensors = {name: dict(options) for name, options in values["SENSORS"].items()}
    for options in sensors.values():
        for option in ("pin", "supply"):
            if option in options:
                options[option] = pins.get(options[option], options[option])
    return {"WAKE_EVERY_S": values["WAKE_EVERY_S"], "SENSORS": sensors}


@pytest.mark.parametrize("board", BOARDS)
def test_whole_wakes_with_every_sensor(make_node: MakeNode, board: str, mosquitto: Any, listener: Listener) -> None:
    wanted = example(board)
    address = f"{mosquitto.host}:{mosquitto.port}"
    node = make_node(board, options={"heap": HEAP, "speed": 8}, BROKER=address, NAME="largest", **wanted)
    wakes = []
    while sum(any(phase[0] == "measure" for phase in wake.phases) for wake in wakes) < 4:
        wakes.append(node.run_wake())
        assert (wakes[-1].ended, wakes[-1].by) == ("deepsleep", "node"), wakes[-1].output
        assert "Error" not in wakes[-1].output, wakes[-1].output
    listener.until(lambda: len(listener.records()) == 4)
    readings = sorted(listener.records(), key=lambda reading: reading["seq"])
    for reading in readings:
        assert set(wanted["SENSORS"]) - {"bed"} <= set(reading)
        assert ("bed" in reading) == (reading["seq"] in (1, 4))
