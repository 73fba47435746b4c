"""Whole wakes with a sensor of the surroundings: what is published is what the scene has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dormouse.virtual.devices.bme280 import BMP280, BMx280
from dormouse.virtual.world import World
from nodes import Listener, MakeNode

SCENE = {"temperature_c": -7.25, "pressure_hpa": 987.6, "humidity_pct": 83.4, "illuminance_lx": 61234.5}


def record(
    make_node: MakeNode,
    mosquitto: Any,
    listener: Listener,
    board: str,
    sensor: dict[str, Any],
    devices: Callable[..., Any] | None = None,
) -> dict[str, Any]:
    """The first record of a node with one sensor, "here"; devices: the parts, when not those that the driver stands for."""
    options: dict[str, Any] = {"speed": 8}
    if devices:
        options["world"] = World(devices=devices)
    node = make_node(
        board, options=options, BROKER=f"{mosquitto.host}:{mosquitto.port}", SENSORS={"here": sensor}, MAX_AWAKE_S=60
    )
    for name, value in SCENE.items():
        node.scene.set(name, value)
    while not listener.on("readings"):
        wake = node.run_wake()
        assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
        if any(phase == "burst" for phase, _, _ in wake.phases):
            listener.until(lambda: bool(listener.on("readings")))
    return listener.on("readings")[0]


def near(values: dict[str, float], **most: float) -> bool:
    """The fields are those named, each as near to the scene's value as said."""
    return set(values) == set(most) and all(abs(values[name] - SCENE[name]) <= most[name] for name in most)


def test_bme280(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    here = record(make_node, mosquitto, listener, "pyboard_d", {"driver": "bme280", "oversampling": 16})["here"]
    assert near(here, temperature_c=0.01, pressure_hpa=0.03, humidity_pct=0.06), here


def test_bmp280(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    here = record(
        make_node, mosquitto, listener, "esp8266", {"driver": "bme280"}, lambda now, scene: [BMx280(now, scene, chip=BMP280)]
    )["here"]
    assert near(here, temperature_c=0.01, pressure_hpa=0.03), here  # no humidity, and no invented one


def test_sht3x(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    here = record(make_node, mosquitto, listener, "feather_s2", {"driver": "sht3x", "address": 0x45})["here"]
    assert near(here, temperature_c=0.005, humidity_pct=0.005), here


def test_bh1750(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    # Brighter than the first range: read() asks for another one.
    here = record(make_node, mosquitto, listener, "esp8266", {"driver": "bh1750"})["here"]
    assert near(here, illuminance_lx=1.0), here
