"""Whole runs of `dormouse simulate` against a mosquitto that the test started, seen by paho-mqtt of the test's own."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import paho.mqtt.client as paho
import pytest
from command_line import Run, trace_of
from paho.mqtt.enums import CallbackAPIVersion

QUICK = ("--speed", "20")  # the service window takes 0.4 s instead of 8
WAIT_S = 10


class Broker(Protocol):
    """D's fixture: where it listens."""

    host: str
    port: int
    url: str


class Watcher:
    """A client that listens to everything and can publish."""

    def __init__(self, broker: Broker) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_message = lambda _c, _d, m: self.heard.append((m.topic, json.loads(m.payload or b"{}")))
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        self._client.subscribe("#", 1)
        assert subscribed.wait(WAIT_S)

    def publish(self, topic: str, text: str, qos: int, retain: bool) -> None:
        self._client.publish(topic, text, qos, retain).wait_for_publish(WAIT_S)

    def at(self, leaf: str) -> list[dict[str, Any]]:
        return [value for topic, value in self.heard if topic.endswith("/" + leaf)]

    @property
    def base(self) -> str:
        return next(topic for topic, _ in self.heard if topic.endswith("/readings")).removesuffix("/readings")

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def watcher(mosquitto: Broker) -> Iterator[Watcher]:
    made = Watcher(mosquitto)
    yield made
    made.close()


@pytest.mark.parametrize("board", ["feather_s2", "esp8266", "pyboard_d"])
def test_three_wakes_on_somebodys_broker(
    dormouse: Run, mosquitto: Broker, watcher: Watcher, tmp_path: Path, board: str
) -> None:
    trace = tmp_path / "t.jsonl"
    words = ("--broker", mosquitto.url, "--wakes", "3", "--board", board, "--trace", str(trace))
    done = dormouse("simulate", *words, *QUICK)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [record["seq"] for record in watcher.at("readings")] == [1, 2, 3]
    assert all(-40 < record["air"]["temperature_c"] < 60 for record in watcher.at("readings"))
    wakes = trace_of(trace, "wake")
    assert [wake["wake"] for wake in wakes] == [1, 2, 3]
    assert [wake["reset_cause"] for wake in wakes] == ["PWRON_RESET", "DEEPSLEEP_RESET", "DEEPSLEEP_RESET"]
    for wake in wakes:
        assert (wake["outcome"], wake["ended"], wake["by"], wake["board"]) == ("published", "deepsleep", "node", board)
        assert 0 < wake["awake_ms"] < 20_000
        # The first sleep, as soon as the clock is set, ends in a slot of the clock; the others are from slot to slot.
        assert (440 < wake["sleep_s"] <= 1350) if wake["wake"] == 1 else (850 < wake["sleep_s"] <= 950)
        assert wake["heap_low_bytes"] > 0
        phases = [phase for phase in trace_of(trace, "phase") if phase["wake"] == wake["wake"]]
        assert {"boot", "start", "measure", "link", "mqtt", "finish", "sleep"} <= {phase["phase"] for phase in phases}
        # each phase lasts until the next begins, and together they are the wake
        assert [phase["start_ms"] for phase in phases[1:]] == [p["start_ms"] + p["length_ms"] for p in phases[:-1]]
        assert sum(phase["length_ms"] for phase in phases) == wake["awake_ms"]
    assert sum(line.startswith("wake ") for line in done.stdout.splitlines()) == 3
    for record in watcher.at("readings"):
        assert any(f'{{"seq":{record["seq"]},' in line and "/readings" in line for line in done.stdout.splitlines())


def test_charge_is_computed_at_true_speed_and_called_a_model(dormouse: Run, tmp_path: Path) -> None:
    trace = tmp_path / "t.jsonl"
    done = dormouse("simulate", "--wakes", "2", "--trace", str(trace), "--source")
    assert done.returncode == 0, done.stdout + done.stderr
    first, second = trace_of(trace, "wake")
    # Published for an ESP32 with MQTT: 204 mC with DHCP, 109 without it (upy-esp32-experiments). The second wake knows access
    # point and address; the model should be of that size.
    assert 30 < second["charge_mc"] < 200
    assert first["charge_mc"] > second["charge_mc"]
    assert "model" in second["charge_is"]
    assert "mC are a model" in done.stdout
    assert "source" in done.stdout


