"""UPLOAD_IF over whole wakes: the radio starts when a reading is news, and only then."""

from __future__ import annotations

from typing import Any

import pytest

from nodes import BOARDS, Listener, MakeNode


class Node:
    """A node that measures one temperature and uploads one wake in 96."""

    def __init__(self, make_node: MakeNode, board: str, broker: Any, conditions: dict[str, Any], **settings: Any) -> None:
        self.board = make_node(
            board,
            options={"speed": 24},
            BROKER=f"{broker.host}:{broker.port}",
            SENSORS={"air": {"driver": "sht4x"}},
            UPLOAD_EVERY=96,
            UPLOAD_IF=conditions,
            MAX_AWAKE_S=60,
            **{"BATTERY": None, **settings},
        )

    def at(self, celsius: float | None) -> str:
        """One wake at a temperature, None: the sensor is not there. Returns "delivered 2", "upload failed" or "quiet"."""
        self.board.scene.fail("sht4x", "nack" if celsius is None else None)
        if celsius is not None:
            self.board.scene.set("temperature_c", celsius)
        wake = self.board.run_wake()
        assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
        if "link" not in [name for name, _, _ in wake.phases]:
            assert "delivered" not in wake.output and "failed:" not in wake.output.replace("sensor air failed:", "")
            return "quiet"
        return "upload failed" if "upload failed" in wake.output else wake.output.strip().splitlines()[-1]


@pytest.mark.parametrize("board", BOARDS)
def test_a_change_goes_out_at_once_with_what_was_kept_before_it(
    make_node: MakeNode, board: str, mosquitto: Any, listener: Listener
) -> None:
    node = Node(make_node, board, mosquitto, {"air.temperature_c": {"change": 1.0}})
    assert [node.at(t) for t in (20, 20.5, 21.6, 21.2)] == ["delivered 1", "quiet", "delivered 2", "quiet"]
    assert [record["seq"] for record in listener.records()] == [1, 2, 3]


def test_a_limit_crossed_is_sent_once_and_once_on_the_way_back(make_node: MakeNode, mosquitto: Any) -> None:
    node = Node(make_node, "feather_s2", mosquitto, {"air.temperature_c": {"below": 2.0, "above": 30}})
    found = [node.at(t) for t in (5, 1.9, 0, 2.5, 31)]
    assert found == ["delivered 1", "delivered 1", "quiet", "delivered 2", "delivered 1"]


def test_news_that_did_not_get_through_is_news_still(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    node = Node(make_node, "feather_s2", mosquitto, {"air.temperature_c": {"change": 1.0}})
    assert node.at(20) == "delivered 1"
    node.board.world.wifi.ap_present = False
    assert node.at(22) == "upload failed"
    # Back to what the broker has: nothing to tell. Then again.
    assert node.at(20) == "quiet"
    assert node.at(22) == "upload failed"
    node.board.world.wifi.ap_present = True
    assert node.at(22) == "delivered 4"
    assert node.at(22) == "quiet"
    assert [record["seq"] for record in listener.records()] == [1, 2, 3, 4, 5]


def test_a_sensor_that_is_missing_is_no_news_and_its_first_value_is(make_node: MakeNode, mosquitto: Any) -> None:
    node = Node(make_node, "feather_s2", mosquitto, {"air.temperature_c": {"change": 1.0}})
    found = [node.at(t) for t in (None, None, 20, None, 20.4, 21.1)]
    assert found == ["delivered 1", "quiet", "delivered 2", "quiet", "quiet", "delivered 3"]


def test_a_first_upload_that_fails_is_tried_again_in_the_next_wake(make_node: MakeNode, mosquitto: Any) -> None:
    node = Node(make_node, "feather_s2", mosquitto, {"air.temperature_c": {"change": 5}})
    node.board.world.wifi.ap_present = False
    assert node.at(20) == "upload failed"
    node.board.world.wifi.ap_present = True
    assert [node.at(20), node.at(20)] == ["delivered 2", "quiet"]


def test_an_empty_battery_is_stronger(make_node: MakeNode, mosquitto: Any) -> None:
    battery = {"type": "lipo", "mah": 1000, "stop_below_v": 3.4}
    node = Node(make_node, "feather_s2", mosquitto, {"air.temperature_c": {"change": 1.0}}, BATTERY=battery)
    assert node.at(20) == "delivered 1"
    node.board.scene.set("battery_mv", 3300)
    assert node.at(25) == "quiet"
    node.board.scene.set("battery_mv", 3900)
    assert node.at(25) == "delivered 2"
