"""IBM IoT platform's monitoring messages: who is connected, since when, and why a connection ended. Pure.

Source: IBM, "Communicating with applications (MQTT)", sections "Monitoring messages" and "Tracking connection status by using
monitoring messages". Connect and Disconnect of devices are retained: a client of which none came is in an unknown state.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dormouse.errors import UsageError
from dormouse.watching import ibm_codes
from dormouse.watching.nodes import Event

CONNECTED, DISCONNECTED, UNKNOWN = "connected", "disconnected", "unknown"
DEVICES, APPLICATIONS = "iot-2/type/+/id/+/mon", "iot-2/app/+/mon"
# Name, type, and whether it may be absent: * is there with Disconnect only.
FIELDS = (
    ("Action", str, ""), ("Time", str, ""), ("ClientAddr", str, ""), ("ClientID", str, ""), ("Port", int, ""),
    ("Secure", bool, ""), ("Protocol", str, ""), ("User", str, "?"), ("Certname", str, "?"), ("ConnectTime", str, "?"),
    ("CloseCode", int, "?"), ("Reason", str, "?"), ("ReadBytes", int, "*"), ("ReadMsg", int, "*"), ("WriteBytes", int, "*"),
    ("WriteMsg", int, "*"),
)  # fmt: skip
ACTIONS = ("Connect", "FailedConnect", "Disconnect")


@dataclass
class Client:
    """A device ("type/id") or an application ("app APPID") of the platform."""

    name: str
    state: str = UNKNOWN
    last: Event = field(default_factory=dict)  # the newest message
    failed: int = 0  # connections that did not come about
    reconnects: int = 0

    def take(self, message: Event) -> None:
        """Note a monitoring message."""
        action = message["Action"]
        self.last = message
        if action == "FailedConnect":
            self.failed += 1
        elif action == "Connect":
            self.state = CONNECTED
        elif message.get("CloseCode") == ibm_codes.RECONNECTED:
            # The old connection ended because there is a new one of the same client id.
            self.state = CONNECTED
            self.reconnects += 1
        else:
            self.state = DISCONNECTED


def filters(names: tuple[str, ...]) -> list[list[str]]:
    """What to subscribe to. names: TYPE/ID of a device, app/APPID of an application; none for all. Raises UsageError."""
    if not names:
        return [[DEVICES, APPLICATIONS]]
    found = []
    for name in names:
        kind, slash, which = name.partition("/")
        if not slash or not kind or not which or any(letter in name for letter in "+#") or "/" in which:
            raise UsageError(f"{name!r} with --ibm; allowed: TYPE/ID for a device, app/APPID for an application")
        found.append(f"iot-2/app/{which}/mon" if kind == "app" else f"iot-2/type/{kind}/id/{which}/mon")
    return [found]


class Monitor:
    """The platform's clients by name. names: those that were asked for, unknown until something comes."""

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self.clients = {_title(name): Client(_title(name)) for name in names}

    def take(self, topic: str, payload: bytes, at: float) -> Event | None:
        """Take a message. Returns it as an event; None for another topic's and for a retained one that was cleared."""
        name = _of_topic(topic)
        if name is None or not payload:
            return None
        message, wrong = parse(payload)
        if wrong:
            return {"event": "unread", "client": name, "at": at, "topic": topic, "why": f"unread: {wrong}"}
        client = self.clients.setdefault(name, Client(name))
        if client.last == message:
            return None  # retained, and sent again after a reconnection
        client.take(message)
        event: Event = {"event": "monitoring", "client": name, "at": at, "state": client.state, "monitoring": message}
        if "CloseCode" in message:
            event["close"] = ibm_codes.name(message["CloseCode"])
        event["text"] = text(client)
        return event


def parse(payload: bytes) -> tuple[Event, str]:
    """A monitoring message and what is wrong with it, "" when nothing is. Fields that the page does not name stay."""
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return {}, "no JSON"
    if not isinstance(found, dict):
        return {}, "no JSON object"
    if found.get("Action") not in ACTIONS:
        return {}, f"Action is {found.get('Action')!r}; known are {', '.join(ACTIONS)}"
    for name, kind, absent in FIELDS:
        if name not in found:
            if not absent:
                return {}, f"{name} is missing"
        elif not isinstance(found[name], kind) or (kind is int and isinstance(found[name], bool)):
            return {}, f"{name} is {found[name]!r}"
    return found, ""


def text(client: Client) -> str:
    """A client's last message in a line."""
    last = client.last
    if not last:
        return UNKNOWN
    words = [_WORDS[last["Action"]] if last.get("CloseCode") != ibm_codes.RECONNECTED else "reconnected"]
    words.append(f"{last['ClientAddr']}:{last['Port']} {last['Protocol']}{' TLS' if last['Secure'] else ''}")
    if "User" in last or "Certname" in last:
        words.append("as " + " ".join(str(last[name]) for name in ("User", "Certname") if name in last))
    if "CloseCode" in last:
        words.append(f"{last['CloseCode']}: {ibm_codes.name(last['CloseCode'])}")
    if "Reason" in last:
        words.append(f"({last['Reason']})")
    if "ReadMsg" in last and "WriteMsg" in last:
        read, wrote = last.get("ReadBytes", "?"), last.get("WriteBytes", "?")
        words.append(f"{last['ReadMsg']} messages ({read} B) from it, {last['WriteMsg']} ({wrote} B) to it")
    if length := _lasted(last):
        words.append(f"after {length}")
    return f"{client.state}: " + ", ".join(words)


_WORDS = {"Connect": "connects", "FailedConnect": "could not connect", "Disconnect": "ended"}


def _lasted(message: Event) -> str:
    begin, end = when(message.get("ConnectTime")), when(message.get("Time"))
    if message["Action"] != "Disconnect" or begin is None or end is None:
        return ""
    return f"{(end - begin).total_seconds():.0f} s"


def when(value: Any) -> datetime | None:
    """An ISO time stamp of a message; None when it is none."""
    try:
        # Python 3.10 does not know the Z.
        found = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return found if found.tzinfo else None
    except (AttributeError, ValueError):
        return None


def _title(name: str) -> str:
    kind, _, which = name.partition("/")
    return f"app {which}" if kind == "app" else name


def _of_topic(topic: str) -> str | None:
    parts = topic.split("/")
    if parts[0] != "iot-2" or parts[-1] != "mon":
        return None
    if len(parts) == 6 and parts[1] == "type" and parts[3] == "id":
        return f"{parts[2]}/{parts[4]}"
    return f"app {parts[2]}" if len(parts) == 4 and parts[1] == "app" else None