def test_state_goes_on_where_it_was(dormouse: Run, mosquitto: Broker, watcher: Watcher, tmp_path: Path) -> None:
    words = ("simulate", "--broker", mosquitto.url, "--wakes", "2", "--state", str(tmp_path / "board"), *QUICK)
    assert dormouse(*words).returncode == 0
    trace = tmp_path / "t.jsonl"
    assert dormouse(*words, "--trace", str(trace)).returncode == 0
    assert [record["seq"] for record in watcher.at("readings")] == [1, 2, 3, 4]
    assert len({record["boot"] for record in watcher.at("readings")}) == 1
    assert [wake["wake"] for wake in trace_of(trace, "wake")] == [3, 4]
    assert trace_of(trace, "wake")[0]["reset_cause"] == "DEEPSLEEP_RESET"
    other = dormouse("simulate", "--board", "esp8266", "--state", str(tmp_path / "board"))
    assert other.returncode == 2
    assert "feather_s2, not a esp8266" in other.stderr
    # without --state it is a new board
    assert dormouse("simulate", "--broker", mosquitto.url, "--wakes", "1", *QUICK).returncode == 0
    assert watcher.at("readings")[-1]["seq"] == 1


@pytest.mark.parametrize("retain", [False, True], ids=["not_retained", "retained"])
@pytest.mark.parametrize("qos", [0, 1])
def test_a_command_sent_while_it_sleeps(
    dormouse: Run, mosquitto: Broker, watcher: Watcher, tmp_path: Path, qos: int, retain: bool
) -> None:
    """Applied once, in all forms but QoS 0 not retained, which no broker keeps (MQTT 3.1.1 section 4.1 and 3.3.1.3)."""
    words = ("simulate", "--broker", mosquitto.url, "--state", str(tmp_path / "board"), *QUICK)
    assert dormouse(*words, "--wakes", "1").returncode == 0
    watcher.publish(watcher.base + "/set", '{"id": "c7", "wake_every_s": 1200}', qos, retain)
    trace = tmp_path / "t.jsonl"
    done = dormouse(*words, "--wakes", "3", "--trace", str(trace))
    assert done.returncode == 0, done.stdout
    slept = [wake["sleep_s"] for wake in trace_of(trace, "wake")]
    if qos == 0 and not retain:
        assert watcher.at("result") == []
        assert all(850 < seconds <= 950 for seconds in slept)
    else:
        assert watcher.at("result") == [{"id": "c7", "ok": True}]
        # To a slot of the new interval, then from slot to slot.
        assert 590 < slept[0] <= 1800
        assert all(1150 < seconds <= 1250 for seconds in slept[1:])


def test_send_is_answered_by_the_next_wake(dormouse: Run) -> None:
    sends = ("--send", '{"id": 1, "wake_every_s": 600}', "--send", '{"id": 2, "wake_every_s": 1}')
    done = dormouse("simulate", "--wakes", "3", *sends, *QUICK)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    (second,) = (n for n, line in enumerate(lines) if line.startswith("wake 2"))
    (third,) = (n for n, line in enumerate(lines) if line.startswith("wake 3"))
    assert sum("/set" in line for line in lines[:second]) == 2
    answers = [line for line in lines[second:third] if "/result" in line]
    assert len(answers) == 2
    assert '"id": 1, "ok": true' in answers[0]
    assert '"id": 2, "ok": false' in answers[1]
    assert "10 to 2592000" in answers[1]
    # To a slot of the new interval: half of it to one and a half.
    asleep = re.search(r"sleep ([\d.]+) min", lines[second])
    assert asleep and 4.9 < float(asleep[1]) <= 15
    assert "No answer" not in done.stdout


