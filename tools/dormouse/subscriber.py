"""A second client at the broker, written by others (paho-mqtt): what it receives is what anybody would receive."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from dormouse.errors import DormouseError

_CONNECT_S = 10.0


@dataclass(frozen=True)
class Message:
    """One message as it arrived: its topic, its payload as text, QoS and retain flag."""

    topic: str
    text: str
    qos: int
    retain: bool

    def json(self) -> dict[str, object]:
        """The payload as a JSON object, what is under "d" when that is all (IBM's format); an empty dict when it is none."""
        try:
            value = json.loads(self.text)
        except ValueError:
            return {}
        if isinstance(value, dict) and list(value) == ["d"]:
            value = value["d"]
        return value if isinstance(value, dict) else {}


class Subscriber:
    """A client that subscribes to a filter and keeps what comes; a context manager.

    Arguments: host, port; topic_filter, subscribed to with QoS 1; user and password, None for an anonymous client.
    """

    def __init__(self, host: str, port: int, topic_filter: str, user: str | None = None, password: str | None = None) -> None:
        self._address, self._filter = (host, port), topic_filter
        self._messages: list[Message] = []
        self._changed = threading.Condition()
        self._ready = False
        self._refused = ""
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        if user is not None:
            self._client.username_pw_set(user, password)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def start(self) -> None:
        """Connect and subscribe. Raises DormouseError when the broker is not there, refuses, or grants nothing."""
        host, port = self._address
        try:
            self._client.connect(host, port)
        except OSError as error:
            raise DormouseError(f"no broker at {host}:{port}: {error.strerror or error}") from error
        self._client.loop_start()
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._refused, _CONNECT_S)
        if not self._ready:
            self.stop()
            reason = self._refused or f"no answer within {_CONNECT_S:.0f} s"
            raise DormouseError(f"the broker at {host}:{port} does not serve a subscriber: {reason}")

    def stop(self) -> None:
        """Disconnect and end the thread that receives."""
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> Subscriber:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.stop()

    def wait(self, done: Callable[[list[Message]], bool], timeout_s: float) -> bool:
        """Wait until what has come satisfies `done`, at most timeout_s seconds. Returns whether it does."""
        with self._changed:
            return self._changed.wait_for(lambda: done(self._messages), timeout_s)

    def settle(self, quiet_s: float, timeout_s: float) -> None:
        """Wait until nothing has come for quiet_s seconds, at most timeout_s seconds."""
        end = time.monotonic() + timeout_s
        count = -1
        with self._changed:
            while count != len(self._messages) and time.monotonic() < end:
                count = len(self._messages)
                self._changed.wait(quiet_s)

    def take(self) -> list[Message]:
        """What has come since the last call."""
        with self._changed:
            taken, self._messages[:] = list(self._messages), []
        return taken

    def send(self, topic: str, payload: str, qos: int = 1, retain: bool = False) -> None:
        """Publish and wait until the broker has it. Raises DormouseError when it does not take it in time."""
        sent = self._client.publish(topic, payload, qos=qos, retain=retain)
        try:
            sent.wait_for_publish(_CONNECT_S)
        except (RuntimeError, ValueError) as error:
            raise DormouseError(f"could not send to {topic}: {error}") from error
        if not sent.is_published():
            raise DormouseError(f"the broker did not acknowledge a message to {topic} within {_CONNECT_S:.0f} s")

    def _on_connect(self, client: paho.Client, _data: object, _flags: object, reason: object, _more: object) -> None:
        if getattr(reason, "is_failure", False):
            with self._changed:
                self._refused = str(reason)
                self._changed.notify_all()
        else:
            client.subscribe(self._filter, 1)

    def _on_subscribe(self, _client: object, _data: object, _pid: object, reasons: Sequence[object], _more: object) -> None:
        with self._changed:
            if any(getattr(reason, "is_failure", False) for reason in reasons):
                self._refused = f"the subscription to {self._filter} was refused"
            else:
                self._ready = True
            self._changed.notify_all()

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        text = message.payload.decode("utf-8", "replace")
        with self._changed:
            self._messages.append(Message(message.topic, text, message.qos, message.retain))
            self._changed.notify_all()
