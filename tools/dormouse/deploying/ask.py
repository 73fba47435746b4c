"""Ask a sleeping node by MQTT to stay awake: the broker keeps the command until the node wakes and uploads."""

from __future__ import annotations

import json
import secrets
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from dormouse.errors import DormouseError, UsageError
from dormouse.settings import Settings
from dormouse.watching.access import Access
from dormouse.watching.client import words
from dormouse.watching.topics import SERVICES, Topics

STAY_S = 300
SETTLE_S = 1.5  # from the node's answer to the end of its burst
_CONNECT_S = 10.0


def topic(read: Settings, user: str | None) -> str:
    """Where the node's topics begin. user: who it is at the broker. Raises UsageError for a node that cannot be asked."""
    if read["SERVICE"] not in SERVICES:
        where = "commands of this service go another way (docs/services.md): press the board's reset button instead"
        raise UsageError(f"--wake: SERVICE is {read['SERVICE']!r}, and {where}")
    if "{name}" in read["TOPIC"] and not read["NAME"]:
        raise UsageError("--wake: NAME is None, the chip makes it up: set NAME, or press the board's reset button instead")
    return Topics(read["TOPIC"], read["NAME"], user).base(read["NAME"] or "")


class Wakening:
    """The command on its way: a context manager. Arguments: access; base, the node's topic; stay_s, seconds to stay awake.

    Attribute: heard, the node's answer, None before it.
    """

    def __init__(self, access: Access, base: str, stay_s: int = STAY_S) -> None:
        self._access, self._base = access, base
        self._id = f"deploy-{secrets.token_hex(4)}"
        self._command = json.dumps({"id": self._id, "stay_awake": stay_s})
        self.heard: dict[str, Any] | None = None
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        if access.user is not None:
            self._client.username_pw_set(access.user, access.password)
        if access.tls is not None:
            self._client.tls_set_context(access.tls)
        self._client.on_message = self._on_message
        self._client.on_connect = self._on_connect

    def __enter__(self) -> Wakening:
        where = self._access.where
        self._client.connect_timeout = _CONNECT_S
        try:
            self._client.connect(self._access.host, self._access.port)
            self._client.loop_start()
            # Not retained: the node refuses to stay awake at each cold boot.
            sent = self._client.publish(f"{self._base}/set", self._command, qos=1)
            sent.wait_for_publish(_CONNECT_S)
            if not sent.is_published():
                raise DormouseError(f"--wake: the broker at {where} does not take the command: user, password, rights?")
        except (OSError, ValueError, RuntimeError) as error:
            self._client.loop_stop()
            why = words(error, self._access.host, self._access.tls is not None)
            raise DormouseError(f"--wake: no use of the broker at {where}: {why}") from error
        except BaseException:
            self._client.loop_stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: paho.Client, *_: object) -> None:
        client.subscribe(f"{self._base}/result", 1)

    def _on_message(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        try:
            answer = json.loads(message.payload)
        except ValueError:
            return
        if isinstance(answer, dict) and answer.get("id") == self._id:
            self.heard = answer
