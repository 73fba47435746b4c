"""The fixtures that other tests rest on, checked with Eclipse Paho as the outside client."""

from __future__ import annotations

from collections.abc import Callable

import paho.mqtt.client as paho

from brokers import Mosquitto


def _connect(broker: Mosquitto, user: str | None = None, password: str | None = None) -> int:
    """Return the CONNACK code that the broker gives."""
    codes: list[int] = []
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.on_connect = lambda client, data, flags, reason, properties: codes.append(reason.value)
    if user is not None:
        client.username_pw_set(user, password)
    client.connect(broker.host, broker.port)
    while not codes:
        client.loop(0.05)
    client.disconnect()
    return codes[0]


def test_mosquitto_lets_anybody_in_and_comes_back(mosquitto: Mosquitto) -> None:
    assert _connect(mosquitto) == 0
    port = mosquitto.port
    mosquitto.stop()
    mosquitto.start()
    assert mosquitto.port == port and _connect(mosquitto) == 0
    assert "Sending CONNACK" in mosquitto.log()


def test_factory_with_users_refuses_a_stranger(mosquitto_factory: Callable[..., Mosquitto]) -> None:
    broker = mosquitto_factory(users={"node": "secret"})
    assert _connect(broker, "node", "secret") == 0
    # paho maps CONNACK 5 to MQTT 5's reason 135, not authorized
    assert _connect(broker) == 135 and _connect(broker, "node", "wrong") == 135
