"""Nodes that live together: `dormouse check --all`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dormouse.checking import ERROR, FLEET, WARNING, Finding, Node, rule
from dormouse.checking.network import address, host_of

Found = tuple[Node, Finding]


@rule("fleet-name", ERROR, "two nodes of one `NAME`", "both publish on the same topics; their status tells of a twin", of=FLEET)
def names(nodes: Sequence[Node]) -> Iterator[Found]:
    for node, other in _twice(nodes, lambda node: node["NAME"]):
        yield node, Finding("NAME", f"is {node['NAME']!r}, as in {_file(other)}")


@rule(
    "fleet-topic",
    ERROR,
    "two nodes of one `TOPIC` without `{name}`",
    "both publish on the same topics; their status tells of a twin",
    of=FLEET,
)
def topics(nodes: Sequence[Node]) -> Iterator[Found]:
    # IBM's topics have no name: the client id has it.
    apart = [node for node in nodes if "{name}" not in node["TOPIC"] and node["SERVICE"] != "ibm"]
    for node, other in _twice(apart, lambda node: node["TOPIC"]):
        yield node, Finding("TOPIC", f"is {node['TOPIC']!r}, as in {_file(other)}; allowed: one with {{name}} in it")


@rule("fleet-address", ERROR, "two nodes of one `STATIC_IP`", "disturb each other: one address, two radios", of=FLEET)
def addresses(nodes: Sequence[Node]) -> Iterator[Found]:
    for node, other in _twice(nodes, lambda node: str(address(node)).partition("/")[0] if node["STATIC_IP"] else None):
        yield node, Finding("STATIC_IP", f"has {node['STATIC_IP'][0].partition('/')[0]}, as in {_file(other)}")


@rule(
    "fleet-broker", ERROR, "the broker at another node's `STATIC_IP`", "connects to that node, where nobody answers", of=FLEET
)
def brokers(nodes: Sequence[Node]) -> Iterator[Found]:
    own = {str(at.ip): node for node in nodes if (at := address(node))}
    for node in nodes:
        other = own.get(host_of(node, "BROKER"))
        if other and other is not node:
            yield node, Finding("BROKER", f"is {node['BROKER']!r}, the STATIC_IP of {_file(other)}")


@rule(
    "fleet-unnamed",
    WARNING,
    "several nodes without a `NAME`",
    "each takes one from its chip's id, which no file tells",
    of=FLEET,
)
def unnamed(nodes: Sequence[Node]) -> Iterator[Found]:
    for node in nodes if len(nodes) > 1 else ():
        if node["NAME"] is None:
            yield node, Finding("NAME", f"is None in {_file(node)}: name it, to tell it from the others")


def _twice(nodes: Sequence[Node], key: Callable[[Node], object]) -> Iterator[tuple[Node, Node]]:
    first: dict[object, Node] = {}
    for node in nodes:
        value = key(node)
        if value is not None and first.setdefault(value, node) is not node:
            yield node, first[value]


def _file(node: Node) -> str:
    return f"nodes/{node.name}.py" if node.name else node.file
