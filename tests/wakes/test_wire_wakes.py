"""Whole wakes with parts on wires of their own, DS18B20 and DHT22: what is published is what the scene has."""

from __future__ import annotations

from typing import Any

import pytest

from dormouse.virtual.devices.dht22 import DHT22
from dormouse.virtual.devices.ds18b20 import DS18B20, rom_of
from dormouse.virtual.world import World
from nodes import BOARDS, Listener, MakeNode

_PINS = {"feather_s2": (5, 6), "pyboard_d": ("X3", "X4"), "esp8266": (5, 4)}


def _node(make_node: MakeNode, board: str, mosquitto: Any, sensors: dict[str, Any], devices: Any = None) -> Any:
    options = {"speed": 8, "world": World(devices=devices)}
    address = f"{mosquitto.host}:{mosquitto.port}"
    node = make_node(board, options=options, SENSORS=sensors, BROKER=address, BATTERY=None, MAX_AWAKE_S=60)
    node.scene.set("ground_c", -10.125)
    node.scene.set("temperature_c", -10.1)
    node.scene.set("humidity_pct", 65.8)
    return node


def _record(node: Any, listener: Listener) -> tuple[dict[str, Any], str]:
    """The next record, and what the node printed."""
    before = len(listener.records())
    output = ""
    while len(listener.records()) == before:
        wake = node.run_wake()
        output += wake.output
        assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
        if any(phase == "burst" for phase, _, _ in wake.phases):
            listener.until(lambda: len(listener.records()) > before)
    return listener.records()[-1], output


@pytest.mark.parametrize("board", BOARDS)
def test_both_are_published_and_one_that_breaks_is_not(
    make_node: MakeNode, board: str, mosquitto: Any, listener: Listener
) -> None:
    _, pin = _PINS[board]
    node = _node(
        make_node,
        board,
        mosquitto,
        {"ground": {"driver": "ds18b20"}, "air": {"driver": "dht22", "pin": pin}, "hut": {"driver": "sht4x"}},
    )
    first, output = _record(node, listener)
    assert first["ground"] == {"temperature_c": -10.12}, output
    assert first["air"] == {"temperature_c": -10.1, "humidity_pct": 65.8}, output
    node.scene.set("temperature_c", 20.0)  # while it sleeps: the DHT22 has an old measurement then
    node.scene.fail("ds18b20", "stuck")
    second, output = _record(node, listener)
    assert "sensor ground failed: OSError(5" in output
    assert "ground" not in second
    assert second["air"]["temperature_c"] == second["hut"]["temperature_c"] == 20.0
    node.scene.fail("ds18b20", None)
    node.scene.fail("dht22", "nack")
    third, output = _record(node, listener)
    assert "sensor air failed: OSError(" in output
    assert "air" not in third
    assert third["ground"] == {"temperature_c": -10.12}


def test_several_on_one_pin_and_one_without_a_supply(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    pin, _ = _PINS["pyboard_d"]

    def parts(now_ms: Any, scene: Any) -> list[Any]:
        return [DS18B20(now_ms, scene, pin, rom_of(serial), offset_c=serial, parasite=serial == 3) for serial in (1, 2, 3)]

    sensors = {
        f"t{serial}": {"driver": "ds18b20", "pin": pin, "rom": rom_of(serial).hex(), "resolution": 8 + serial}
        for serial in (1, 2, 3)
    }
    node = _node(make_node, "pyboard_d", mosquitto, sensors, parts)
    record, output = _record(node, listener)
    assert "sensor t3 failed: OSError(19" in output
    assert {name: record.get(name) for name in sensors} == {
        "t1": {"temperature_c": -9.5},  # -9.125: steps of 0.5, downwards
        "t2": {"temperature_c": -8.25},  # steps of 0.25
        "t3": None,
    }


def test_dht22_on_the_switched_rail(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    _, pin = _PINS["feather_s2"]
    node = _node(make_node, "feather_s2", mosquitto, {"air": {"driver": "dht22", "pin": pin, "switched": True}})
    assert any(isinstance(part, DHT22) for part in node.devices)
    for celsius in (-10.1, 20.0):
        node.scene.set("temperature_c", celsius)
        record, output = _record(node, listener)
        assert record["air"] == {"temperature_c": celsius, "humidity_pct": 65.8}, output
