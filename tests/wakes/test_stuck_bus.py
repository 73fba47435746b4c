"""Whole wakes with three parts on one I2C bus: what they publish, and what one of them that holds a line costs."""

from __future__ import annotations

from typing import Any

import pytest

from dormouse.virtual.faults import Trace
from nodes import BOARDS, Listener, MakeNode

SENSORS = {
    "air": {"driver": "sht4x"},
    "supply": {"driver": "ina219", "shunt_milliohm": 50, "average": 4},
    "tank": {"driver": "ads1115", "in0": "gnd", "in1": 3, "range_v": 4.096, "scale": {"voltage_0_v": 2.0}},
}
SCENE = {"temperature_c": 21.42, "humidity_pct": 40.1, "supply_v": 12.34, "current_ma": 250.2, "signal_v": 2.5}
WHOLE = {
    "air": {"temperature_c": 21.42, "humidity_pct": 40.1},
    "supply": {"voltage_v": 12.34, "current_ma": 250.2},
    "tank": {"voltage_0_v": 5.0, "voltage_1_v": 1.25},
}
SPEED = 8


# What a bus whose line is held may cost three sensors, in milliseconds. ESP32: up to 1.28, 100 ms for the address and each
# byte; elsewhere the timeout of power/on_*, which a clock line that is held costs SoftI2C once more when the bus is opened.
MOST_MS = {"feather_s2": 200 + 400 + 400, "pyboard_d": 3 * 10, "esp8266": 3 * 20}


class Cost(Trace):
    """Counts the transfers of a life, and the time that they took on the board."""

    transfers = ms = 0

    def serve(self, life: Any, request: Any) -> bytes | None:
        try:
            return super().serve(life, request)
        finally:
            self.transfers += request.name == "i2c"
            self.ms += life.delay_ms * SPEED if request.name in ("i2c", "i2c.open") else 0


def values(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in SENSORS if name in record}


@pytest.mark.parametrize("board", BOARDS)
def test_one_part_that_holds_a_line_costs_the_others_values_and_little_time(
    make_node: MakeNode, board: str, mosquitto: Any, listener: Listener
) -> None:
    broker = f"{mosquitto.host}:{mosquitto.port}"
    node = make_node(board, options={"speed": SPEED}, BROKER=broker, SENSORS=SENSORS, BATTERY=None, MAX_AWAKE_S=60)
    for name, value in SCENE.items():
        node.scene.set(name, value)
    held = []
    for part, how in (("", None), ("ads1115", "stuck"), ("ina219", "clock"), ("", None)):
        if part:
            node.scene.fail(part, how)
        node.faults = cost = Cost()
        wake = node.run_wake()
        assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
        failed = [name for name in SENSORS if f"sensor {name} failed" in wake.output]
        if part:
            node.scene.fail(part, None)
            held.append(cost)
        assert failed == (list(SENSORS) if part else []), wake.output
    listener.until(lambda: len(listener.records()) == 4)
    records = sorted(listener.records(), key=lambda record: record["seq"])
    assert [values(record) for record in records] == [WHOLE, {}, {}, WHOLE]
    # Each sensor is given up at its first error. Where a low data line is none, the INA219 says "not yet" till measure ends it.
    stuck, clock = (cost.transfers for cost in held)
    assert clock == 3
    assert stuck == 3 if board != "esp8266" else 3 < stuck < 30
    assert all(cost.ms <= MOST_MS[board] for cost in held), [cost.ms for cost in held]
    assert board == "esp8266" or all(cost.ms >= 3 * SPEED for cost in held)


def test_scd41(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    # On a rail that is off while the node sleeps: the part powers up for a second, and measures twice.
    node = make_node(
        "feather_s2",
        options={"speed": 25},  # a divisor of 1000, as all waits are rounded
        BROKER=f"{mosquitto.host}:{mosquitto.port}",
        SENSORS={"room": {"driver": "scd41", "altitude_m": 520}},
        BATTERY=None,
        MAX_AWAKE_S=60,
    )
    for name, value in (("co2_ppm", 612), ("temperature_c", 21.42), ("humidity_pct", 40.1)):
        node.scene.set(name, value)
    wake = node.run_wake()
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    assert "sensor room failed" not in wake.output, wake.output
    listener.until(lambda: len(listener.records()) == 1)
    assert listener.records()[0]["room"] == {"co2_ppm": 612, "temperature_c": 21.42, "humidity_pct": 40.1}
    assert node.devices[0].altitude_m == 520
    assert node.devices[0].asleep
