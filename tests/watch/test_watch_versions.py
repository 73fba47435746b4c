"""Brokers without MQTT 5, and without shared subscriptions: spoken to as they can, or refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from watching import Nodes

from dormouse import cli
from dormouse.broker import EmbeddedBroker
from dormouse.errors import DormouseError
from dormouse.watching import client, shared
from dormouse.watching.access import Access
from dormouse.watching.client import Incoming, Link


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A broker of MQTT 3.1.1 only: amqtt."""
    monkeypatch.setenv("MOSQUITTO", "")
    monkeypatch.setattr(client, "_FIVE_S", 1.5)
    with EmbeddedBroker() as broker:
        assert broker.name == "amqtt"
        yield broker


def test_a_broker_of_mqtt_3_is_spoken_to_so(old: Any, capsys: pytest.CaptureFixture[str]) -> None:
    nodes = Nodes(old)
    with Link(Access(old.host, old.port), [["dormouse/+/readings"]], shared.plan(None, None, 0, None)) as link:
        assert not link.five
        nodes.reading("kitchen", 1)
        found = link.take(20)
        assert isinstance(found, Incoming) and found.topic == "dormouse/kitchen/readings"
        link.done(found)
        assert link.publish("dormouse/kitchen/set", "{}") == 0
    nodes.close()
    where = f"{old.host}:{old.port}"
    assert cli.main(["watch", "--broker", where, "--topic", "dormouse/{name}", "--group", "crew", "--for", "0"]) == 1
    error = capsys.readouterr().err
    assert f"the broker at {where} does not speak MQTT 5, which --group needs" in error


def test_a_broker_that_says_it_shares_nothing_is_refused_for_a_group(mosquitto: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # RabbitMQ's CONNACK has the property (MQTT 5 section 3.2.2.3.13); mosquitto's is changed on its way.
    on_connect = Link._on_connect
    told = SimpleNamespace(SharedSubscriptionAvailable=0)
    monkeypatch.setattr(Link, "_on_connect", lambda self, *words: on_connect(self, *words[:-1], told))
    session = shared.plan("crew", None, 0, None)
    with pytest.raises(DormouseError, match="it has no shared subscriptions, which --group needs"):
        Link(Access(mosquitto.host, mosquitto.port), [[session.filter("a")]], session).open()
    Link(Access(mosquitto.host, mosquitto.port), [["a"]], shared.plan(None, None, 0, None)).open()
