"""SERVICE = "ibm": what its platform asks of a device (src/node/services/ibm.py; IBM Knowledge Center SSQP8H)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dormouse.checking import ERROR, SECRETS, Finding, Node, Secrets, rule

_WORD = re.compile(r"[A-Za-z0-9_.-]{1,36}")
_QUICKSTART = "quickstart"
_USER = "use-token-auth"


def _parts(node: Node) -> list[str]:
    return node["TOPIC"].split("/") if node["SERVICE"] == "ibm" else []


@rule("ibm-topic", ERROR, "with `ibm` a `TOPIC` that is not organization and type", "is not let in: nobody has its client id")
def topic(node: Node) -> Iterator[Finding]:
    parts = _parts(node)
    if parts and not (len(parts) == 2 and all(_WORD.fullmatch(part) for part in parts)):
        allowed = 'with SERVICE "ibm" "ORG/TYPE", such as "a1b2c3/dormouse", each 1 to 36 of a-z A-Z 0-9 - _ .'
        yield Finding("TOPIC", f"is {node['TOPIC']!r}; allowed: {allowed}")


@rule("ibm-quickstart", ERROR, "with `ibm` the organization `quickstart`", "is cut off as soon as it subscribes to commands")
def quickstart(node: Node) -> Iterator[Finding]:
    if _parts(node)[:1] == [_QUICKSTART]:
        reason = "Quickstart has no commands, no QoS 1 (which a node needs to know what arrived), no tokens and no TLS"
        yield Finding("TOPIC", f"is {node['TOPIC']!r}: {reason}; take an organization of your own")


@rule("ibm-name", ERROR, "with `ibm` no `NAME`", "is not let in: the id of its device is not registered")
def name(node: Node) -> Iterator[Finding]:
    if _parts(node) and node["NAME"] is None:
        yield Finding("NAME", 'is None; with SERVICE "ibm" it is the device\'s id, as it was registered')


@rule("ibm-user", ERROR, "with `ibm` another `USER`, or no token", "is not let in", of=SECRETS)
def user(node: Node, secrets: Secrets) -> Iterator[Finding]:
    if _parts(node) and "USER" in secrets.read.constants and secrets["USER"] != _USER:
        yield Finding("USER", f'is {secrets["USER"]!r}; with SERVICE "ibm" it is {_USER!r}, and PASSWORD the device\'s token')
    elif _parts(node) and secrets["USER"] == _USER and not secrets["PASSWORD"]:
        yield Finding("PASSWORD", 'is empty; with SERVICE "ibm" it is the device\'s token')
