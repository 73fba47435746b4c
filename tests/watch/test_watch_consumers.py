"""docs/consumers: what is written for other programs, tried with them where they are: Node-RED's functions under node, the
whole flow in Node-RED where `node-red` (or $NODE_RED) is installed; Telegraf's file is read as its documentation says.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from watching import ROOT, Nodes, until

from brokers import unused_port
from dormouse.watching.topics import Topics
from programs import find_program

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

FOLDER = ROOT / "docs" / "consumers"
TEXT = (ROOT / "docs/consumers.md").read_text(encoding="utf-8")
FLOW: list[dict[str, Any]] = json.loads((FOLDER / "node-red.json").read_text(encoding="utf-8"))
READING = {
    "seq": 7, "boot": 2, "time": 1795214385, "battery": {"voltage_v": 3.98, "percent": 80}, "air": {"temperature_c": 21.42},
}  # fmt: skip
_HARNESS = """
const [code, messages] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const kept = {};
const context = { get: (name) => kept[name], set: (name, value) => { kept[name] = value; } };
const run = new Function('msg', 'context', code);
let shift = 0;
const now = Date.now;
Date.now = () => now() + shift;
console.log(JSON.stringify(messages.map(([after, msg]) => { shift += after * 1000; return run(msg, context); })));
"""


def function(name: str, *messages: Any) -> list[Any]:
    """What a function node of the flow makes of messages: (seconds after the one before, message)."""
    node = find_program("node")
    if node is None:
        pytest.skip("node is not installed")
    (code,) = [item["func"] for item in FLOW if item["id"] == name]
    done = subprocess.run(
        [node, "-e", _HARNESS], input=json.dumps([code, messages]), capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_each_reading_passes_once_flat_with_its_time() -> None:
    first = {"topic": "dormouse/kitchen/readings", "payload": READING}
    late = {"topic": "dormouse/kitchen/history", "payload": {**READING, "seq": 6}}
    other = {"topic": "dormouse/shed/readings", "payload": {"seq": 7, "boot": 2, "uptime_s": 9}}
    found = function("once", (0, first), (0, first), (0, late), (0, late), (0, other))
    assert found[0] == {
        "topic": "kitchen", "payload": {"battery.voltage_v": 3.98, "battery.percent": 80, "air.temperature_c": 21.42},
        "time": "2026-11-20T22:39:45.000Z", "late": False,
    }  # fmt: skip
    assert found[1] is None and found[3] is None
    assert found[2]["late"] is True
    assert found[4]["topic"] == "shed" and found[4]["time"] > "2020"


def test_a_node_is_told_late_once() -> None:
    import time

    now = int(time.time())
    status = {"topic": "dormouse/kitchen/status", "payload": {"time": now, "wake_at": now + 300, "wake_every_s": 300}}
    lost = {"topic": "dormouse/kitchen/status", "payload": {"state": "lost"}}
    tick: dict[str, Any] = {"payload": ""}
    found = function("late", (0, status), (200, tick), (0, lost), (250, tick), (60, tick))
    assert found[0] is None and found[1] == [[]] and found[4] == [[]]
    assert found[3][0][0]["topic"] == "kitchen" and found[3][0][0]["payload"].startswith("late since ")


def test_the_flow_hangs_together() -> None:
    known = {item["id"]: item for item in FLOW}
    assert len(known) == len(FLOW)
    topics = Topics("dormouse/{name}")
    for item in FLOW:
        assert all(target in known for wire in item.get("wires", ()) for target in wire)
        if item["type"] in ("mqtt in", "mqtt out"):
            assert known[item["broker"]]["type"] == "mqtt-broker" and item["qos"] == "1"
        if item["type"] == "mqtt in":
            assert topics.split(item["topic"].replace("+", "shed")) is not None
    assert json.loads(known["command"]["payload"])["wake_every_s"] == 300
    broker = known["dormouse-broker"]
    assert (broker["cleansession"], broker["protocolVersion"], broker["sessionExpiry"]) == (False, "5", "86400")


def test_the_whole_flow_in_node_red(mosquitto: Any, nodes: Nodes, tmp_path: Path) -> None:
    program = os.environ.get("NODE_RED") or shutil.which("node-red")
    if not program:
        pytest.skip("node-red is not installed (npm install node-red; $NODE_RED names it)")
    flow = []
    for item in FLOW:
        if item["type"] == "mqtt-broker":
            item = {**item, "broker": mosquitto.host, "port": str(mosquitto.port)}
        elif item["type"] == "debug":
            shown = {"type": "mqtt out", "topic": f"out/{item['id']}", "qos": "1", "retain": "", "broker": "dormouse-broker"}
            item = {**item, **shown}
        elif item["id"] == "command":
            item = {**item, "once": True}
        flow.append(item)
    (tmp_path / "flow.json").write_text(json.dumps(flow))
    found: list[tuple[str, Any]] = []
    listener = paho.Client(paho.CallbackAPIVersion.VERSION2)
    listener.on_message = lambda _c, _u, m: found.append((m.topic, json.loads(m.payload)))
    listener.on_connect = lambda c, *_: c.subscribe([("out/#", 1), ("dormouse/kitchen/set", 1)])
    listener.connect(mosquitto.host, mosquitto.port)
    listener.loop_start()
    words = [program, "-u", str(tmp_path), "-p", str(unused_port()), str(tmp_path / "flow.json")]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
    try:
        until(lambda: any(topic.endswith("/set") for topic, _ in found), 60, (tmp_path / "log").read_text)
        until(lambda: mosquitto.log().count("dormouse/+/") >= 3, 30)
        for leaf in ("readings", "readings", "history"):
            nodes.say(f"dormouse/kitchen/{leaf}", {**READING, "seq": 7 if leaf == "readings" else 6})
        until(lambda: sum(topic == "out/show-readings" for topic, _ in found) >= 2, 30, lambda: found)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
        listener.disconnect()
        listener.loop_stop()
    flat = {"battery.voltage_v": 3.98, "battery.percent": 80, "air.temperature_c": 21.42}
    assert [payload for topic, payload in found if topic == "out/show-readings"] == [flat, flat]
    assert next(payload for topic, payload in found if topic.endswith("/set")) == {"id": "node-red", "wake_every_s": 300}


def flatten(value: Any, name: str = "") -> dict[str, float]:
    """Telegraf's json format (plugins/parsers/json): nested keys joined by _, numbers only."""
    if isinstance(value, dict):
        return {key: number for inner in value for key, number in flatten(value[inner], f"{name}_{inner}".strip("_")).items()}
    return {name: value} if isinstance(value, (int, float)) and not isinstance(value, bool) else {}


