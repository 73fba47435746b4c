"""What each broker can do, measured: the tests hold each line to it in both directions, and docs/brokers.md is made of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest


@dataclass(frozen=True)
class Kind:
    """One broker: what it is called, the version last measured, what it lacks and what is not tried ({ability: why})."""

    title: str
    version: str
    note: str
    lacks: dict[str, str] = field(default_factory=dict)
    untried: dict[str, str] = field(default_factory=dict)


ABILITIES = {
    "pipelined": "takes CONNECT, SUBSCRIBE, PUBLISH and PINGREQ in one write",
    "step by step": "takes them one after the other",
    "batch": "takes 50 QoS 1 records in one burst, each delivered once and in order",
    "long pipeline": "takes those 50 in one write",
    "large": "carries 20 kB messages",
    "names": "carries topics and payloads beyond ASCII, with a leading slash, with an empty level",
    "full stops": "and with full stops, `sensor/v1.2`",
    "refusal": "refuses a wrong password with a code and processes nothing of what came with it",
    "wildcards": "delivers what `+` and `#` match, and nothing after UNSUBSCRIBE",
    "session": "keeps a session while the node sleeps, and says so",
    "clean": "discards the session when a clean one begins",
    "queue": "delivers QoS 1 commands sent while the node slept, once",
    "long queue": "the same for 50 commands, in order",
    "retained": "delivers a retained command with each SUBSCRIBE to its topic",
    "retained wildcards": "the same where the filter has a wildcard",
    "results": "takes results in the same write as the acknowledgement of their command",
    "will": "publishes the last will when the link breaks, not after DISCONNECT",
    "keepalive": "publishes the last will of a node that has gone silent",
    "reconnect": "takes the client back after the link broke",
    "resume": "and, its session kept, takes again with DUP what it had not acknowledged",
    "repeat": "acknowledges a QoS 1 message sent again with DUP",
    "restart": "takes the client back after a restart",
    "mqtt 5": "speaks MQTT 5",
    "mqtt 5 refused": "or refuses it with the code for that",
}

BROKERS = {
    "mosquitto": Kind(
        "mosquitto",
        "2.0.11",
        "`set_tcp_nodelay true` saves a round trip",
        untried={"mqtt 5 refused": "it speaks MQTT 5"},
    ),
    "amqtt": Kind(
        "amqtt",
        "0.12.1",
        "anonymous clients; the embedded broker where mosquitto is not installed",
        lacks={
            "session": "ends an anonymous client's session within a second; where such clients are refused, it keeps "
            "sessions, but what waited comes flagged as retained",
            "queue": "keeps no messages for anonymous clients",
            "long queue": "keeps no messages for anonymous clients",
            "retained": "delivers them twice, and to those who did not ask for them",
            "retained wildcards": "delivers them twice, and to those who did not ask for them",
            "mqtt 5": "speaks only 3.1.1",
            "mqtt 5 refused": "does not answer a client of MQTT 5",
        },
        untried={
            "keepalive": "it had not noticed after 12 s",
            "results": "no command waits there for the node",
            "clean": "it keeps no session that could be discarded",
            "resume": "it keeps no session",
        },
    ),
    "rabbitmq": Kind(
        "RabbitMQ",
        "3.10.8",
        "with its plugin rabbitmq_mqtt",
        lacks={
            "retained wildcards": "looks for retained messages by whole topics only",
            "full stops": "delivers them as slashes",
            "mqtt 5": "speaks 3.1.1 (MQTT 5 since 3.13)",
            "mqtt 5 refused": "hangs up on a client of MQTT 5",
        },
        untried={"restart": "it takes 10 s"},
    ),
    "nats": Kind(
        "NATS",
        "2.9.10",
        "with JetStream",
        lacks={"full stops": "refuses the subscription", "mqtt 5": "speaks only 3.1.1"},
    ),
    "aedes": Kind(
        "aedes",
        "1.2.0",
        "on Node.js, its store in memory",
        lacks={
            "long pipeline": "hangs up at more than 42 packets before its CONNACK (queueLimit): they go step by step",
            "mqtt 5": "speaks only 3.1.1",
        },
    ),
}
SLEEP_S = {"amqtt": 1.2}  # its session monitor looks once a second


def name_of(broker: object) -> str:
    """The broker's name in BROKERS."""
    return type(broker).__name__.lower()


INTERPRETERS = ("micropython", "cpython")
both = pytest.mark.parametrize("interpreter", INTERPRETERS)


def shows(ability: str) -> pytest.MarkDecorator:
    """Mark a test: it fails on a broker exactly when the broker lacks this ability."""
    if ability not in ABILITIES:
        raise ValueError(ability)
    return pytest.mark.ability(ability)
