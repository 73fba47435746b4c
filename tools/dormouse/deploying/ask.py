"""Ask a sleeping node by MQTT to stay awake: the broker keeps the command until the node wakes and uploads."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from ssl import DER_cert_to_PEM_cert
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from dormouse.constants import ConstantsFile
from dormouse.errors import DormouseError, UsageError
from dormouse.settings import Settings

STAY_S = 300
SETTLE_S = 1.5  # from the node's answer to the end of its burst
_CONNECT_S = 10.0


@dataclass(frozen=True)
class Access:
    """The node's broker as the PC reaches it: user and password None for anonymous; ca, the authority's PEM text."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    tls: bool = False
    ca: str | None = None


def access(read: Settings, credentials: ConstantsFile, folder: Path) -> Access:
    """What config.py and credentials.py say of the broker. folder: where the CA's file is. Raises UsageError."""
    known: dict[str, Any] = {name: constant.value for name, constant in credentials.constants.items()}
    host, _, port = read["BROKER"].partition(":")
    ca = None
    if read["TLS"] and known.get("CA"):
        path = folder / known["CA"]
        try:
            ca = DER_cert_to_PEM_cert(path.read_bytes())
        except OSError as error:
            raise UsageError(f"--wake: cannot read {path}, the CA of credentials.py: {error.strerror}") from error
    user = known.get("USER")
    return Access(host, int(port or (8883 if read["TLS"] else 1883)), user, known.get("PASSWORD"), read["TLS"], ca)


def topic(read: Settings) -> str:
    """Where the node's topics begin. Raises UsageError for a node whose name only its chip knows."""
    if "{name}" in read["TOPIC"] and not read["NAME"]:
        raise UsageError("--wake: NAME is None, the chip makes it up: set NAME, or press the board's reset button instead")
    return str(read["TOPIC"]).replace("{name}", read["NAME"] or "")


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
        if access.tls:
            import ssl

            context = ssl.create_default_context()
            if access.ca:
                context.load_verify_locations(cadata=access.ca)
            self._client.tls_set_context(context)
        self._client.on_message = self._on_message
        self._client.on_connect = self._on_connect

    def __enter__(self) -> Wakening:
        where = f"{self._access.host}:{self._access.port}"
        self._client.connect_timeout = _CONNECT_S
        try:
            self._client.connect(self._access.host, self._access.port)
            self._client.loop_start()
            # Not retained: the node refuses to stay awake at each cold boot.
            sent = self._client.publish(f"{self._base}/set", self._command, qos=1)
            sent.wait_for_publish(_CONNECT_S)
            if not sent.is_published():
                raise DormouseError(f"--wake: the broker at {where} does not take the command: user, password, rights?")
        except OSError as error:
            raise DormouseError(f"--wake: no broker at {where}: {error.strerror or error}") from error
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
