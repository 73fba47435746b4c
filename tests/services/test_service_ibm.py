"""IBM's format on mosquitto: the device's side of IBM Knowledge Center SSQP8H, read as a user of the platform would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dormouse import settings
from dormouse.simulation import Topics
from dormouse.subscriber import Message
from node.services import ibm
from nodes import ROOT, Listener, MakeNode

FAST = {"speed": 20}
TOKEN = "MP$08VKz!8rXwnR-Q*"
CREDENTIALS = f'WIFI = (("dormouse", "sleep-tight"),)\nUSER = "use-token-auth"\nPASSWORD = {TOKEN!r}\n'.encode()
ACL = """user use-token-auth
topic write iot-2/evt/+/fmt/+
topic read iot-2/cmd/+/fmt/+
user a-a1b2c3-key
topic readwrite iot-2/#
"""


@pytest.fixture
def platform(mosquitto_factory: Any, tmp_path: Path) -> Any:
    """mosquitto with a device's rights and an application's; log: what it says of its clients."""
    log = tmp_path / "mosquitto.log"
    users = {"use-token-auth": TOKEN, "a-a1b2c3-key": "secret"}
    broker = mosquitto_factory(f"log_dest file {log}", "log_type all", users=users, acl=ACL)
    broker.log = log
    return broker


@pytest.fixture
def application(platform: Any) -> Any:
    made = Listener(platform.host, platform.port, "a-a1b2c3-key", "secret")
    yield made
    made.close()


def events(application: Listener, event: str) -> list[dict[str, Any]]:
    found = [payload for topic, payload in application.messages if topic == f"iot-2/evt/{event}/fmt/json"]
    assert all(list(payload) == ["d"] for payload in found)
    return [payload["d"] for payload in found]


def device(make_node: MakeNode, platform: Any, credentials: bytes = CREDENTIALS, **changes: object) -> Any:
    return make_node(
        options=FAST, credentials=credentials, BROKER=f"{platform.host}:{platform.port}", SERVICE="ibm", NAME="kitchen",
        TOPIC="a1b2c3/dormouse", WAKE_EVERY_S=600, MAX_AWAKE_S=60, NTP="127.0.0.1", **changes,
    )  # fmt: skip


def slept(node: Any) -> Any:
    wake = node.run_wake()
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    return wake


def test_events_commands_and_who_it_is(make_node: MakeNode, platform: Any, application: Listener) -> None:
    node = device(make_node, platform)
    assert "delivered 1" in slept(node).output
    application.until(lambda: bool(events(application, "readings")))
    reading = events(application, "readings")[0]
    assert reading["seq"] == 1 and -40 < reading["air"]["temperature_c"] < 60
    assert events(application, "report")[0]["boots"] == 1 and events(application, "status")[0]["wake_every_s"] == 600
    # A command while it sleeps, with the "d" of the format and without.
    application.publish("iot-2/cmd/interval/fmt/json", '{ "d" : {"id": 1, "wake_every_s": 120} }')
    application.publish("iot-2/cmd/set/fmt/json", {"id": 2, "upload_every": 97})
    assert slept(node).sleep_ms <= 180_000
    application.until(lambda: len(events(application, "result")) == 2)
    assert events(application, "result") == [{"id": 1, "ok": True}, {"id": 2, "ok": False, "error": "upload_every: 1 to 96"}]
    assert events(application, "status")[-1]["wake_every_s"] == 120
    # Nothing else was published: a device's rights cover all, its commands none.
    assert {topic for topic, _ in application.messages if "/cmd/" not in topic} == {
        f"iot-2/evt/{event}/fmt/json" for event in ("readings", "status", "report", "result")
    }
    log = platform.log.read_text()
    assert log.count("as d:a1b2c3:dormouse:kitchen (p2, c0, k60, u'use-token-auth')") == 2
    assert "Denied PUBLISH" not in log and "Will message specified" in log and "iot-2/evt/status/fmt/json" in log


def test_nothing_is_retained(make_node: MakeNode, platform: Any, application: Listener) -> None:
    slept(device(make_node, platform, SENSORS={}))
    application.until(lambda: bool(events(application, "readings")))
    late = Listener(platform.host, platform.port, "a-a1b2c3-key", "secret")
    late.publish("iot-2/evt/end/fmt/json", {"d": {}})
    late.until(lambda: bool(events(late, "end")))
    late.close()
    assert len(late.messages) == 1


def test_a_wrong_token_is_named_and_costs_six_hours(make_node: MakeNode, platform: Any) -> None:
    wake = slept(device(make_node, platform, CREDENTIALS.replace(b"MP$", b"mp$"), SENSORS={}))
    reason = "not authori" in wake.output or "password" in wake.output
    assert "upload failed" in wake.output and reason, wake.output
    assert wake.sleep_ms >= 5.5 * 3600_000 or wake.sleep_ms >= 2_000_000  # in parts, where the board's longest sleep is shorter


def test_a_late_record_is_an_event_of_its_own(make_node: MakeNode, platform: Any, application: Listener) -> None:
    node = device(make_node, platform, SENSORS={}, UPLOAD_EVERY=2)
    for _ in range(3):
        slept(node)
    application.until(lambda: len(events(application, "readings")) == 2)
    assert [record["seq"] for record in events(application, "readings")] == [1, 3]
    assert [record["seq"] for record in events(application, "history")] == [2]




WRONG = {
    "TOPIC": {
        "dormouse/{name}": "such as \"a1b2c3/dormouse\"",
        "a1b2c3": "such as",
        "a1b2c3/dormouse/x": "such as",
        "quickstart/dormouse": "no commands, no QoS 1",
    },
    "NAME": {None: "as it was registered"},
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, row in WRONG.items() for value in row])
def test_check_refuses_what_the_platform_would(tmp_path: Path, name: str, value: Any) -> None:
    right: dict[str, Any] = {"SERVICE": "ibm", "TOPIC": "a1b2c3/dormouse", "NAME": "kitchen"}
    config = tmp_path / "config.py"
    config.write_text(settings.load(ROOT).text(**right))
    read = settings.load(ROOT, config)
    config.write_text(read.text(**{name: value}))
    with pytest.raises(settings.SettingsError, match=f"config.py:[0-9]+: {name} is ") as caught:
        settings.load(ROOT, config)
    assert WRONG[name][value] in str(caught.value) and len(caught.value.problems) == 1
    credentials = tmp_path / "credentials.py"
    wrong = ((None, None, "USER is None"), ("anna", "x", "USER is 'anna'"), ("use-token-auth", "", "PASSWORD is empty"))
    for user, password, told in wrong:
        credentials.write_text(f'WIFI = (("a", "12345678"),)\nUSER = {user!r}\nPASSWORD = {password!r}\n')
        problems = settings.check_credentials(read, credentials)
        assert [told in problem.text for problem in problems if problem.kind.startswith("ibm")] == [True]


def test_two_devices_of_one_type_are_no_mistake(tmp_path: Path) -> None:
    from dormouse import checking

    nodes = []
    for name in ("kitchen", "shed"):
        config = tmp_path / "config.py"
        config.write_text(settings.load(ROOT).text(SERVICE="ibm", TOPIC="a1b2c3/dormouse", NAME=name))
        nodes.append(settings.load(ROOT, config).node)
    assert checking.of_fleet(nodes) == []


def test_simulate_follows_the_format() -> None:
    read = settings.load(ROOT)
    read.values.update(SERVICE="ibm", TOPIC="a1b2c3/dormouse", NAME="kitchen")
    topics = Topics.of(ROOT, read, b"")
    # What the service says on the board (the file is pure).
    assert {leaf: ibm.topic("a1b2c3/dormouse", "kitchen", leaf) for leaf in ("readings", "history", "status", "result")} == {
        leaf: topics[leaf] for leaf in ("readings", "history", "status", "result")
    }
    assert topics["set"].replace("/set/", "/+/") == ibm.subscriptions("", "")[0][0]
    assert Message(topics["readings"], '{"d":{"seq":1}}', 1, False).json() == {"seq": 1}
