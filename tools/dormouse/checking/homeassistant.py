"""SERVICE = "homeassistant", and the setting that is for it alone."""

from __future__ import annotations

from collections.abc import Iterator

from dormouse.checking import ERROR, WARNING, Finding, Node, rule

_SERVICE = "homeassistant"


@rule("homeassistant-name", ERROR, "with `homeassistant` no `NAME`", "cannot be announced: nobody knows what it will be called")
def name(node: Node) -> Iterator[Finding]:
    if node["SERVICE"] == _SERVICE and node["NAME"] is None:
        text = f'is None; with SERVICE "{_SERVICE}" it is needed: it names the device, also when its board was replaced'
        yield Finding("NAME", text)


@rule("area-unused", WARNING, "an `AREA` with another service than `homeassistant`", "works; nobody is told the room")
def area(node: Node) -> Iterator[Finding]:
    if node["AREA"] is not None and node["SERVICE"] != _SERVICE:
        yield Finding("AREA", f'is {node["AREA"]!r}, which only SERVICE "{_SERVICE}" tells anybody')


@rule(
    "homeassistant-user",
    ERROR,
    "with `homeassistant` a `TOPIC` with `{user}` in it",
    "is announced with another topic than it publishes on",
)
def user(node: Node) -> Iterator[Finding]:
    if node["SERVICE"] == _SERVICE and "{user}" in node["TOPIC"]:
        yield Finding("TOPIC", f'is {node["TOPIC"]!r}; with SERVICE "{_SERVICE}" write the user\'s name in place of {{user}}')
