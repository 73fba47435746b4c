"""Commands to nodes that sleep: checked here with the node's own ranges, queued at the broker, their answers awaited."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from dormouse.errors import DormouseError, UsageError
from dormouse.watching.client import NOBODY, Change, Incoming, Link
from dormouse.watching.nodes import Fleet, Node
from dormouse.watching.topics import Topics

_QUIET_S, _STATUS_S, _SETTLE_S = 0.5, 2.0, 0.3  # until what the broker retained is here
AFTER_S = 90  # after a node was due: its wake, and its clock's error


def parse(schema: ModuleType, words: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE words as a command without its id. schema: node.schema, which has the ranges. Raises UsageError."""
    rows = {row[0].lower(): (row, row[0] in schema.COMMANDED) for row in (*_commanded(schema), *schema.WORDS)}
    command: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        name = name.strip().lower()
        if not equals:
            raise UsageError(f"{word!r}: a command is NAME=VALUE, such as wake_every_s=300")
        if name not in rows:
            raise UsageError(f"{name!r} cannot be commanded; allowed: {', '.join(rows)}")
        if name in command:
            raise UsageError(f"{name} is there twice")
        row, setting = rows[name]
        value = _value(text)
        wrong = _problem(schema, row, setting, value)
        if wrong:
            raise UsageError(f"{name}={text}: allowed: {wrong}")
        command[name] = value
    if not command:
        raise UsageError("nothing to send: give NAME=VALUE, such as wake_every_s=300")
    return command


def once(schema: ModuleType, command: dict[str, Any]) -> list[str]:
    """The words of a command that are obeyed once, and so must not be retained."""
    return [name for name in command if name in [row[0].lower() for row in schema.WORDS]]


def _commanded(schema: ModuleType) -> Iterable[Any]:
    return (row for row in schema.SETTINGS if row[0] in schema.COMMANDED)


def _value(text: str) -> Any:
    try:
        return json.loads(text.strip().lower() if text.strip().lower() in ("true", "false", "null") else text)
    except ValueError:
        return None if text.strip().lower() == "none" else text


def _problem(schema: ModuleType, row: Any, setting: bool, value: Any) -> str:
    allowed = str(schema.allowed(row))
    if row[1] == "true":
        return "" if value is True else allowed
    if setting:
        allowed += ", or null for config.py's value"
        if value is None:
            return ""
    return allowed if schema.problem(row, value) else ""


@dataclass
class Sending:
    """One command on its way. Arguments: link, subscribed to status and result; topics; names, whom it is for, empty for all.

    Attributes: fleet, what the broker knows of the nodes; answers, name to the node's result.
    """

    link: Link
    topics: Topics
    names: tuple[str, ...]
    id: str = field(default_factory=lambda: f"send-{secrets.token_hex(4)}")
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    text: str = ""  # what was sent

    def __post_init__(self) -> None:
        self.fleet = Fleet(self.topics, self.names)

    @property
    def set_topics(self) -> list[str]:
        """Where the command goes. Of several users each has a topic for all of his nodes."""
        bases = [self.topics.base(self.names[0])] if self.names else self.topics.everybody()
        return [f"{base}/set" for base in bases]

    @property
    def topic(self) -> str:
        """The same, to be shown."""
        return ", ".join(self.set_topics)

    @property
    def status_topic(self) -> str:
        """Where the nodes tell their status."""
        return self.topics.filters(("status",), self.names)[0][0]

    def look(self) -> list[Node]:
        """The nodes whose status the broker keeps: those that it has a session for, as far as can be told."""
        end = time.monotonic() + _STATUS_S
        while time.monotonic() < end:
            if self._take(_QUIET_S) is None and self.known():
                break
            if self.names and all(self.fleet.nodes[name].status for name in self.names):
                break
        return self.known()

    def known(self) -> list[Node]:
        return [node for node in self.fleet.nodes.values() if node.status]

    def send(self, command: dict[str, Any], retain: bool) -> bool:
        """Publish it. Returns False when the broker says that nobody subscribes, so that it keeps it for nobody (MQTT 5)."""
        self.text = json.dumps({"id": self.id, **command})
        taken = 0
        for topic in self.set_topics:
            taken += self.link.publish(topic, self.text, retain) != NOBODY
        return taken > 0

    def settle(self) -> None:
        """Take what comes with an answer: a new status, when the command changes the next wake."""
        while self._take(_SETTLE_S) is not None:
            pass

    def wait(self, nodes: Sequence[str], until: float, show: Callable[[float], None], told: Callable[[str], None]) -> bool:
        """Wait for the answers of these nodes until a time (seconds since 1970). Returns whether all came.

        show: called again and again with the seconds left; told: with what happens to the link.
        """
        while not all(name in self.answers for name in nodes):
            left_s = until - time.time()
            if left_s <= 0:
                return False
            show(left_s)
            found = self._take(min(0.5, left_s))
            if isinstance(found, Change):
                told(found.text)
        return True

    def _take(self, wait_s: float) -> Incoming | Change | None:
        found = self.link.take(wait_s)
        if isinstance(found, Incoming):
            event = self.fleet.take(found.topic, found.payload, found.at, found.retain)
            if event and event["event"] == "result" and event["result"].get("id") == self.id:
                self.answers[event["node"]] = event["result"]
            self.link.done(found)
        return found


def due_at(nodes: Sequence[Node], now: float) -> float | None:
    """When the last of these nodes uploads next, seconds since 1970; None when one of them cannot tell.

    One that is late may come after its interval.
    """
    last = now
    for node in nodes:
        if node.due is None:
            every = node.status.get("wake_every_s")
            if not isinstance(every, (int, float)) or not 0 < every < 1e12:  # nor NaN, with which it would wait for ever
                return None
            last = max(last, now + every)
        elif node.due + node.grace_s() < now:
            last = max(last, now + node.period_s)
        else:
            last = max(last, node.due)
    return last


def refuse_unknown(name: str, topic: str, where: str) -> DormouseError:
    """What is said of a node that the broker does not know."""
    return DormouseError(
        f"{name}: no status on {topic} at {where}: it has never connected there, so the broker would keep nothing for it; "
        "nothing was sent. Let it wake once first; settings can wait for it with --retain"
    )
