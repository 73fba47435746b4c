"""The link to the broker: paho-mqtt in its thread, and one queue of what happened. Clear words for what goes wrong."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from rich.console import Console

from dormouse.errors import DormouseError
from dormouse.watching.access import Access
from dormouse.watching.shared import Session

_CONNECT_S = 10.0
_FIVE_S = 5.0  # for the answer to MQTT 5; then 3.1.1 is tried
_SOONEST_S, _LATEST_S = 1, 60  # between two tries to connect again; paho doubles in between
_VERSION = 0x84  # unsupported protocol version (MQTT 5 section 3.2.2.2)
NOBODY = 0x10  # no matching subscribers (MQTT 5 section 3.4.2.1)


@dataclass(frozen=True)
class Incoming:
    """A message. at: when it came, seconds since 1970. mid, life: what acknowledges it."""

    topic: str
    payload: bytes
    retain: bool
    at: float
    qos: int = 0
    mid: int = 0
    life: int = 0


@dataclass(frozen=True)
class Change:
    """The link went or came back. up: which; text: why; at: when."""

    up: bool
    text: str
    at: float


class Link:
    """A client with subscriptions; a context manager. It connects again by itself, ever later, until it is closed.

    Arguments: access; filters, lists of topic filters, each list one SUBSCRIBE (some brokers allow eight filters in one);
    session, how much of it the broker keeps; five, False for MQTT 3.1.1 at once. Attribute: five, whether it became MQTT 5.
    Messages are acknowledged with done(): a broker that keeps the session gives unfinished ones to the next.
    """

    def __init__(self, access: Access, filters: Sequence[Sequence[str]], session: Session, five: bool = True) -> None:
        self._access, self._filters, self._session = access, filters, session
        self.five = five
        self._events: queue.SimpleQueue[Incoming | Change] = queue.SimpleQueue()
        self._answer: queue.SimpleQueue[str | None]  # of the first connection: None, or what is wrong
        self._begun = False  # the first connection and its subscriptions are good
        self._life = 0
        self._waiting: set[int] = set()  # SUBSCRIBEs without SUBACK
        self._told = False
        self._codes: dict[int, int] = {}
        self._published = threading.Condition()
        self._client = self._make()

    def __enter__(self) -> Link:
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def open(self) -> None:
        """Connect and subscribe. Raises DormouseError: no such host, nobody there, refused, TLS."""
        notes = Console(stderr=True)
        with notes.status(f"connecting to {self._access.where}") if notes.is_terminal else nullcontext():
            self._open()

    def _open(self) -> None:
        problem = self._try()
        if problem is _OTHER_VERSION:
            if self._session.needs_five:
                self.close()
                raise DormouseError(f"the broker at {self._access.where} does not speak MQTT 5, which --group needs")
            self.close()
            self.five = False
            self._client = self._make()
            problem = self._try()
        if problem:
            self.close()
            text = "it hung up" if problem is _OTHER_VERSION else problem
            raise DormouseError(f"no use of the broker at {self._access.where}: {text}")
        self._begun = True

    def take(self, timeout_s: float) -> Incoming | Change | None:
        """What happened next; None when nothing did within timeout_s seconds."""
        try:
            return self._events.get(timeout=timeout_s) if timeout_s > 0 else self._events.get_nowait()
        except queue.Empty:
            return None

    def done(self, message: Incoming) -> None:
        """Acknowledge a message: it is where it belongs."""
        if message.qos and message.life == self._life:
            self._client.ack(message.mid, message.qos)

    def publish(self, topic: str, payload: str, retain: bool = False) -> int:
        """Publish with QoS 1 and wait for the acknowledgement. Returns its reason code: NOBODY when nobody subscribes (MQTT 5).

        Raises DormouseError when the broker does not take it.
        """
        end = time.monotonic() + _CONNECT_S
        sent = self._client.publish(topic, payload, qos=1, retain=retain)
        with self._published:
            while sent.mid not in self._codes and (left_s := end - time.monotonic()) > 0:
                self._published.wait(left_s)
            code = self._codes.pop(sent.mid, None)
        if code is None or code >= 0x80:
            why = "no answer" if code is None else f"refused, reason code {code}"
            raise DormouseError(f"the broker at {self._access.where} did not take the message to {topic} ({why}): rights?")
        return code

    def clear(self, topic: str) -> None:
        """Take a retained message back. QoS 0: nobody who sleeps shall find it in his queue."""
        sent = self._client.publish(topic, b"", qos=0, retain=True)
        try:
            sent.wait_for_publish(_CONNECT_S)
        except (RuntimeError, ValueError) as error:
            raise DormouseError(f"could not clear {topic} at {self._access.where}: {error}") from error

    def close(self) -> None:
        """Say goodbye: what the broker keeps of the session ends with it, unless the session is to be kept."""
        goodbye = None
        if self.five and not self._session.durable:
            goodbye = Properties(PacketTypes.DISCONNECT)
            goodbye.SessionExpiryInterval = 0
        try:
            self._client.disconnect(properties=goodbye)
        except (OSError, ValueError):
            pass
        self._client.loop_stop()

    def _make(self) -> paho.Client:
        five, session = self.five, self._session
        self._answer = queue.SimpleQueue()  # what a client before this one said is over
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            session.client_id,
            None if five else True,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
        )
        client.reconnect_delay_set(_SOONEST_S, _LATEST_S)
        client.connect_timeout = _CONNECT_S
        if self._access.user is not None:
            client.username_pw_set(self._access.user, self._access.password)
        if self._access.tls is not None:
            client.tls_set_context(self._access.tls)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    def _try(self) -> str | None:
        properties: Any = None
        if self.five:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = self._session.expiry_s
        try:
            self._client.connect(
                self._access.host,
                self._access.port,
                clean_start=self._session.clean_start if self.five else paho.MQTT_CLEAN_START_FIRST_ONLY,
                properties=properties,
            )
        except (OSError, ValueError) as error:
            return words(error, self._access.host, self._access.tls is not None)
        self._client.loop_start()
        try:
            return self._answer.get(timeout=_FIVE_S if self.five else _CONNECT_S)
        except queue.Empty:
            if self.five:
                return _OTHER_VERSION  # amqtt says nothing at all
            return f"no answer within {_CONNECT_S:.0f} s: is it an MQTT broker, and is TLS as it wants it?"

    # In paho's thread.

    def _on_connect(self, client: paho.Client, _data: object, _flags: object, reason: Any, more: Any) -> None:
        if reason.is_failure:
            if not self._begun:
                self._answer.put(_OTHER_VERSION if reason.value == _VERSION and self.five else _refused(reason))
                client.disconnect()
            elif not self._told:
                self._told = True
                self._events.put(Change(False, f"refused: {_refused(reason)}; trying again", time.time()))
            return
        # Absent: available (MQTT 5 section 3.2.2.3.13). RabbitMQ says 0.
        if self._session.group and not getattr(more, "SharedSubscriptionAvailable", 1):
            self._answer.put("it has no shared subscriptions, which --group needs")
            client.disconnect()
            return
        self._life += 1
        self._waiting.clear()
        for group in self._filters:
            _, mid = client.subscribe([(text, 1) for text in group])  # type: ignore[arg-type]
            if mid is not None:
                self._waiting.add(mid)
        if self._begun:
            self._told = False
            self._events.put(Change(True, "connected again", time.time()))
        elif not self._filters:
            self._answer.put(None)

    def _on_connect_fail(self, _client: object, _data: object) -> None:
        if self._begun and not self._told:
            self._told = True
            self._events.put(Change(False, "nobody answers; trying again", time.time()))

    def _on_disconnect(self, _client: object, _data: object, _flags: object, reason: Any, _more: object) -> None:
        if not self._begun:
            self._answer.put(_OTHER_VERSION if self.five else "it hung up before it answered")
        elif not self._told:
            self._told = True
            self._events.put(Change(False, f"connection lost ({str(reason).lower()}); trying again", time.time()))

    def _on_subscribe(self, _client: object, _data: object, mid: int, reasons: Sequence[Any], _more: object) -> None:
        self._waiting.discard(mid)
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused and not self._begun:
            self._answer.put(f"the subscription was refused ({refused[0].lower()}): may this user read these topics?")
        elif not self._begun and not self._waiting:
            self._answer.put(None)

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        incoming = Incoming(
            message.topic, bytes(message.payload), message.retain, time.time(), message.qos, message.mid, self._life
        )
        self._events.put(incoming)

    def _on_publish(self, _client: object, _data: object, mid: int, reason: Any, _more: object) -> None:
        with self._published:
            self._codes[mid] = int(getattr(reason, "value", 0))
            self._published.notify_all()


_OTHER_VERSION = "another version of MQTT"


def words(error: Exception, host: str, tls: bool = False) -> str:
    """Why no connection came about, in words."""
    if isinstance(error, socket.gaierror):
        return f"no address for {host}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate: {error.verify_message or error}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or error}; is it the port for TLS?"
    if tls and isinstance(error, ConnectionError) and not isinstance(error, ConnectionRefusedError):
        return "it hung up on TLS; is it the port for TLS?"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, TimeoutError):
        return f"no answer within {_CONNECT_S:.0f} s"
    return str(getattr(error, "strerror", None) or error).lower()


def _refused(reason: Any) -> str:
    text = str(reason).lower()
    if reason.value in (0x86, 0x87):  # bad user name or password, not authorized
        return f"{text}: user and password are credentials.py's, or --user and --password"
    return text
