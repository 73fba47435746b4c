"""The error table of docs/wake.md, the rows before the broker: network, sensor, exception. Each is kept across sleeps: the
sleeps grow, and when the world is whole again every reading is delivered.
"""

from __future__ import annotations

import contextlib
import socket
from typing import Any

import pytest
from errors_broker import ScriptedBroker

from nodes import MakeNode

FAST = {"speed": 16}  # with MAX_AWAKE_S at its most: a slow host must not end a wake
EVERY_S = 60
HOST = "broker.test"


def slept(node: Any) -> tuple[Any, float]:
    """The next wake that takes a reading, and the seconds that it wants to sleep then, in one part or the first of several."""
    wake = node.run_wake()
    while "measure" not in phases(wake):
        wake = node.run_wake()
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    return wake, wake.sleep_ms / 1000


def phases(wake: Any) -> set[str]:
    return {name for name, _, _ in wake.phases}


# Every board in a few rows; what each port says of a network that it cannot join: tests/wakes/test_faults.py.
ROWS = [
    ("no access point", "esp8266"),
    ("no address", "feather_s2"),
    ("no address", "pyboard_d"),
    ("wrong password", "pyboard_d"),
    ("name server dead", "feather_s2"),
    ("name server dead", "esp8266"),
    ("broker refuses", "esp8266"),
    ("captive network", "feather_s2"),
    ("captive network", "pyboard_d"),
]


@pytest.mark.parametrize(("what", "board"), ROWS)
def test_the_sleeps_grow_and_then_every_reading_goes_out(
    make_node: MakeNode, free_port: int, what: str, board: str
) -> None:
    node = make_node(board, options=FAST, MAX_AWAKE_S=60, BROKER=f"{HOST}:{free_port}", NTP="127.0.0.1", WAKE_EVERY_S=EVERY_S)
    wifi, names = node.world.wifi, node.world.dns
    names.table[HOST] = "127.0.0.1"
    at_broker = what in ("broker refuses", "captive network")
    with contextlib.ExitStack() as broken:
        if what == "no access point":
            wifi.ap_present = False
        elif what == "no address":
            wifi.dhcp_answers = False
        elif what == "wrong password":
            wifi.password = "changed"
        elif what == "name server dead":
            names.fails = True
        elif what == "captive network":
            broken.enter_context(socket.create_server(("127.0.0.1", free_port), backlog=100))
        for fails in (1, 2, 3):
            wake, asleep_s = slept(node)
            assert "upload failed" in wake.output and ("mqtt" in phases(wake)) == at_broker, wake.output
            paid_s = wake.awake_ms * FAST["speed"] / 1000 * 2**fails
            assert asleep_s <= 1.03 * (EVERY_S + max(EVERY_S << fails, paid_s))
    wifi.ap_present = wifi.dhcp_answers = True
    wifi.password, names.fails = "sleep-tight", False
    with ScriptedBroker(free_port) as broker:
        wake, asleep_s = slept(node)
        assert "delivered 4" in wake.output and asleep_s < 2.1 * EVERY_S
        assert [record.pid for record in broker.last.readings()] == [1, 2, 3, 4]


def test_a_failed_sensor_is_absent_counted_and_there_again(make_node: MakeNode) -> None:
    with ScriptedBroker() as broker:
        node = make_node("pyboard_d", options=FAST, MAX_AWAKE_S=60, BROKER=broker.address, SENSORS={"air": {"driver": "sht4x"}})
        [sensor] = node.devices
        found = []
        for present in (True, False, False, True):
            sensor.address = 0x44 if present else 0x55
            wake, _ = slept(node)
            found.append((b'"air"' in broker.last.readings()[-1].payload, "sensor air failed" in wake.output))
        assert found == [(True, False), (False, True), (False, True), (True, False)]


CRASH = b"def run(memory):\n    return 1 // 0\n"


def test_an_exception_keeps_the_reading_sleeps_longer_and_lets_somebody_in_once_a_day(make_node: MakeNode) -> None:
    with ScriptedBroker() as broker:
        settings = {"BROKER": broker.address, "SENSORS": {}, "WAKE_EVERY_S": 4 * 3600, "MAX_AWAKE_S": 60}
        node = make_node(options=FAST, extra={"/lib/node/join.py": CRASH}, **settings)
        windows, born = [], node.now_s
        for _ in range(10):
            begun = node.now_s
            wake, asleep_s = slept(node)
            assert "ZeroDivisionError" in wake.output and "line 2, in run" in wake.output
            assert asleep_s <= 1.03 * (4 * 3600 + 7200)
            if "window" in phases(wake):
                windows.append(begun - born)
        # The first is the power-up's own; of the others none before the mistake has come twice, and one in 24 hours.
        first, second, third = windows
        assert first < 60 and second > 4 * 3600 and third - second > 23.9 * 3600
        assert not broker.connections


def test_no_window_opens_below_the_batterys_floor(make_node: MakeNode) -> None:
    battery = {"type": "lipo", "mah": 1000, "stretch_below_v": 3.6, "stop_below_v": 3.4}
    measure = b"def start(*_):\n    return 1 // 0\n"
    node = make_node(
        options=FAST, MAX_AWAKE_S=60, BROKER="127.0.0.1:1", SENSORS={}, BATTERY=battery, extra={"/lib/node/measure.py": measure}
    )
    node.scene.set("battery_mv", 3300)
    node.run_wake()
    for _ in range(4):
        wake, _ = slept(node)
        assert "ZeroDivisionError" in wake.output and "window" not in phases(wake)
