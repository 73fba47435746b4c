"""What is wrong, or unwise, in settings of which each by itself is allowed.

One file per concern. A file has rules, functions that are given something and yield Findings:

    @rule("test-mode", WARNING, "`TEST_MODE` is on", "it stays awake for two hours")
    def test_mode(node: Node) -> Iterator[Finding]:
        if node["TEST_MODE"]:
            yield Finding("TEST_MODE", "is True: for the bench, not for the field")

Which is all: files of this folder are found, not listed, and docs/check.md is made from the rules (`dormouse check --write`).
An ERROR is what the node cannot do: reading such settings fails, so none of the commands goes on with them. A WARNING is what
it does and somebody may regret: it is said, and the exit status stays 0 (`dormouse check --strict`: 1).

A rule looks at one of three things (`of`): a NODE, whose settings are each right by itself; SECRETS, a node and its
credentials.py; a FLEET, all nodes, of which it yields (node, Finding).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from dormouse.checking.node import Finding, Node, Secrets
from dormouse.constants import ERROR, WARNING, Problem

__all__ = ["ERROR", "FLEET", "NODE", "SECRETS", "WARNING", "Finding", "Node", "Rule", "Secrets", "rule", "rules"]

NODE, SECRETS, FLEET = "node", "secrets", "fleet"
_LEVELS = {ERROR, WARNING}
_found: dict[str, Rule] = {}


@dataclass(frozen=True)
class Rule:
    """One thing that is looked at. what: the mistake, in a line; then: what the node does when it runs so."""

    kind: str
    level: str
    what: str
    then: str
    of: str
    find: Callable[..., Iterable[Any]]


def rule(kind: str, level: str, what: str, then: str, of: str = NODE) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function a rule. Arguments: see Rule; kind, its name in a few words with hyphens, must be new."""
    if kind in _found or level not in _LEVELS:
        raise ValueError(f"rule {kind!r}, {level!r}")

    def keep(find: Callable[..., Any]) -> Callable[..., Any]:
        _found[kind] = Rule(kind, level, what, then, of, find)
        return find

    return keep


@cache
def rules() -> dict[str, Rule]:
    """All rules of this folder by kind, errors first, sorted."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_found.items(), key=lambda item: (item[1].level != ERROR, item[0])))


def of_node(node: Node) -> list[Problem]:
    """What the rules say of a node's settings, of which each must be right by itself."""
    return [node.problem(it, each) for it in _those(NODE) for each in it.find(node)]


def of_secrets(node: Node, secrets: Secrets) -> list[Problem]:
    """What the rules say of a node's credentials."""
    return [secrets.problem(it, each) for it in _those(SECRETS) for each in it.find(node, secrets)]


def of_fleet(nodes: Sequence[Node]) -> list[tuple[Node, Problem]]:
    """What the rules say of nodes that are to live together: whose it is, and what."""
    return [(node, node.problem(it, each)) for it in _those(FLEET) for node, each in it.find(nodes)]


def _those(of: str) -> Iterator[Rule]:
    return (it for it in rules().values() if it.of == of)
