"""Home Assistant's service on the board: the discovery messages come after the readings, when they are due, and all of them.

The PC's part is tests/services/test_ha_discovery.py; the real Home Assistant has a test of its own (tests/homeassistant).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from errors_broker import ScriptedBroker

from dormouse import settings
from nodes import ROOT, Listener, MakeNode

FAST = {"speed": 20}
PAD = "x" * 420  # a message is about as long as that


def discovery(count: int, mark: str = "1") -> bytes:
    """A board's discovery.txt."""
    lines = [f"#{mark}\n"]
    for i in range(count):
        payload = json.dumps({"name": f"Field {i} \u00b0C", "exp_aft": "@E@", "pad": PAD}, ensure_ascii=False)
        lines.append(f"homeassistant/sensor/n/f{i}/config\t{payload}\n".replace('"@E@"', "@E@"))
    return "".join(lines).encode()


def configs(listener: Listener) -> list[tuple[str, dict[str, Any] | None]]:
    return [(topic.split("/")[3], payload) for topic, payload in listener.messages if topic.startswith("homeassistant/")]


def slept(node: Any) -> Any:
    wake = node.run_wake()
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    return wake


def node_of(make_node: MakeNode, broker: str, lines: bytes, board: str = "feather_s2", **changes: Any) -> Any:
    options = FAST | changes.pop("options", {})
    return make_node(
        board, options=options, extra={"/discovery.txt": lines}, BROKER=broker, SERVICE="homeassistant", NAME="n",
        WAKE_EVERY_S=600, MAX_AWAKE_S=60, NTP="127.0.0.1", **changes,
    )  # fmt: skip


def test_after_the_readings_retained_and_not_in_every_wake(
    make_node: MakeNode, mosquitto: Any, listener: Listener
) -> None:
    node = node_of(make_node, f"{mosquitto.host}:{mosquitto.port}", discovery(12), UPLOAD_EVERY=2)
    assert "delivered 1\n" in slept(node).output
    listener.until(lambda: len(configs(listener)) >= 12)
    # docs/services.md: two periods, an eighth, an interval, a failed upload's longest sleep, three wakes.
    expire_s = 2400 + 150 + 600 + 1200 + 180
    for i, (field, payload) in enumerate(configs(listener)):
        assert payload == {"name": f"Field {i} \u00b0C", "exp_aft": expire_s, "pad": PAD} and field == f"f{i}"
    leaves = [topic.rpartition("/")[2] for topic, _ in listener.messages]
    assert leaves.index("readings") < leaves.index("config")
    slept(node)
    assert "delivered 2\n" in slept(node).output
    # Another interval: told in the same wake, after the result.
    listener.publish("dormouse/n/set", {"id": 1, "wake_every_s": 60})
    slept(node)
    assert "delivered" in slept(node).output
    listener.until(lambda: len(configs(listener)) >= 24)
    listener.publish("dormouse/end", {})
    listener.until(lambda: listener.messages[-1][0] == "dormouse/end")
    assert len(configs(listener)) == 24
    assert {payload["exp_aft"] for _, payload in configs(listener)[12:] if payload} == {240 + 15 + 60 + 120 + 180}
    late = Listener(mosquitto.host, mosquitto.port)
    late.until(lambda: len(configs(late)) == 12)
    late.close()


@pytest.mark.parametrize("board", ["feather_s2", "esp8266"])
def test_a_small_heap_gets_all_of_them_out(make_node: MakeNode, board: str, mosquitto: Any, listener: Listener) -> None:
    node = node_of(make_node, f"{mosquitto.host}:{mosquitto.port}", discovery(20), board, options={"heap": "52K", "speed": 8})
    for wakes in range(1, 5):
        assert "MemoryError" not in (output := slept(node).output), output
        if len({field for field, _ in configs(listener)}) == 20 or wakes == 4:
            break
    listener.until(lambda: len({field for field, _ in configs(listener)}) == 20)
    assert all(payload for _, payload in configs(listener))


def test_a_broker_that_fails_amid_them_costs_no_reading_and_no_backoff(make_node: MakeNode) -> None:
    with ScriptedBroker() as broker:
        node = node_of(make_node, broker.address, discovery(3), SENSORS={}, BATTERY=None)
        # CONNACK, the greeting's PUBACK, the reading's, SUBACK, PINGRESP: then silence.
        broker.answers = 5
        wake = slept(node)
        assert "delivered 1\n" in wake.output and "discovery: refused or lost" in wake.output
        assert "upload failed" not in wake.output and wake.sleep_ms <= 920_000
        broker.answers = None
        met = len(broker.connections)
        while not any("config" in record.topic for seen in broker.connections[met:] for record in seen.records):
            assert "delivered" in slept(node).output
        found = [record.topic for seen in broker.connections[met:] for record in seen.records if "config" in record.topic]
        assert found == [f"homeassistant/sensor/n/f{i}/config" for i in range(3)]
        assert len(broker.connections) - met <= 6


def test_without_the_file_it_is_plain(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    node = node_of(make_node, f"{mosquitto.host}:{mosquitto.port}", b"", SENSORS={})
    assert "delivered 1" in slept(node).output
    listener.until(lambda: bool(listener.on("readings")))
    assert configs(listener) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"NAME": None}, "NAME is None; with SERVICE"),
        ({"TOPIC": "a/{user}/{name}"}, "TOPIC is 'a/{user}/{name}'; with SERVICE"),
        ({"SERVICE": "plain", "AREA": "Shed"}, "AREA is 'Shed', which only SERVICE"),
        ({"AREA": "Shed"}, None),
    ],
)
def test_check_says_what_home_assistant_needs(tmp_path: Path, changes: dict[str, Any], told: str | None) -> None:
    config = tmp_path / "config.py"
    config.write_text(settings.load(ROOT).text(SERVICE="homeassistant", NAME="shed"))
    config.write_text(settings.load(ROOT, config).text(**changes))
    try:
        problems = settings.load(ROOT, config).warnings
    except settings.SettingsError as error:
        problems = error.problems
    found = [str(problem) for problem in problems]
    assert [told in text for text in found if "SERVICE" in text] == ([True] if told else [])
