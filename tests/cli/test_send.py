"""dormouse send: to a node that sleeps at a real broker, and to a whole virtual one; every refusal and every silence."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from command_line import ROOT

from dormouse import cli, settings
from dormouse.errors import UsageError
from dormouse.watching import sending
from dormouse.watching.nodes import Fleet, Node
from dormouse.watching.topics import Topics

sys.path.append(str(ROOT / "tests" / "wakes"))

from nodes import listener, make_node

__all__ = ["listener", "make_node"]

SCHEMA = settings.load_schema(ROOT)
NOT_THERE = "192.0.2.1"  # RFC 5737: nobody's


class Sleeper:
    """A node's session at a broker: it subscribes, says when it wakes, sleeps; and wakes to answer as a node does."""

    def __init__(self, broker: Any, name: str, error: str | None = None, wake_s: int = 20) -> None:
        self.broker, self.name, self.error, self.wake_s = broker, name, error, wake_s
        self.got: list[dict[str, Any]] = []
        client = self._client()
        self._until(client, lambda: self._granted)
        self._status(client)
        self._sleep(client)

    def _client(self) -> paho.Client:
        self._granted = False
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, f"{self.name}-0011", clean_session=False)
        client.on_connect = lambda c, *_: c.subscribe([(f"dormouse/{self.name}/set", 1), ("dormouse/all/set", 1)])
        client.on_subscribe = lambda *_: setattr(self, "_granted", True)
        client.on_message = self._on_message
        client.connect(self.broker.host, self.broker.port)
        return client

    def _on_message(self, client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        command = json.loads(message.payload)
        self.got.append(command)
        answer: dict[str, Any] = {"id": command["id"], "ok": self.error is None}
        if self.error:
            answer["error"] = self.error
        client.publish(f"dormouse/{self.name}/result", json.dumps(answer), 1)
        self._status(client)

    def _status(self, client: paho.Client) -> None:
        now = int(time.time())
        status = {"state": "sleeping", "time": now, "wake_at": now + self.wake_s, "wake_every_s": 900}
        client.publish(f"dormouse/{self.name}/status", json.dumps(status), 0, True)

    def wake(self) -> None:
        """One wake: what is queued comes and is answered."""
        client, count = self._client(), len(self.got)
        self._until(client, lambda: self._granted and len(self.got) > count, 3)
        self._sleep(client)

    @staticmethod
    def _until(client: paho.Client, true: Callable[[], bool], seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while not true() and time.monotonic() < end:
            client.loop(0.05)

    @staticmethod
    def _sleep(client: paho.Client) -> None:
        for _ in range(5):
            client.loop(0.02)
        client.disconnect()


@pytest.fixture
def waking() -> Iterator[Callable[[Callable[[], object]], None]]:
    """waking(action): done a moment from now, again and again until the test ends."""
    stop, threads = threading.Event(), []

    def begin(action: Callable[[], object]) -> None:
        def act() -> None:
            while not stop.wait(0.3):
                action()

        threads.append(threading.Thread(target=act, daemon=True))
        threads[-1].start()

    yield begin
    stop.set()
    for thread in threads:
        thread.join(10)


def send(broker: Any, *words: str) -> int:
    return cli.main(["send", *words, "--broker", broker.url, "--topic", "dormouse/{name}"])


def test_it_is_queued_for_a_sleeper_and_its_answer_awaited(
    mosquitto: Any, waking: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    node = Sleeper(mosquitto, "kitchen")
    waking(node.wake)
    assert send(mosquitto, "kitchen", "wake_every_s=300", "upload_every=null") == 0
    out = capsys.readouterr().out.splitlines()
    (command,) = {json.dumps(got) for got in node.got}
    assert json.loads(command) == {"id": json.loads(command)["id"], "wake_every_s": 300, "upload_every": None}
    assert out[0] == f"queued on dormouse/kitchen/set: {command}"
    assert out[1].startswith("  kitchen is asleep, uploads next at ") and " in " in out[1]
    assert out[2].startswith("waiting for kitchen, at most ")
    assert out[3].startswith("kitchen: ok; it is asleep, uploads next at ")


def test_the_real_node_answers(
    make_node: Any, mosquitto: Any, listener: Any, waking: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    node = make_node(options={"speed": 8}, BROKER=mosquitto.url, NAME="shed", SENSORS={}, BATTERY=None)
    wakes = [node.run_wake()]
    waking(lambda: listener.on("result") or wakes.append(node.run_wake()))
    assert send(mosquitto, "shed", "wake_every_s=300", "--wait", "60") == 0, capsys.readouterr()
    out = capsys.readouterr().out
    assert "shed: ok; it is " in out
    listener.until(lambda: any(status.get("wake_every_s") == 300 for status in listener.on("status")))
    assert send(mosquitto, "shed", "stay_awake=600", "restart=true", "--no-wait") == 0
    assert "It stays queued at the broker until the node uploads" in capsys.readouterr().out


def test_what_a_node_refuses_is_told_in_its_words(
    mosquitto: Any, waking: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    node = Sleeper(mosquitto, "kitchen", error="stay_awake: 0 to 12\x1b[2J")  # anybody may publish so
    waking(node.wake)
    assert send(mosquitto, "kitchen", "stay_awake=600") == 1
    assert capsys.readouterr().err == "dormouse: kitchen refuses it: stay_awake: 0 to 12?[2J\n"


def test_nobody_answers_in_time_and_it_stays_queued(mosquitto: Any, capsys: pytest.CaptureFixture[str]) -> None:
    node = Sleeper(mosquitto, "kitchen")
    assert send(mosquitto, "kitchen", "wake_every_s=300", "--wait", "1") == 1
    told = capsys.readouterr()
    assert "It stays queued at the broker" in told.out and "wake_every_s=null" in told.out
    assert told.err == "dormouse: no answer yet from kitchen\n"
    node.wake()
    assert [got["wake_every_s"] for got in node.got] == [300]


def test_ctrl_c_leaves_it_queued_and_says_so(
    mosquitto: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    node = Sleeper(mosquitto, "kitchen")

    def interrupted(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(sending.Sending, "wait", interrupted)
    assert send(mosquitto, "kitchen", "upload_now=true") == 130
    assert "It stays queued" in capsys.readouterr().out
    node.wake()
    assert [got["upload_now"] for got in node.got] == [True]


def test_all_of_them_answer(mosquitto: Any, waking: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    sleepers = [Sleeper(mosquitto, name) for name in ("attic", "kitchen", "shed")]
    sleepers[2].error = "wake_every_s: 10 to 2592000"
    for node in sleepers:
        waking(node.wake)
    assert send(mosquitto, "--all", "wake_every_s=300") == 1
    told = capsys.readouterr()
    assert "queued on dormouse/all/set: " in told.out and "waiting for 3 nodes" in told.out
    assert "attic: ok" in told.out and "kitchen: ok" in told.out
    assert told.err == "dormouse: shed refuses it: wake_every_s: 10 to 2592000\n"


def test_of_all_those_that_are_missing_are_not_waited_for(mosquitto: Any, capsys: pytest.CaptureFixture[str]) -> None:
    Sleeper(mosquitto, "attic", wake_s=-7 * 3600)
    assert send(mosquitto, "--all", "wake_every_s=300") == 0
    out = capsys.readouterr().out
    assert "attic is missing: its upload was due at " in out and "not waited for: attic" in out and "stays queued" in out


def test_a_node_that_never_came_gets_nothing(mosquitto: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert send(mosquitto, "kitchen", "wake_every_s=300") == 1
    error = capsys.readouterr().err
    assert "it has never connected there" in error and "nothing was sent" in error and "--retain" in error
    assert send(mosquitto, "--all", "wake_every_s=300") == 1
    assert "no node has a status" in capsys.readouterr().err


def test_a_broker_that_has_forgotten_the_node_is_found_out(mosquitto: Any, capsys: pytest.CaptureFixture[str]) -> None:
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.connect(mosquitto.host, mosquitto.port)
    client.loop_start()
    status = {"state": "sleeping", "time": 1, "wake_at": 901, "wake_every_s": 900}
    client.publish("dormouse/kitchen/status", json.dumps(status), 1, True).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()
    assert send(mosquitto, "kitchen", "wake_every_s=300") == 1
    assert "no subscriber for dormouse/kitchen/set" in capsys.readouterr().err


def test_a_retained_setting_waits_for_a_node_that_is_yet_to_come_until_it_is_taken_back(
    mosquitto: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert send(mosquitto, "kitchen", "wake_every_s=300", "--retain", "--no-wait") == 0
    assert "send kitchen --cancel" in capsys.readouterr().out
    assert Sleeper(mosquitto, "kitchen").got[0]["wake_every_s"] == 300
    assert send(mosquitto, "kitchen", "--cancel") == 0
    assert "nothing retained any more" in capsys.readouterr().out
    assert Sleeper(mosquitto, "other").got == Sleeper(mosquitto, "kitchen").got == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "for whom? dormouse send NODE NAME=VALUE"),
        (["wake_every_s=300"], "for whom?"),
        (["kitchen"], "nothing to send"),
        (["kitchen", "wake_every_s"], "a command is NAME=VALUE"),
        (["kitchen", "wake_every_s=9"], "wake_every_s=9: allowed: 10 to 2592000 s, or null"),
        (["kitchen", "wake_every_s=300", "WAKE_EVERY_S=400"], "is there twice"),
        (["kitchen", "upload_every=97"], "allowed: 1 to 96 wakes"),
        (["kitchen", "upload_every=true"], "allowed: 1 to 96 wakes"),
        (["kitchen", "stay_awake=601"], "allowed: 0 to 600 s"),
        (["kitchen", "stay_awake=null"], "allowed: 0 to 600 s"),
        (["kitchen", "restart=1"], "restart=1: allowed: true"),
        (["kitchen", "broker=x"], "'broker' cannot be commanded; allowed: wake_every_s, upload_every, upload_now"),
        (["kitchen", "restart=true", "--retain"], "restart is obeyed once"),
        (["kitchen", "wake_every_s=300", "--cancel"], "no NAME=VALUE"),
        (["kitchen", "wake_every_s=300", "--wait", "5", "--no-wait"], "choose one"),
        (["--all", "kitchen", "restart=true"], "leave out 'kitchen'"),
        (["--all", "restart=true", "--topic", "home/garden"], "there is no fleet"),
    ],
)
def test_wrong_usage_costs_no_connection(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["send", *words, "--broker", NOT_THERE]) == 2
    error = capsys.readouterr().err
    assert told in error and len(error.splitlines()) == 1


def test_the_node_takes_what_is_sent_and_refuses_what_is_not() -> None:
    """The oracle is the node's own parser."""
    from types import SimpleNamespace

    from node import commands

    def of_node(command: dict[str, Any]) -> str | None:
        return commands._parse(json.dumps({"id": "send-0123abcd", **command}).encode(), False, {"chores": 0})[1]

    values = ("true", "null", "false", "0", "1", "9", "10", "96", "97", "600", "601", "2592000", "2592001", "-1", "1.5", '"1"')
    names = ("wake_every_s", "upload_every", "upload_now", "restart", "clear", "stay_awake", "max_awake_s")
    assert set(commands.WORDS) < set(names)
    seen = SimpleNamespace(good=0, bad=0)
    for name in names:
        for value in values:
            try:
                command: dict[str, Any] | None = sending.parse(SCHEMA, [f"{name}={value}"])
            except UsageError:
                command = None
            if command is None:
                assert of_node({name: json.loads(value)}), (name, value)
                seen.bad += 1
            else:
                assert of_node(command) is None, command
                seen.good += 1
    assert seen.good > 15 < seen.bad
    # All of them at once are no more than a node takes (docs/commands.md).
    assert len(json.dumps({"id": "send-0123abcd", **dict.fromkeys(commands.WORDS, 2592000)})) <= 256


def test_until_when_it_waits() -> None:
    def node(due: float | None, every: float = 900) -> Node:
        fleet = Fleet(Topics("dormouse/{name}"))
        status = {"state": "sleeping", "time": due and due - every, "wake_at": due, "wake_every_s": every}
        fleet.take("dormouse/a/status", json.dumps(status).encode(), 1e9, True)
        return fleet.nodes["a"]

    now = 1_795_000_000.0
    assert sending.due_at([node(now + 50), node(now + 700)], now) == now + 700
    assert sending.due_at([node(now - 30)], now) == now
    assert sending.due_at([node(now - 5000)], now) == now + 900
    assert sending.due_at([node(None)], now) == now + 900
    assert sending.due_at([node(None, float("nan"))], now) is None


def test_another_services_nodes_are_not_spoken_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dormouse.watching import access

    found = access.Access("h", 1, service="adafruit")
    monkeypatch.setattr(access, "find", lambda *_: found)
    assert cli.main(["send", "kitchen", "wake_every_s=300"]) == 2
    assert "SERVICE is 'adafruit'" in capsys.readouterr().err
    assert cli.main(["watch"]) == 2
    assert "SERVICE is 'adafruit'" in capsys.readouterr().err


def test_each_users_nodes_have_a_topic_for_all() -> None:
    class Broker:
        """Takes what is published; nobody listens to bob's."""

        def __init__(self) -> None:
            self.got: list[str] = []

        def publish(self, topic: str, _payload: str, _retain: bool) -> int:
            self.got.append(topic)
            return 16 if "/bob/" in topic else 0

    broker = Broker()
    run = sending.Sending(broker, Topics("nodes/{user}/{name}", user="anna"), ())  # type: ignore[arg-type]
    for words in ("anna/shed", "bob/hut"):
        run.fleet.take(f"nodes/{words}/status", b'{"state": "sleeping"}', 1.0, True)
    assert [node.name for node in run.known()] == ["shed", "bob/hut"]
    assert run.send({"wake_every_s": 300}, False)
    assert broker.got == ["nodes/anna/all/set", "nodes/bob/all/set"]
    assert run.status_topic == "nodes/+/+/status"
