"""The broker as the node will meet it, tried from the PC: MQTT 3.1.1 by paho-mqtt, and one clear line on how it went."""

from __future__ import annotations

import queue
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from dormouse.newnode import verdicts
from dormouse.newnode.verdicts import Broker, Outcome

DEADLINE_S = 5.0
_STEP_S = 0.1


def run(broker: Broker, each: Callable[[float], None], deadline_s: float = DEADLINE_S) -> Outcome:
    """Connect once and hang up. Arguments: each, called all the while with the seconds that have passed. Never raises but what
    `each` and Ctrl-C raise."""
    found: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    stage = _Stage()
    # In a thread that nobody waits for: a name server that does not answer holds getaddrinfo() for as long as it likes.
    threading.Thread(target=lambda: found.put(_attempt(broker, stage, deadline_s)), daemon=True).start()
    begin = time.monotonic()
    while (passed := time.monotonic() - begin) < deadline_s + _STEP_S:
        each(passed)
        try:
            return found.get(timeout=_STEP_S)
        except queue.Empty:
            pass
    return verdicts.silent(broker, stage.name, deadline_s)


@dataclass
class _Stage:
    """How far it has come: "name", "tcp", "tls" or "mqtt"."""

    name: str = "name"


def _attempt(broker: Broker, stage: _Stage, deadline_s: float) -> Outcome:
    end = time.monotonic() + deadline_s
    try:
        socket.getaddrinfo(broker.host, broker.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return verdicts.no_host(broker, error)
    try:
        session = _Session(broker, stage, max(end - time.monotonic(), _STEP_S))
    except ssl.SSLError as error:
        return verdicts.no_key(broker, error)
    outcome = session.run(end)
    if outcome is not None:
        return outcome
    # The link was there, and an answer to CONNECT was not.
    if not broker.tls and speaks_tls(broker, max(end - time.monotonic(), 1.0)):
        return verdicts.tls_only(broker)
    return verdicts.hung_up(broker, session.last_words) if session.lost else verdicts.silent(broker, stage.name, deadline_s)


class _Session:
    """One connection. Raises ssl.SSLError for a certificate or key of ours that cannot be used."""

    def __init__(self, broker: Broker, stage: _Stage, timeout_s: float) -> None:
        self.lost, self.last_words = False, ""
        self._broker, self._stage = broker, stage
        self._heard: list[Outcome] = []
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"dormouse-new-{secrets.token_hex(4)}",
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = timeout_s
        if broker.user is not None:
            client.username_pw_set(broker.user, broker.password)
        if broker.tls:
            client.tls_set_context(verdicts.context(broker))
        client.on_connect = self._on_connect
        client.on_log = self._on_log
        self._client = client

    def run(self, end: float) -> Outcome | None:
        """The outcome; None when there was a link and no answer."""
        self._stage.name = "tcp"
        try:
            self._client.connect(self._broker.host, self._broker.port)
        except ssl.SSLError as error:
            return verdicts.tls(self._broker, error)
        except TimeoutError as error:
            self._stage.name = "tls" if "handshake" in str(error) else "tcp"
            return verdicts.silent(self._broker, self._stage.name, self._client.connect_timeout)
        except OSError as error:
            return verdicts.no_link(self._broker, error)
        self._stage.name = "mqtt"
        while not self._heard and time.monotonic() < end:
            status = self._client.loop(_STEP_S)
            if status == MQTTErrorCode.MQTT_ERR_PROTOCOL:
                self._heard.append(verdicts.no_mqtt(self._broker))
            elif status != MQTTErrorCode.MQTT_ERR_SUCCESS and not self._heard:
                self.lost = True
                break
        self._client.disconnect()
        if self.lost and self._broker.tls:
            for words in (self.last_words, alert(self._broker, max(end - time.monotonic(), 1.0))):
                if refused := verdicts.by_alert(self._broker, words):
                    return refused
        return self._heard[0] if self._heard else None

    def _on_connect(self, _client: object, _data: object, _flags: object, reason: object, _properties: object) -> None:
        self._heard.append(verdicts.connack(self._broker, reason))

    def _on_log(self, _client: object, _data: object, _level: object, text: str) -> None:
        if "failed" in text:
            self.last_words = text


def alert(broker: Broker, timeout_s: float) -> str:
    """What a broker says of our certificate; "" for nothing.

    With TLS 1.3 it does so after the handshake, and what was sent by then may have made TCP forget it: here nothing is sent.
    """
    try:
        with (
            socket.create_connection((broker.host, broker.port), timeout_s) as link,
            verdicts.context(broker).wrap_socket(link, server_hostname=broker.host) as secure,
        ):
            secure.recv(1)
    except OSError as error:
        return str(error)
    return ""


def speaks_tls(broker: Broker, timeout_s: float) -> bool:
    """Whether a TLS handshake succeeds there, whoever it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((broker.host, broker.port), timeout_s) as link,
            context.wrap_socket(link, server_hostname=broker.host),
        ):
            return True
    except OSError:
        return False
