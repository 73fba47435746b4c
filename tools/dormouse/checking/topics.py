"""Topics: what a broker may do with them beyond what MQTT allows."""

from __future__ import annotations

from collections.abc import Iterator

from dormouse.checking import WARNING, Finding, Node, rule

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


@rule("name-all", WARNING, "a node whose name is `all`", "takes its own commands for the whole fleet's, and so does the fleet")
def name_all(node: Node) -> Iterator[Finding]:
    if node["NAME"] == _ALL and "{name}" in node["TOPIC"]:
        topic = node["TOPIC"].replace("{name}", _ALL)
        yield Finding("NAME", f"is {_ALL!r}: what is sent to {topic}/set, every node obeys; another name")
