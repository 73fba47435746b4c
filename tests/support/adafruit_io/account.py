"""An account: its feeds, its limits, its bans. No clock of its own."""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass, field

MINUTE_S = 60.0
_HOUR_S = 3600.0
_BAN_S = 30.0  # [limits]: times the bans of the last hour, one hour at most
_SUBSCRIBES, _FAILED = 100, 10  # [limits]
_WARNINGS = 10  # throttle messages before a ban: "a certain number" [trouble]; assumed
_KEY = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)?")
FORMS = ("", "/json", "/csv")


@dataclass
class Point:
    """A value as it was stored. late: its created_at, or None."""

    feed: str
    value: str
    late: str | None = None


@dataclass
class Account:
    """user, key: who may log in. groups: those that were made by hand. points: a minute, 30 in a free account [limits]."""

    user: str = "anna"
    key: str = "aio_secret"
    groups: set[str] = field(default_factory=lambda: {"kitchen"})
    points: int = 30
    logins: int = 20
    stored: list[Point] = field(default_factory=list)
    rejected: int = 0
    bans: list[float] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)  # on throttle and errors
    until: float = float("-inf")  # of the ban
    _seen: dict[str, deque[float]] = field(default_factory=dict)

    def count(self, what: str, now: float, amount: int = 1) -> int:
        """Note that something was done; how often in the last minute [rolling]."""
        window = self._seen.setdefault(what, deque())
        window.extend([now] * amount)
        while window and window[0] <= now - MINUTE_S:
            window.popleft()
        return len(window)

    def login(self, user: str | None, password: str | None, now: float) -> int:
        """CONNACK's code: 7 banned, 6 too many attempts, 4 not the key [codes], [limits]."""
        if now < self.until:
            return 7
        if self.count("login", now) > self.logins:
            self.ban(now)
            return 6
        return 0 if (user, password) == (self.user, self.key) else 4

    def ban(self, now: float) -> None:
        """For 30 s times the bans of the last hour, for all that the account has [limits]."""
        self.bans = [at for at in self.bans if at > now - _HOUR_S] + [now]
        seconds = min(_BAN_S * len(self.bans), _HOUR_S)
        self.until = now + seconds
        self.tell("errors", f"enforcement limit reached, your account is banned for {seconds:.0f} seconds")

    def tell(self, leaf: str, words: str) -> None:
        """Say something on {user}/throttle or {user}/errors."""
        self.said.append((f"{self.user}/{leaf}", words))

    def subscribe(self, client: str, topic: str, now: float) -> bool:
        """Whether a SUBSCRIBE is granted [limits], [trouble]."""
        who = f"{client} 127.0.0.1 SUBSCRIBE {topic}"
        if now < self.until:
            self.tell("errors", f"{who} rejected, user is temporarily blocked")
            return False
        if self.count("subscribe", now) > _SUBSCRIBES:
            self.tell("errors", f"{who} made too many requests, wait before reconnecting")
            self.ban(now)
            return False
        return self._known(topic, who, now, also=("throttle", "errors"))

    def publish(self, client: str, topic: str, payload: bytes, now: float) -> list[Point]:
        """The points that a PUBLISH stores; none when it is rejected, or asks by /get, whose answer is get()'s."""
        who = f"{client} 127.0.0.1 PUBLISH {topic}"
        if now < self.until:
            self.rejected += 1
            self.tell("errors", f"{who} rejected, user is temporarily blocked")
            return []
        if not self._known(topic.removesuffix("/get"), who, now):
            self.rejected += 1
            return []
        points = [] if topic.endswith("/get") else self._points(topic, payload)
        if self.count("points", now, max(1, len(points))) > self.points:
            # What is sent while throttled keeps one throttled [rolling].
            self.rejected += 1
            left = self._seen["points"][0] + MINUTE_S - now
            self.tell("throttle", f"{self.user} data rate limit reached, {left:.0f} seconds until throttle released")
            if self.count("warning", now) > _WARNINGS:
                self.ban(now)
            return []
        self.stored += points
        return points

    def get(self, topic: str) -> tuple[str, str] | None:
        """What /get answers: (topic, last value) [get]."""
        topic = topic.removesuffix("/get")
        _, kind, key = topic.split("/")[:3]
        last = [point for point in self.stored if point.feed == key]
        return (topic, last[-1].value) if kind[0] == "f" and last else None

    def values(self, feed: str) -> list[str]:
        """All values of a feed, as they came."""
        return [point.value for point in self.stored if point.feed == feed]

    def topics(self, point: Point) -> list[tuple[str, str]]:
        """All topics on which a value is told, and how [topics], [group]."""
        forms = {"": point.value, "/json": json.dumps({"value": point.value}), "/csv": point.value}
        found = [(f"{self.user}/{kind}/{point.feed}{form}", forms[form]) for kind in ("feeds", "f") for form in FORMS]
        group, dot, key = point.feed.partition(".")
        if dot:
            text = json.dumps({"feeds": {key: point.value}})
            found += [(f"{self.user}/{kind}/{group}{form}", text) for kind in ("groups", "g") for form in FORMS[:2]]
        return found

    def _known(self, topic: str, who: str, now: float, also: tuple[str, ...] = ()) -> bool:
        parts = topic.split("/")
        words = ""
        if topic in ("time/seconds", "time/millis", "time/ISO-8601", "time/hours"):
            words = "" if also else "not a valid resource topic"
        elif parts[0] == self.user and len(parts) == 2 and parts[1] in also:
            pass
        elif len(parts) not in (3, 4) or parts[1] not in ("feeds", "f", "groups", "g") or "/" + parts[-1] not in (
            *FORMS, "/" + parts[2]
        ):  # fmt: skip
            words = "not a valid resource topic"
        elif parts[0] != self.user or (parts[1][0] == "g" and parts[2] not in self.groups):
            words = "resource not available or not authorized"
        elif not _KEY.fullmatch(parts[2]) and not (also and parts[2] in "+#"):
            words = "not a valid resource topic"
        elif "." in parts[2] and parts[2].partition(".")[0] not in self.groups:
            words = "resource not available or not authorized"
        if words:
            self.tell("errors", f"{who} rejected, {words}")
            if self.count("failed subscribe" if also else "failed publish", now) >= _FAILED:
                self.ban(now)
        return not words

    def _points(self, topic: str, payload: bytes) -> list[Point]:
        """[format], [group]: a group's JSON makes a point of each of its feeds."""
        kind, key = topic.split("/")[1:3]
        try:
            data = json.loads(payload)
        except ValueError:
            data = None
        late = data.get("created_at") if isinstance(data, dict) else None
        if kind[0] == "g":
            feeds = data.get("feeds", {}) if isinstance(data, dict) else {}
            return [Point(f"{key}.{name}", _text(value), late) for name, value in feeds.items()]
        if isinstance(data, dict) and "value" in data:
            return [Point(key, _text(data["value"]), late)]
        return [Point(key, payload.decode(errors="replace"), None)]


def _text(value: object) -> str:
    # "JSON subscription formats will always receive string type values" [group]; JSON is made anew, without spaces [format].
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