def test_telegrafs_file_makes_the_point_that_the_page_shows() -> None:
    config = tomllib.loads((FOLDER / "telegraf.conf").read_text(encoding="utf-8"))
    readings, history = config["inputs"]["mqtt_consumer"]
    assert history["json_time_key"] == "time" and history["json_time_format"] == "unix" and "json_time_key" not in readings
    assert readings["client_id"] != history["client_id"]  # or they would throw each other out
    topics = Topics("dormouse/{name}")
    for consumer, leaf in ((readings, "readings"), (history, "history")):
        assert consumer["topics"] == topics.filters((leaf,))[0]
        assert (consumer["qos"], consumer["persistent_session"], consumer["data_format"]) == (1, True, "json")
        (parsing,) = consumer["topic_parsing"]
        assert parsing["topic"] == consumer["topics"][0]
        parts = [*topics.base("kitchen").split("/"), leaf]
        measurement = [part for part, word in zip(parts, parsing["measurement"].split("/")) if word == "measurement"]
        tags = {word: part for part, word in zip(parts, parsing["tags"].split("/")) if word != "_"}
        assert (measurement, tags) == (["dormouse"], {"node": "kitchen"})
    fields = flatten({key: READING[key] for key in ("boot", "seq", "time", "battery", "air")})
    point = "dormouse,node=kitchen " + ",".join(f"{name}={value}" for name, value in fields.items())
    assert f"    {point}\n" in TEXT


def test_the_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)", TEXT):
        assert (ROOT / "docs" / target).exists(), target
