"""SERVICE = "adafruit": what Adafruit IO takes of a node, and of all of an account (src/node/services/adafruit.py: _LIMITS)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from dormouse import drivers
from dormouse.checking import ERROR, FLEET, SECRETS, WARNING, Finding, Node, Secrets, rule

_SERVICE = "adafruit"
_TOPIC = re.compile(r"\{user\}/(groups|g|feeds|f)/[a-z0-9-]*\{name\}[a-z0-9-]*")
_ALLOWED = '"{user}/groups/{name}" or "{user}/feeds/{name}"'
_MINUTE_S = 60
_OTHERS = 3  # feeds of a node beside its fields: status, set, log


def _mine(node: Node) -> bool:
    return bool(node["SERVICE"] == _SERVICE)


def _grouped(node: Node) -> bool:
    return node["TOPIC"].partition("/")[2].startswith("g")


def _limit(node: Node, name: str) -> int:
    rows: Any = drivers.constant(node.root / "src" / "node" / "services" / f"{_SERVICE}.py", "_LIMITS")
    return int(next(row[1] for row in rows if row[0] == name))


def points(node: Node) -> int:
    """What one reading costs, most: each field of a group's."""
    if not _grouped(node):
        return 1
    fields = sum(len(driver.fields) for _, _, driver in node.sensors())
    return max(1, fields + (2 if node["BATTERY"] else 0) + (2 if node["WAKE_PIN"] else 0))


def _upload_s(node: Node) -> int:
    return int(node["WAKE_EVERY_S"] * node["UPLOAD_EVERY"])


def rate(node: Node) -> float:
    """Points a minute, in the mean, that a node's uploads cost."""
    an_upload = points(node) * node["UPLOAD_EVERY"] + _limit(node, "more")
    return an_upload * _MINUTE_S / _upload_s(node)


@rule(
    "adafruit-topic",
    ERROR,
    "with `adafruit` a `TOPIC` that is no group or feed",
    "has its messages rejected, and the account is banned",
)
def topic(node: Node) -> Iterator[Finding]:
    if _mine(node) and not _TOPIC.fullmatch(node["TOPIC"]):
        yield Finding("TOPIC", f"is {node['TOPIC']!r}; allowed with SERVICE {_SERVICE!r}: {_ALLOWED}")


@rule("adafruit-mqtt5", ERROR, "with `adafruit` `MQTT5`", "is not let in: Adafruit IO speaks 3.1.1")
def mqtt5(node: Node) -> Iterator[Finding]:
    if _mine(node) and node["MQTT5"]:
        yield Finding("MQTT5", f"is True; allowed with SERVICE {_SERVICE!r}: False")


@rule("adafruit-user", ERROR, "with `adafruit` no `USER` or no key", "is not let in", of=SECRETS)
def user(node: Node, secrets: Secrets) -> Iterator[Finding]:
    for name, what in (("USER", "the name of the account"), ("PASSWORD", "its key")) if _mine(node) else ():
        if name in secrets.read.constants and not secrets[name]:
            yield Finding(name, f"is {secrets[name]!r}; with SERVICE {_SERVICE!r} it is {what}")


@rule(
    "adafruit-backlog",
    ERROR,
    "with `adafruit` more readings an upload than a node may send in one",
    "falls behind, until it drops the oldest readings",
)
def backlog(node: Node) -> Iterator[Finding]:
    if _mine(node):
        most = max(1, _limit(node, "upload") // points(node))
        if node["UPLOAD_EVERY"] > most:
            text = f"is {node['UPLOAD_EVERY']}; allowed: 1 to {most}, of readings of {points(node)} points each"
            yield Finding("UPLOAD_EVERY", text)
        elif node["UPLOAD_EVERY"] == 1 and points(node) > _limit(node, "points"):
            yield Finding("SENSORS", f"make {points(node)} points; Adafruit IO takes {_limit(node, 'points')} a minute")


@rule(
    "adafruit-slow",
    WARNING,
    "with `adafruit` as many readings an upload as a node may send in one",
    "works; after an outage it never catches up",
)
def slow(node: Node) -> Iterator[Finding]:
    if _mine(node) and node["UPLOAD_EVERY"] == max(1, _limit(node, "upload") // points(node)):
        text = f"is {node['UPLOAD_EVERY']}, all that an upload takes of readings of {points(node)} points: a backlog stays"
        yield Finding("UPLOAD_EVERY", text)


@rule(
    "adafruit-rate",
    WARNING,
    "with `adafruit` more points a minute than a free account has",
    "is throttled: it sleeps two minutes and more in place of its interval",
)
def one_rate(node: Node) -> Iterator[Finding]:
    if _mine(node) and rate(node) > _limit(node, "points"):
        text = f"is {node['WAKE_EVERY_S']}: {rate(node):.0f} points a minute; a free account has {_limit(node, 'points')}"
        yield Finding("WAKE_EVERY_S", text)


@rule(
    "adafruit-feeds",
    WARNING,
    "with `adafruit` more feeds than a free account has",
    "publishes; what has no feed, Adafruit IO rejects",
)
def feeds(node: Node) -> Iterator[Finding]:
    if _mine(node) and points(node) + _OTHERS > _limit(node, "feeds"):
        count = points(node) + _OTHERS
        yield Finding("SENSORS", f"make {count} feeds with status, set and log; a free account has {_limit(node, 'feeds')}")


@rule(
    "adafruit-fleet",
    WARNING,
    "nodes that together have more points, logins or feeds than a free account",
    "are throttled or banned, all of them: the account is",
    of=FLEET,
)
def fleet(nodes: Sequence[Node]) -> Iterator[tuple[Node, Finding]]:
    mine = [node for node in nodes if _mine(node)]
    if len(mine) < 2:
        return
    last = mine[-1]
    # After a power cut all of them come within a minute (src/node/spread.py), each with one reading.
    minute = {
        "points": (sum(map(rate, mine)), sum(points(node) + _limit(node, "more") for node in mine)),
        "logins": (sum(_MINUTE_S / _upload_s(node) for node in mine), len(mine)),
    }
    for what, (usual, after) in minute.items():
        limit = _limit(last, what)
        if usual > limit:
            text = f"in {len(mine)} nodes makes {usual:.0f} {what} a minute together; a free account has {limit}"
            yield last, Finding("WAKE_EVERY_S", text)
        elif after > limit:
            text = f"in {len(mine)} nodes: after a power cut {after} {what} in one minute; a free account has {limit}"
            yield last, Finding("SERVICE", text)
    count = sum(points(node) + _OTHERS for node in mine)
    if count > _limit(last, "feeds") and all(points(node) + _OTHERS <= _limit(node, "feeds") for node in mine):
        yield last, Finding("SENSORS", f"of {len(mine)} nodes make {count} feeds; a free account has {_limit(last, 'feeds')}")
