"""Topics: what a broker may do with them beyond what MQTT allows."""

from __future__ import annotations

from collections.abc import Iterator

from dormouse.checking import WARNING, Finding, Node, rule

_SLASHES = 7  # AWS IoT Core's quota for topic names
_ALL = "all"  # src/node/services/plain.py: commands to every node


@rule(
    "topic-level",
    WARNING,
    "a topic with an empty level, a space or a control character",
    "works; some services and tools do not take it",
)
def topic_level(node: Node) -> Iterator[Finding]:
    topic = node["TOPIC"]
    if "//" in topic:
        yield Finding("TOPIC", f"is {topic!r}, with an empty level between two slashes")
    if any(c.isspace() or not c.isprintable() for c in topic):
        yield Finding("TOPIC", f"is {topic!r}, with a space or a control character")


@rule("topic-deep", WARNING, "a topic with more than seven slashes", "works on your own broker; AWS IoT closes the connection")
def topic_deep(node: Node) -> Iterator[Finding]:
    slashes = node["TOPIC"].count("/") + 1
    if slashes > _SLASHES:
        yield Finding("TOPIC", f"has {slashes} slashes with /readings behind it; some services take {_SLASHES}")


@rule("name-all", WARNING, "a node whose name is `all`", "takes its own commands for the whole fleet's, and so does the fleet")
def name_all(node: Node) -> Iterator[Finding]:
    if node["NAME"] == _ALL and "{name}" in node["TOPIC"]:
        topic = node["TOPIC"].replace("{name}", _ALL)
        yield Finding("NAME", f"is {_ALL!r}: what is sent to {topic}/set, every node obeys; another name")
