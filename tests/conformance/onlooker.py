"""The other client at the broker, Eclipse Paho: what reaches it is what anybody would receive."""

from __future__ import annotations

import threading

import paho.mqtt.client as paho

_WAIT_S = 5.0


class Onlooker:
    """A context manager: connected, and subscribed to the filters with QoS 1. got: (topic, payload, retain) as they came."""

    def __init__(self, port: int, *filters: str) -> None:
        self.got: list[tuple[str, bytes, bool]] = []
        self._news = threading.Condition()
        self._connected = threading.Event()
        self._subscribed = threading.Event()
        self._filters = [(name, 1) for name in filters]
        self._port = port
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda *_: self._connected.set()
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        with self._news:
            self.got.append((message.topic, message.payload, message.retain))
            self._news.notify_all()

    def __enter__(self) -> Onlooker:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        assert self._connected.wait(_WAIT_S)
        if self._filters:
            self._client.subscribe(self._filters)
            assert self._subscribed.wait(_WAIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, topic: str, payload: bytes | str, qos: int = 1, retain: bool = False) -> None:
        """Publish; returns when the broker has it."""
        self._client.publish(topic, payload, qos, retain).wait_for_publish(_WAIT_S)

    def wait(self, count: int, seconds: float = _WAIT_S) -> list[tuple[str, bytes]]:
        """What has come once it is `count` messages, or when the time is up."""
        with self._news:
            self._news.wait_for(lambda: len(self.got) >= count, seconds)
            return [(topic, payload) for topic, payload, _ in self.got]

    def until(self, payload: bytes, seconds: float = _WAIT_S) -> list[bytes]:
        """The payloads that have come once this one is among them, or when the time is up."""
        with self._news:
            self._news.wait_for(lambda: any(payload == found for _, found, _ in self.got), seconds)
            return [found for _, found, _ in self.got]
