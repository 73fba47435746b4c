"""A fleet as its messages tell of it (docs/messages.md): what each node said last, when it is due, what is missing. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from dormouse.watching.seen import Numbers
from dormouse.watching.topics import READINGS, Topics

Event = dict[str, Any]

# After a failed upload a node sleeps longer, by six hours at most (node.backoff, docs/messages.md: a test compares them).
LONGEST_BACKOFF_S = 6 * 3600
_GRACE_S = 60.0  # the longest wake (MAX_AWAKE_S)
_DRIFT = 0.05  # of the interval: a sleep clock that has not been compared yet

ASLEEP, AWAKE, LATE, MISSING, LOST, UNKNOWN = "asleep", "awake", "late", "missing", "lost", "unknown"
_HEAD = ("seq", "boot", "time", "uptime_s", "battery")


@dataclass
class Node:
    """What is known of one node. Times are seconds since 1970 by this computer's clock, None where unknown."""

    name: str
    reading: Event = field(default_factory=dict)  # the newest
    battery: Event = field(default_factory=dict)
    status: Event = field(default_factory=dict)
    report: Event = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)  # of all reports that came
    numbers: Numbers = field(default_factory=Numbers)
    seen: float | None = None
    due: float | None = None  # the next upload
    period_s: float = 0.0  # from one upload to the next
    missed: int = 0  # uploads that were due and did not come, those of now excepted
    per_upload: int = 1  # readings: wakes per upload, where the node cannot tell
    told: str = UNKNOWN  # the state of the last event
    _latest: tuple[int, int] = (-1, -1)
    _counted: int = 0
    _last_report: bytes = b""

    def grace_s(self) -> float:
        """How much later than due is still in time."""
        return _GRACE_S + _DRIFT * self.period_s

    def missing_now(self, now: float) -> int:
        """Uploads that were due by now and did not come."""
        late_s = now - self.due - self.grace_s() if self.due is not None else -1
        return 1 + int(late_s // self.period_s) if late_s > 0 and self.period_s else int(late_s > 0)

    def missed_in_all(self, now: float) -> int:
        """Uploads missed since this watch began."""
        return self.missed + self.missing_now(now)

    def state(self, now: float) -> str:
        """asleep, awake; late: it may sleep longer after a failure; missing: not so long; lost: the broker said so."""
        word = self.status.get("state")
        # One interval and the longest backoff after the first that was missed: late, not dead, until then.
        if self.due is not None and now > self.due + LONGEST_BACKOFF_S + self.period_s + self.grace_s():
            return MISSING
        if word == "lost":
            return LOST
        if self.missing_now(now):
            return LATE
        if word == "online":
            until = self.status.get("until")
            return AWAKE if until is None or not _is_number(until) or now <= until else ASLEEP
        return ASLEEP if word == "sleeping" else UNKNOWN

    def came(self, at: float) -> None:
        """Something came from it just now."""
        self.missed += self.missing_now(at)
        self.seen = at

    def take_status(self, status: Event, at: float, retain: bool) -> bool:
        """Note a status. Returns whether it is another one than before."""
        if retain and status == self.status:
            return False  # the broker says it again after each new subscription
        said = status.get("time")
        if not retain:
            self.came(at)
        elif self.seen is None and _is_number(said):
            self.seen = float(said)
        self.status = status
        if status.get("state") == "lost":
            return True  # what was due stays due
        every_s = status.get("wake_every_s")
        every_s = float(every_s) if _is_number(every_s) and every_s > 0 else 0.0
        wake, upload = status.get("wake_at"), status.get("upload_at")
        if _is_number(wake):
            last = upload if _is_number(upload) and upload >= wake else wake
            self.period_s = last - wake + every_s
            # By this computer's clock, which may not be the node's; what was retained came who knows when.
            self.due = float(last) if retain or not _is_number(said) else at + last - said
        else:
            # By what it did: a whole upload must have been seen to know how many wakes it has.
            self.per_upload = max(1, self.numbers.new + self.numbers.gaps - self._counted)
            self.period_s = every_s * self.per_upload
            self.due = at + self.period_s if every_s and self._counted and not retain else None
        self._counted = self.numbers.new + self.numbers.gaps
        return True

    def take_reading(self, reading: Event, at: float) -> bool:
        """Note a reading. Returns whether it is new."""
        boot, seq = (reading.get(key) if _is_number(reading.get(key)) else 0 for key in ("boot", "seq"))
        fresh = "seq" not in reading or self.numbers.add(int(boot or 0), int(seq or 0))
        if self.due is not None and at > self.due and self.period_s:
            # An upload whose status (QoS 0) did not come.
            self.came(at)
            self.due += self.period_s * (1 + int((at - self.due) // self.period_s))
        self.seen = at
        order = (int(boot or 0), int(seq or 0))
        if order[0] == self._latest[0] and (order[1] - self._latest[1]) % 0x10000 >= 0x8000:
            return fresh
        if order[0] >= self._latest[0]:
            self._latest, self.reading = order, reading
            if isinstance(reading.get("battery"), dict):
                self.battery = reading["battery"]
        return fresh

    def take_report(self, report: Event, raw: bytes, retain: bool) -> bool:
        """Note a report; its failures are since the one before. Returns whether it is another one."""
        if retain and raw == self._last_report:
            return False
        self._last_report, self.report = raw, report
        failures = report.get("failures")
        if isinstance(failures, dict):
            self.failures.update({str(kind): int(n) for kind, n in failures.items() if _is_number(n)})
        if isinstance(report.get("battery"), dict) and not self.battery:
            self.battery = report["battery"]
        return True


class Fleet:
    """The nodes by name. Arguments: topics; names, those to watch: none for all."""

    def __init__(self, topics: Topics, names: tuple[str, ...] = ()) -> None:
        self._topics, self._names = topics, frozenset(names)
        self.nodes: dict[str, Node] = {name: Node(name) for name in names}
        self.readings = self.twice = 0
        self.unread = 0  # messages that are no JSON object

    @property
    def gaps(self) -> int:
        return sum(node.numbers.gaps for node in self.nodes.values())

    def take(self, topic: str, payload: bytes, at: float, retain: bool = False) -> Event | None:
        """Take a message. Returns what it tells as an event; None when it tells nothing new."""
        whose = self._topics.split(topic)
        if whose is None or (self._names and whose[0] not in self._names):
            return None
        name, leaf = whose
        if not payload:
            return None  # somebody took a retained message back
        found = _object(payload)
        if found is None:
            self.unread += 1
            return {"event": "unread", "node": name, "at": at, "topic": topic, "why": "no JSON object"}
        node = self.nodes.get(name)
        if node is None:
            node = self.nodes[name] = Node(name)
        event = self._note(node, leaf, found, payload, at, retain)
        if event and leaf == "status":
            node.told = node.state(at)
        return event

    def _note(self, node: Node, leaf: str, found: Event, raw: bytes, at: float, retain: bool) -> Event | None:
        kind = "reading" if leaf in READINGS else leaf
        if kind == "reading":
            fresh = node.take_reading(found, at)
            self.readings += fresh
            self.twice += not fresh
            more = {"late": leaf == "history"}
        else:
            more = {"retained": retain}
            fresh = True
            if leaf == "status":
                fresh = node.take_status(found, at, retain)
            elif leaf == "report":
                fresh = node.take_report(found, raw, retain)
        # Under a key of its own: a sensor may be called "at".
        return {"event": kind, "node": node.name, "at": at, **more, kind: found} if fresh else None

    def look(self, now: float) -> Iterator[Event]:
        """What time alone tells: nodes that became late or missing."""
        for node in self.nodes.values():
            state = node.state(now)
            if state != node.told:
                node.told = state
                if state in (LATE, MISSING):
                    missed = node.missed_in_all(now)
                    yield {"event": state, "node": node.name, "at": now, "due": node.due, "missed": missed}


def values(reading: Event) -> Iterator[tuple[str, Any]]:
    """A reading's fields as ("air.temperature_c", 21.4), the battery's first, without its head."""
    for key in sorted(reading, key=lambda key: key != "battery"):
        if isinstance(reading[key], dict):
            for inner, value in reading[key].items():
                yield f"{key}.{inner}", value
        elif key not in _HEAD:
            yield key, reading[key]


def _object(payload: bytes) -> Event | None:
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value and abs(value) < 1e12
