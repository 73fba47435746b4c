"""The default service: what is read now goes to /readings, what is late to /history, each record once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from errors_broker import PUBLISH, ScriptedBroker

from nodes import Listener, MakeNode

FAST = {"speed": 20}
LATE_S = 8  # what a board's clock of whole seconds and a slow computer come to


def slept(node: Any) -> Any:
    wake = node.run_wake()
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    return wake


def seqs(listener: Listener, leaf: str) -> list[int]:
    return [record["seq"] for record in listener.on(leaf)]


@pytest.mark.parametrize("heap", ["64K", None])
def test_a_reader_that_stamps_arrivals_gets_only_the_newest(
    make_node: MakeNode, mosquitto_factory: Any, tmp_path: Path, heap: str | None
) -> None:
    log = tmp_path / "mosquitto.log"
    mosquitto = mosquitto_factory(f"log_dest file {log}", "log_type all")
    listener = Listener(mosquitto.host, mosquitto.port)
    address = f"{mosquitto.host}:{mosquitto.port}"
    options = FAST | ({"heap": heap} if heap else {})
    node = make_node(options=options, BROKER=address, NAME="shed", WAKE_EVERY_S=60, UPLOAD_EVERY=10, MAX_AWAKE_S=60)
    stamps: dict[int, float] = {}
    for _ in range(20):
        wake = slept(node)
        wanted = 11 if stamps else 1
        if "delivered" in wake.output:
            listener.until(lambda wanted=wanted: len(listener.records()) >= wanted)
            stamps[seqs(listener, "readings")[-1]] = node.now_s - (wake.sleep_ms or 0) / 1000
        if len(stamps) == 2:
            break
    # A batch: nine late ones, one new; all there, none twice, in the order in which they were taken.
    assert seqs(listener, "readings") == [1, 11]
    assert seqs(listener, "history") == list(range(2, 11))
    assert [record["seq"] for record in listener.records()] == list(range(1, 12))
    for record in listener.on("readings"):
        assert abs(record["time"] - stamps[record["seq"]]) < LATE_S
    times = [record["time"] for record in listener.on("history")]
    assert times == sorted(times) and all("air" in record for record in listener.on("history"))
    topics = {topic for topic, _ in listener.messages}
    assert {"dormouse/shed/readings", "dormouse/shed/history"} <= topics
    # The batch took several rounds where memory is short, else one.
    rounds = log.read_text().count("as shed-") - 1
    assert rounds > 1 if heap else rounds == 1
    listener.close()


def test_a_reading_whose_acknowledgement_was_lost_comes_again_as_late(make_node: MakeNode) -> None:
    with ScriptedBroker() as broker:
        node = make_node(options=FAST, BROKER=broker.address, NAME="n", WAKE_EVERY_S=10, SENSORS={}, NTP="127.0.0.1")
        broker.mute = {PUBLISH}
        assert "upload failed" in slept(node).output
        broker.mute = set()
        assert "delivered 2" in slept(node).output
        found = [(record.topic, record.pid, record.dup) for seen in broker.connections for record in seen.readings()]
        # The same record each time, and for whoever reads both topics the same boot and seq.
        assert found[0] == ("dormouse/n/readings", 1, False)
        assert found[-2:] == [("dormouse/n/history", 1, True), ("dormouse/n/readings", 2, False)]
        assert len({record.payload for seen in broker.connections for record in seen.readings() if record.pid == 1}) == 1


def test_the_user_s_name_may_be_in_the_topic(make_node: MakeNode, mosquitto_factory: Any) -> None:
    # mosquitto.conf(5), pattern: %u is the user's name; one line of ACL for a fleet.
    broker = mosquitto_factory(
        users={"anna": "secret", "reader": "secret"}, acl="pattern readwrite nodes/%u/#\nuser reader\ntopic read #\n"
    )
    listener = Listener(broker.host, broker.port, "reader", "secret")
    credentials = b'WIFI = (("dormouse", "sleep-tight"),)\nUSER = "anna"\nPASSWORD = "secret"\n'
    settings = {"BROKER": f"{broker.host}:{broker.port}", "NAME": "shed", "TOPIC": "nodes/{user}/{name}", "SENSORS": {}}
    node = make_node(options=FAST, credentials=credentials, **settings)
    assert "delivered 1" in slept(node).output
    listener.until(lambda: bool(listener.on("readings")))
    assert {topic.rpartition("/")[0] for topic, _ in listener.messages} == {"nodes/anna/shed"}
    listener.close()
