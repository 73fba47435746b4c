"""The model of a fleet, told by a real node: whole wakes on the virtual board."""

from __future__ import annotations

import json
from typing import Any

import dormouse
from dormouse.watching.nodes import ASLEEP, AWAKE, Fleet
from dormouse.watching.topics import Topics
from nodes import Listener, MakeNode


def test_what_a_real_node_says_is_understood(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    node = make_node(options={"speed": 8}, BROKER=mosquitto.url, NAME="shed", UPLOAD_EVERY=3, WAKE_EVERY_S=900)
    fleet = Fleet(Topics("dormouse/{name}"))
    told: list[Any] = []
    seen = 0
    for upload in (1, 4):  # the first wake, then every third
        while len(listener.on("status")) < (upload > 1) + 1:
            node.run_wake()
        listener.until(lambda want=upload: len(listener.records()) >= want)
        for topic, payload in listener.messages[seen:]:
            at = float((listener.on("status")[-1])["time"])
            if event := fleet.take(topic, json.dumps(payload).encode(), at):
                told.append((event["event"], event.get("late")))
        seen = len(listener.messages)
    shed = fleet.nodes["shed"]
    last = listener.on("status")[-1]
    assert (fleet.readings, fleet.twice, fleet.gaps, fleet.unread) == (4, 0, 0, 0)
    assert sorted(late for kind, late in told if kind == "reading") == [False, False, True, True]
    assert shed.reading["seq"] == 4 and "temperature_c" in shed.reading["air"] and shed.battery["percent"] > 0
    assert shed.report["firmware"] == dormouse.__version__ and shed.report["rssi_dbm"] < 0
    assert shed.due == last["upload_at"] and 2 * 900 < shed.due - last["time"] <= 3 * 900 + 15
    assert shed.period_s == 3 * 900 and shed.missed == 0
    assert shed.state(last["time"]) in (ASLEEP, AWAKE)
