"""Three sensors, one of them broken: the others' readings are whole, the failure is counted, the wake is no longer for it."""

from __future__ import annotations

from typing import Any

import pytest

from nodes import BOARDS, Listener, MakeNode

_BREAKS = ("nack", "stuck")
# Another bus for one of them: where the line of a bus is held low, no other part on it can be heard.
_SECOND_BUS = {"feather_s2": (1, 12, 11), "pyboard_d": ("Y", None, None), "esp8266": (None, 14, 12)}


def _node(make_node: MakeNode, board: str, mosquitto: Any, sensors: dict[str, Any], **more: Any) -> Any:
    address = f"{mosquitto.host}:{mosquitto.port}"
    settings = {"SENSORS": sensors, "BROKER": address, "NAME": "three", "BATTERY": None, **more}
    return make_node(board, options={"speed": 4}, **settings)


def _wake(node: Any) -> Any:
    wake = node.run_wake()
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    return wake


@pytest.mark.parametrize("board", BOARDS)
def test_one_of_three_is_broken(make_node: MakeNode, board: str, mosquitto: Any, listener: Listener) -> None:
    sensors = {
        "air": {"driver": "sht4x", "i2c": _SECOND_BUS[board]},
        "sky": {"driver": "bme280"},
        "cell": {"driver": "battery", "scale": {"voltage_v": 0.5}},
    }
    node = _node(make_node, board, mosquitto, sensors)
    node.scene.set("temperature_c", 21.42)
    node.scene.set("pressure_hpa", 1002.5)
    node.scene.set("battery_mv", 3900)
    _wake(node)
    for how in _BREAKS:
        node.scene.fail("sht4x", how)
        assert "sensor air failed: OSError" in _wake(node).output, how
    node.scene.fail("sht4x", None)
    _wake(node)
    listener.until(lambda: len(listener.records()) == 2 + len(_BREAKS))
    whole, *broken, again = sorted(listener.records(), key=lambda reading: reading["seq"])
    for reading in (whole, *broken, again):
        assert abs(reading["sky"]["temperature_c"] - 21.42) < 0.03
        assert abs(reading["sky"]["pressure_hpa"] - 1002.5) < 0.3
        assert abs(reading["cell"]["voltage_v"] - 1.95) < 0.03
    assert all(reading["air"]["temperature_c"] == 21.42 for reading in (whole, again))
    assert not any("air" in reading for reading in broken)
