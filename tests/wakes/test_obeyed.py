"""What config.py says is what the node does, over whole wakes."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from nodes import BOARDS, Listener, MakeNode

FAST = {"speed": 8}  # with MAX_AWAKE_S at its most: a slow host must not end a wake


def address(broker: Any) -> str:
    return f"{broker.host}:{broker.port}"


def phases(wake: Any) -> dict[str, int]:
    return {name: length for name, _, length in wake.phases}


def measured(node: Any) -> Any:
    """The next wake that takes a reading: a cold boot may sleep first, and long sleeps are made of several."""
    while "measure" not in phases(wake := slept(node.run_wake())):
        pass
    return wake


def slept(wake: Any) -> Any:
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    return wake


def test_wakes_between_uploads_keep_the_radio_off_and_lose_nothing(
    make_node: MakeNode, mosquitto: Any, listener: Listener
) -> None:
    node = make_node(options=FAST, MAX_AWAKE_S=60, BROKER=address(mosquitto), UPLOAD_EVERY=3)
    wakes = [slept(node.run_wake()) for _ in range(7)]
    assert ["link" in phases(wake) for wake in wakes] == [True, False, False, True, False, False, True]
    listener.until(lambda: len(listener.records()) == 7)
    assert [reading["seq"] for reading in listener.records()] == [1, 2, 3, 4, 5, 6, 7]
    times = [reading["time"] for reading in listener.records()]
    assert all(890 < later - earlier < 910 for earlier, later in itertools.pairwise(times[1:])), times


@pytest.mark.parametrize("board", BOARDS)
def test_a_static_address_needs_nobody_who_gives_one(make_node: MakeNode, board: str, mosquitto: Any) -> None:
    for static in (None, ("192.168.4.20/24", "192.168.4.1")):
        node = make_node(board, options=FAST, MAX_AWAKE_S=60, BROKER=address(mosquitto), STATIC_IP=static, COUNTRY="DE")
        node.world.wifi.dhcp_answers = False
        assert ("delivered 1" in slept(node.run_wake()).output) == (static is not None)


def test_an_empty_battery_keeps_the_radio_off_and_a_low_one_sleeps_longer(make_node: MakeNode, mosquitto: Any) -> None:
    battery = {"type": "lipo", "mah": 1000, "stretch_below_v": 3.6, "stop_below_v": 3.4}
    node = make_node(options=FAST, MAX_AWAKE_S=60, BROKER=address(mosquitto), BATTERY=battery, WAKE_EVERY_S=600)
    slept(node.run_wake())
    node.scene.set("battery_mv", 3550)
    low = slept(node.run_wake())
    assert "link" in phases(low) and 1190000 < low.sleep_ms <= 3600000
    node.scene.set("battery_mv", 3350)
    empty = slept(node.run_wake())
    assert "link" not in phases(empty)
    node.scene.set("battery_mv", 3900)
    assert "delivered 2" in slept(node.run_wake()).output


@pytest.mark.parametrize("board", BOARDS)
def test_a_commanded_interval_outlives_a_power_cut_until_config_py_says_another(
    make_node: MakeNode, board: str, mosquitto: Any, listener: Listener
) -> None:
    node = make_node(board, options=FAST, MAX_AWAKE_S=60, BROKER=address(mosquitto), NAME="kept", WAKE_EVERY_S=600)
    slept(node.run_wake())
    listener.publish("dormouse/kept/set", {"id": 1, "wake_every_s": 120})
    assert 59000 < slept(node.run_wake()).sleep_ms <= 180000
    node.power_cycle()
    assert 59000 < measured(node).sleep_ms <= 180000
    assert [reading["boot"] for reading in listener.records()] == [1, 1, 2]


def test_another_interval_in_config_py_takes_precedence_over_a_commanded_one(
    make_node: MakeNode, mosquitto: Any, listener: Listener, tmp_path: Path
) -> None:
    def deployed(every_s: int) -> Any:
        # Flash is kept, retained memory too: a deploy ends in a reset, not in a power cut.
        options = {**FAST, "state": tmp_path / "board"}
        return make_node(options=options, BROKER=address(mosquitto), NAME="kept", WAKE_EVERY_S=every_s)

    node = deployed(600)
    slept(node.run_wake())
    listener.publish("dormouse/kept/set", {"id": 1, "wake_every_s": 120})
    assert slept(node.run_wake()).sleep_ms <= 180000
    node.close()
    node = deployed(3600)
    assert slept(node.run_wake()).sleep_ms > 1790000


def test_a_sleep_beyond_the_boards_limit_is_made_of_several_and_a_reset_ends_it(
    make_node: MakeNode, mosquitto: Any
) -> None:
    node = make_node("esp8266", options=FAST, MAX_AWAKE_S=60, BROKER=address(mosquitto), WAKE_EVERY_S=2 * 3600)
    asked = [slept(node.run_wake()).sleep_ms]
    while "measure" not in phases(wake := slept(node.run_wake())):
        asked.append(wake.sleep_ms)
    # To a slot of the clock: half an interval to one and a half.
    assert len(asked) >= 2 and max(asked) <= 35 * 60 * 1000
    assert 3590 * 1000 < sum(asked) <= 3 * 3600 * 1000
    # Not the rest of two hours: a cold boot is a minute late at most.
    node.power_cycle()
    wake, before_s = slept(node.run_wake()), 0.0
    while "measure" not in phases(wake):
        before_s += wake.sleep_ms / 1000
        wake = slept(node.run_wake())
    assert before_s <= 60


def test_without_a_time_server_readings_carry_the_seconds_since_the_boot(
    make_node: MakeNode, mosquitto: Any, listener: Listener
) -> None:
    node = make_node(options=FAST, MAX_AWAKE_S=60, BROKER=address(mosquitto), NTP="127.0.0.1")
    node.world.ntp.mode = "silent"
    for _ in range(2):
        slept(node.run_wake())
    listener.until(lambda: len(listener.records()) == 2)
    assert all("time" not in reading for reading in listener.records())
    first, second = (reading["uptime_s"] for reading in listener.records())
    assert first < 60 and 890 < second - first < 910


@pytest.mark.parametrize("board", BOARDS)
def test_foreign_retained_memory_is_a_cold_boot(
    make_node: MakeNode, board: str, mosquitto: Any, listener: Listener
) -> None:
    node = make_node(board, options=FAST, MAX_AWAKE_S=60, BROKER=address(mosquitto))
    slept(node.run_wake())
    node.retained = bytes(range(256)) * 16
    measured(node)
    listener.until(lambda: len(listener.records()) == 2)
    assert [(reading["boot"], reading["seq"]) for reading in listener.records()] == [(1, 1), (2, 1)]


def test_a_refused_node_sleeps_for_hours_and_says_why(make_node: MakeNode, mosquitto_factory: Any) -> None:
    broker = mosquitto_factory(users={"somebody": "else"})
    node = make_node(options=FAST, MAX_AWAKE_S=60, BROKER=address(broker))
    wake = slept(node.run_wake())
    assert "not authorised" in wake.output
    assert wake.sleep_ms > 6 * 3600 * 1000
