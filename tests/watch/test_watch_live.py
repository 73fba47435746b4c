"""dormouse watch against mosquitto: what it tells, what becomes of an outage, logins and TLS, $SYS."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from watching import ROOT, Command, Nodes, until

from dormouse import cli
from dormouse.commands import watch as command
from dormouse.watching import broker_stats, shared
from dormouse.watching import watch as watching_watch
from dormouse.watching.access import Access
from dormouse.watching.client import Link
from dormouse.watching.watch import Watch

Event = dict[str, Any]


class Run:
    """A watch in a thread of this process; its events as JSON."""

    def __init__(
        self, broker: Any, *names: str, session: shared.Session | None = None, stats: bool = False, user: Any = None
    ) -> None:
        self.events: list[Event] = []
        access = Access(broker.host, broker.port, *(user or ()))
        session = session or shared.plan(None, None, 0, None)
        model, filters = command._nodes(access, names, session, as_json=True, told=True)
        if stats:
            filters.append([broker_stats.FILTER])
        self.link = Link(access, filters, session)
        self.link.open()
        found = broker_stats.BrokerStats() if stats else None
        self.watch = Watch(self.link, model, lambda text: self.events.append(json.loads(text)), as_json=True, stats=found)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            self.watch.run(0.2)

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event["event"] == kind]

    def wait(self, kind: str, count: int = 1) -> list[Event]:
        until(lambda: len(self.of(kind)) >= count, what=lambda: self.events)
        return self.of(kind)

    def close(self, goodbye: bool = True) -> None:
        self._stop.set()
        self._thread.join(10)
        if goodbye:
            self.link.close()
        else:  # killed
            self.link._client.loop_stop()
            assert self.link._client._sock
            self.link._client._sock.close()


@pytest.fixture
def run(mosquitto: Any) -> Iterator[Callable[..., Run]]:
    """run(...) -> Run at the test's mosquitto."""
    made: list[Run] = []

    def make(*names: str, broker: Any = mosquitto, **more: Any) -> Run:
        made.append(Run(broker, *names, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_json_lines_as_a_program_reads_them(mosquitto: Any, nodes: Nodes, tmp_path: Path) -> None:
    nodes.status("attic", 3600).wait_for_publish(10)
    path = tmp_path / "readings.csv"
    words = ["--broker", mosquitto.url, "--topic", "dormouse/{name}", "--json", "--csv", str(path), "--count", "2"]
    watch = Command("watch", *words)
    assert mosquitto.url in watch.hint
    for seq in (1, 1, 2):
        nodes.reading("kitchen", seq)
    assert "2 readings of 2 nodes, 1 came twice, 0 lost." in watch.end()
    until(lambda: len(watch.lines) == 3)
    events = [json.loads(line) for line in watch.lines]
    assert [(event["event"], event["node"]) for event in events] == [
        ("status", "attic"), ("reading", "kitchen"), ("reading", "kitchen"),
    ]  # fmt: skip
    assert events[0]["retained"] and events[0]["status"]["state"] == "sleeping"
    assert events[2]["reading"]["air"] == {"temperature_c": 20.5} and abs(events[2]["at"] - time.time()) < 100
    assert len(path.read_text().splitlines()) == 3


def test_plain_lines_off_a_terminal(mosquitto: Any, nodes: Nodes) -> None:
    watch = Command("watch", "kitchen", "--broker", mosquitto.url, "--topic", "dormouse/{name}", "--count", "1")
    nodes.status("kitchen")
    nodes.reading("shed", 1)
    nodes.reading("kitchen", 1)
    watch.end()
    until(lambda: len(watch.lines) == 2)
    assert "  kitchen  sleeping, next upload " in watch.lines[0]
    assert "  kitchen  reading 1/1: battery.voltage_v 3.98, battery.percent 80, air.temperature_c 20.25" in watch.lines[1]
    assert "\x1b" not in "".join(watch.lines)


def test_it_comes_back_after_an_outage_and_says_so(mosquitto: Any, run: Callable[..., Run]) -> None:
    watch = run()
    mosquitto.stop()
    assert "trying again" in watch.wait("disconnected")[0]["text"]
    mosquitto.start()
    watch.wait("connected")
    nodes = Nodes(mosquitto)
    nodes.reading("kitchen", 1)
    watch.wait("reading")
    nodes.close()
    assert [len(watch.of(kind)) for kind in ("disconnected", "connected")] == [1, 1]


def test_what_came_while_the_link_was_broken_is_not_missed(mosquitto: Any, nodes: Nodes) -> None:
    # The broker keeps the session for a while, and what was not acknowledged comes again.
    session = shared.plan(None, None, 0, "watch-1")
    watch = Run(mosquitto, session=session)
    nodes.reading("kitchen", 1)
    watch.wait("reading")
    watch.close(goodbye=False)
    nodes.reading("kitchen", 2).wait_for_publish(10)
    again = Link(Access(mosquitto.host, mosquitto.port), [], session=shared.Session("watch-1", False, 60))
    again.open()
    found = again.take(10)
    assert found is not None and b'"seq": 2' in found.payload  # type: ignore[union-attr]
    again.close()


def test_an_instance_that_is_kept_gets_its_share_after_a_pause(mosquitto: Any, nodes: Nodes, run: Callable[..., Run]) -> None:
    session = shared.plan("crew", "one", 60, None)
    first = Run(mosquitto, session=session)
    nodes.reading("kitchen", 1)
    first.wait("reading")
    first.close()  # a goodbye, and the session stays
    nodes.reading("kitchen", 2)
    assert run(session=session).wait("reading")[0]["reading"]["seq"] == 2


def test_an_instance_that_is_not_kept_leaves_its_share_to_the_others(nodes: Nodes, run: Callable[..., Run]) -> None:
    one, other = (run(session=shared.plan("crew", None, 0, None)) for _ in range(2))
    one.close()
    for seq in range(1, 11):
        nodes.reading("kitchen", seq)
    assert [event["reading"]["seq"] for event in other.wait("reading", 10)] == list(range(1, 11))


def test_what_a_broker_says_of_itself(nodes: Nodes, run: Callable[..., Run]) -> None:
    watch = run(stats=True)
    until(lambda: "clients/connected" in (watch.watch.stats.values if watch.watch.stats else {}))
    assert watch.watch.stats
    text = watch.watch.stats.text()
    assert text.startswith("mosquitto version") and "connected" in text and "published a minute" in text


def test_a_broker_that_says_nothing_of_itself(
    mosquitto_factory: Callable[..., Any], run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching_watch, "WAIT_S", 0.3)
    broker = mosquitto_factory(users={"me": "secret"}, acl="user me\ntopic readwrite dormouse/#\n")
    watch = run(broker=broker, stats=True, user=("me", "secret"))
    assert "gives no $SYS" in watch.wait("note")[0]["text"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--user", "me", "--password", "wrong"], "user and password are credentials.py's, or --user and --password"),
        ([], "not authorized"),
        (["--user", "me", "--password", "secret", "--tls"], "is it the port for TLS?"),
    ],
)
def test_why_a_broker_is_of_no_use(
    words: list[str], told: str, mosquitto_factory: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    broker = mosquitto_factory(users={"me": "secret"}, acl="user me\ntopic readwrite dormouse/#\n")
    status = cli.main(["watch", "--broker", broker.url, "--topic", "dormouse/{name}", *words, "--for", "0"])
    error = capsys.readouterr().err
    assert status == 1 and told in error and broker.url in error, error


def test_tls_is_checked(mosquitto_factory: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    from tlskit import authority

    ca = authority()
    broker = mosquitto_factory(*ca.broker())
    words = ["watch", "--broker", broker.url, "--topic", "dormouse/{name}", "--for", "0"]
    assert cli.main([*words, "--ca", ca.path("ca.der")]) == 0
    assert cli.main([*words, "--ca", ca.path("ca.pem")]) == 0
    capsys.readouterr()
    assert cli.main([*words, "--tls"]) == 1
    assert "its certificate: " in capsys.readouterr().err
    assert cli.main([*words, "--ca", ca.path("ca.key")]) == 1
    assert "--ca is no certificate" in capsys.readouterr().err
    assert cli.main([*words, "--ca", "nowhere.pem"]) == 2


def test_a_client_certificate_lets_it_in(mosquitto_factory: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    from tlskit import authority

    ca = authority()
    broker = mosquitto_factory(*ca.broker(), f"cafile {ca.path('ca.pem')}", "require_certificate true")
    words = ["watch", "--broker", broker.url, "--topic", "dormouse/{name}", "--for", "0", "--ca", ca.path("ca.pem")]
    for cert, key in (("client.pem", "client.key"), ("client.der", "client.key.der")):
        assert cli.main([*words, "--cert", ca.path(cert), "--key", ca.path(key)]) == 0, capsys.readouterr()
    capsys.readouterr()
    assert cli.main(words) == 1
    assert "no use of the broker" in capsys.readouterr().err
    assert cli.main([*words, "--cert", ca.path("client.pem"), "--key", ca.path("other.key")]) == 1
    assert "--cert and --key are no certificate and its key" in capsys.readouterr().err
    assert cli.main([*words, "--cert", ca.path("client.pem")]) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--broker", "x y"], "allowed: HOST or HOST:PORT"),
        (["--broker", "h:70000"], "allowed: HOST or HOST:PORT"),
        (["--broker", "h", "--password", "x"], "--password needs --user"),
        (["--broker", "h", "--topic", "a/{x}"], "allowed: a topic with {name}"),
        (["--broker", "h", "--keep", "5"], "are of a --group"),
        (["--ibm", "--csv", "x.csv"], "of which --ibm has none"),
        (["--ibm", "--group", "crew"], "brings nothing retained"),
        (["--ibm", "--client-id", "a:quickstart:x", "--broker", "h"], "name the devices"),
        (["--ibm", "--client-id", "a:quickstart:x", "--broker", "h", "--tls", "hut/a1"], "no TLS"),
        (["--ibm", "hut", "--broker", "h"], "TYPE/ID"),
    ],
)
def test_wrong_usage(words: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert cli.main(["watch", *words]) == 2
    error = capsys.readouterr().err
    assert told in error and len(error.splitlines()) == 1


def test_ibms_monitoring_through_a_broker(mosquitto: Any, nodes: Nodes, capsys: pytest.CaptureFixture[str]) -> None:
    message = {
        "Action": "Disconnect", "Time": "2026-11-21T12:00:00Z", "ClientAddr": "192.0.2.7", "ClientID": "d:org:hut:a1",
        "Port": 1883, "Secure": False, "Protocol": "mqtt4-tcp", "CloseCode": 288, "Reason": "The client ID was reused",
        "ReadBytes": 1, "ReadMsg": 1, "WriteBytes": 1, "WriteMsg": 1,
    }  # fmt: skip
    nodes.say("iot-2/type/hut/id/a1/mon", message, 0, True)
    nodes.say("iot-2/app/eye/mon", {**message, "CloseCode": 160}, 1, True).wait_for_publish(10)
    words = ["watch", "--ibm", "--broker", mosquitto.url, "--json", "--count", "2"]
    assert cli.main(words) == 0
    events = {event["client"]: event for event in map(json.loads, capsys.readouterr().out.splitlines())}
    assert events["hut/a1"]["state"] == "connected" and events["hut/a1"]["close"].startswith("the client id was used again")
    assert events["app eye"]["state"] == "disconnected" and events["app eye"]["monitoring"]["CloseCode"] == 160
