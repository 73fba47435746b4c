"""Sessions at the broker, and how several instances share one load: MQTT 5 shared subscriptions (section 4.8.2).

IBM's page calls it scalable applications (Communicating with applications, MQTT) and knows two kinds. Non-durable: clean start,
session expiry 0, so what an instance would have got goes to the others when it is gone. Mixed durability: an instance has a
name and a session that the broker keeps while it is away. On IBM's platform the client id says so and the platform shares:
A:org:app for the first kind, A:org:app:instance for the second. Elsewhere the filter says it: $share/GROUP/filter.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Literal

import paho.mqtt.client as paho

from dormouse.errors import UsageError

BRIDGE_S = 300  # a lone watch's session outlives a short outage: nothing is missed
_IBM = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Session:
    """clean_start: as paho's connect() takes it. expiry_s: how long the broker keeps it after the link broke.

    durable: also after a goodbye. group: the $share group, "" for none. needs_five: only MQTT 5 has it.
    """

    client_id: str
    clean_start: bool | Literal[3] = paho.MQTT_CLEAN_START_FIRST_ONLY
    expiry_s: int = BRIDGE_S
    durable: bool = False
    group: str = ""
    needs_five: bool = False

    @property
    def shares(self) -> bool:
        """Whether other instances get a part of the messages."""
        return bool(self.group) or self.client_id.startswith("A:")

    def filter(self, text: str) -> str:
        """A topic filter of which this instance gets its part."""
        return f"$share/{self.group}/{text}" if self.group else text


def plan(group: str | None, instance: str | None, keep_s: int, client_id: str | None) -> Session:
    """The session that the options ask for. keep_s: 0 for none. Raises UsageError."""
    if client_id is not None and client_id.startswith("A:"):
        return _ibm(client_id, group, keep_s)
    if group is None:
        if instance is not None or keep_s:
            raise UsageError("--instance and --keep are of a --group")
        return Session(client_id or f"dormouse-watch-{secrets.token_hex(4)}")
    if not group or any(letter in group for letter in "/+#$") or len(group.encode()) > 64:
        raise UsageError(f"--group {group!r}; allowed: 1 to 64 bytes without / + # $")
    if bool(keep_s) != (instance is not None):
        raise UsageError("--keep and --instance go together: a session that is kept has a name of its own")
    if not keep_s:
        mine = client_id or f"dormouse-{group}-{secrets.token_hex(4)}"
        return Session(mine, True, 0, group=group, needs_five=True)
    return Session(client_id or f"dormouse-{group}-{instance}", False, keep_s, True, group, needs_five=True)


def _ibm(client_id: str, group: str | None, keep_s: int) -> Session:
    parts = client_id.split(":")
    if len(parts) not in (3, 4) or not all(_IBM.fullmatch(part) for part in parts):
        raise UsageError(f"--client-id {client_id!r}; allowed: A:ORG:APP or A:ORG:APP:INSTANCE of a-z A-Z 0-9 - _ .")
    if group is not None:
        raise UsageError("--group and a client id that begins with A: are two ways to share; choose one")
    if parts[1] == "quickstart":
        raise UsageError("quickstart has no scalable applications: a client id there begins with a:")
    if len(parts) == 3:
        if keep_s:
            raise UsageError("--keep needs an instance: --client-id A:ORG:APP:INSTANCE")
        return Session(client_id, True, 0)
    return Session(client_id, False, keep_s or BRIDGE_S, True)