def test_without_mosquitto_amqtt_serves_and_its_limit_is_told(dormouse: Run) -> None:
    words = ("simulate", "--wakes", "3", "--send", '{"id": 1, "wake_every_s": 600}', *QUICK)
    done = dormouse(*words, MOSQUITTO="")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "amqtt" in done.stdout
    assert "cannot show a command that waits for a sleeping node" in done.stdout
    assert '{"id": 1, "ok": true}' in done.stdout  # sent retained


def test_upload_every_second_wake(dormouse: Run, watcher: Watcher, mosquitto: Broker, root: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.py"
    config.write_text((root / "config.py").read_text().replace("UPLOAD_EVERY = 1", "UPLOAD_EVERY = 2"))
    trace = tmp_path / "t.jsonl"
    words = ("--broker", mosquitto.url, "--wakes", "3", "--config", str(config), "--trace", str(trace))
    done = dormouse("simulate", *words, *QUICK)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [wake["outcome"] for wake in trace_of(trace, "wake")] == ["published", "kept", "published"]
    assert [record["seq"] for record in watcher.at("readings")] == [1, 3]
    assert [record["seq"] for record in watcher.at("history")] == [2]


def test_user_and_password_of_credentials(dormouse: Run, mosquitto_factory: Callable[..., Broker], tmp_path: Path) -> None:
    broker = mosquitto_factory(users={"node": "acorn"})
    words = ("simulate", "--wakes", "1", "--broker", broker.url, *QUICK)
    refused = dormouse(*words)
    assert refused.returncode == 1
    assert "Not authorized" in refused.stderr
    secrets = tmp_path / "credentials.py"
    secrets.write_text('WIFI = (("burrow", "hazelnut"),)\nUSER = "node"\nPASSWORD = "acorn"\n')
    done = dormouse(*words, "--credentials", str(secrets))
    assert done.returncode == 0, done.stdout + done.stderr
    secrets.write_text('WIFI = "burrow"\nUSER = None\nPASSWORD = None\n')
    done = dormouse(*words, "--credentials", str(secrets))
    assert done.returncode == 1
    assert f"{secrets}:1: WIFI" in done.stderr


def test_heap_is_the_firmwares_and_the_shims_are_added(dormouse: Run, tmp_path: Path) -> None:
    trace = tmp_path / "t.jsonl"
    done = dormouse("simulate", "--wakes", "1", "--heap", "400K", "--trace", str(trace), *QUICK)
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = (line for line in done.stdout.splitlines() if line.strip().startswith("heap"))
    assert "409600 bytes for the firmware, plus " in line
    (wake,) = trace_of(trace, "wake")
    assert 0 < wake["heap_low_bytes"] < 400 * 1024 + int(line.split("plus ")[1].split()[0])
    starved = dormouse("simulate", "--wakes", "1", "--heap", "8K", *QUICK)
    assert starved.returncode == 1
    assert "MemoryError" in starved.stdout


def test_a_broker_that_is_not_there(dormouse: Run, free_port: int) -> None:
    done = dormouse("simulate", "--broker", f"127.0.0.1:{free_port}", "--wakes", "1")
    assert done.returncode == 1
    assert done.stderr == f"dormouse: no broker at 127.0.0.1:{free_port}: Connection refused\n"
    done = dormouse("simulate", "--broker", "no-such-host.invalid", "--wakes", "1")
    assert done.returncode == 1
    assert "no address for no-such-host.invalid" in done.stderr


def test_a_wake_that_does_not_publish_fails_the_run(dormouse: Run, root: Path, tmp_path: Path) -> None:
    # It measures and sleeps by itself, but its battery is below the floor: the radio stays off.
    config = tmp_path / "config.py"
    config.write_text((root / "config.py").read_text().replace('"stop_below_v": 3.4', '"stop_below_v": 4.149'))
    trace = tmp_path / "t.jsonl"
    done = dormouse("simulate", "--config", str(config), "--wakes", "2", "--trace", str(trace), *QUICK)
    assert done.returncode == 1
    assert [wake["outcome"] for wake in trace_of(trace, "wake")] == ["not_published", "not_published"]
    assert [wake["by"] for wake in trace_of(trace, "wake")] == ["node", "node"]
    assert "2 of 2 wakes did not publish" in done.stdout
