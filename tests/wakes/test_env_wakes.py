"""Whole wakes with sensors of the surroundings: published is what the scene has, and never what nobody measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dormouse.virtual.devices.bh1750 import BH1750
from dormouse.virtual.devices.bme280 import BMP280, BMx280
from dormouse.virtual.devices.veml7700 import VEML7700
from dormouse.virtual.world import World
from nodes import Listener, MakeNode

SCENE = {"temperature_c": -7.25, "pressure_hpa": 987.6, "humidity_pct": 83.4, "illuminance_lx": 61234.5}


def record(
    make_node: MakeNode,
    mosquitto: Any,
    listener: Listener,
    board: str,
    sensors: dict[str, Any],
    *,
    devices: Callable[..., Any] | None = None,
    failures: dict[str, str] | None = None,
) -> dict[str, Any]:
    """A node's first record. devices: the parts, when not those that the drivers stand for. failures: of parts, by driver."""
    options: dict[str, Any] = {"speed": 8}
    if devices:
        options["world"] = World(devices=devices)
    node = make_node(board, options=options, BROKER=f"{mosquitto.host}:{mosquitto.port}", SENSORS=sensors, MAX_AWAKE_S=60)
    for name, value in SCENE.items():
        node.scene.set(name, value)
    for part, how in (failures or {}).items():
        node.scene.fail(part, how)
    while not listener.records():
        wake = node.run_wake()
        assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
        if any(phase == "burst" for phase, _, _ in wake.phases):
            listener.until(lambda: bool(listener.records()))
    return listener.records()[0]


def near(values: dict[str, float], **most: float) -> bool:
    """The fields are those named, each as near to the scene's value as said."""
    return set(values) == set(most) and all(abs(values[name] - SCENE[name]) <= most[name] for name in most)


@pytest.mark.parametrize("board", ["feather_s2", "pyboard_d"])
def test_four_on_one_bus(make_node: MakeNode, mosquitto: Any, listener: Listener, board: str) -> None:
    sensors = {
        "weather": {"driver": "bme280", "oversampling": 16},
        "air": {"driver": "sht3x", "address": 0x45},
        "sky": {"driver": "bh1750"},  # too bright for its first range: read() asks for another one
        "sun": {"driver": "veml7700"},
    }
    shown = record(make_node, mosquitto, listener, board, sensors)
    assert near(shown["weather"], temperature_c=0.01, pressure_hpa=0.03, humidity_pct=0.06), shown
    assert near(shown["air"], temperature_c=0.005, humidity_pct=0.005), shown
    assert near(shown["sky"], illuminance_lx=1.0), shown
    assert near(shown["sun"], illuminance_lx=10.0), shown


def test_a_bmp280_and_dusk(make_node: MakeNode, mosquitto: Any, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCENE, "illuminance_lx", 4.2)
    shown = record(
        make_node,
        mosquitto,
        listener,
        "esp8266",
        {"weather": {"driver": "bme280"}, "sun": {"driver": "veml7700"}},
        devices=lambda now, scene: [BMx280(now, scene, chip=BMP280), VEML7700(now, scene)],
    )
    assert near(shown["weather"], temperature_c=0.01, pressure_hpa=0.03), shown  # no humidity, and no invented one
    assert near(shown["sun"], illuminance_lx=0.02), shown


def test_a_bus_held_low_is_not_darkness(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    # The ESP8266's bus is SoftI2C: SDA held low acknowledges everything and reads 0.
    sensors = {"sky": {"driver": "bh1750"}, "cell": {"driver": "battery"}}
    shown = record(
        make_node,
        mosquitto,
        listener,
        "esp8266",
        sensors,
        devices=lambda now, scene: [BH1750(now, scene)],
        failures={"bh1750": "stuck"},
    )
    assert "sky" not in shown
    assert "cell" in shown
