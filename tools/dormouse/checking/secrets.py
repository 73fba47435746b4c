"""credentials.py: its names, the networks, the broker's user."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

from dormouse.checking import ERROR, SECRETS, WARNING, Finding, Node, Secrets, rule

_NEEDED = {"WIFI": '(("your network", "its password"),)', "USER": "None", "PASSWORD": "None"}
_KNOWN = (*_NEEDED, "CA", "CERT", "KEY")
_NETWORKS = 4  # credentials.example.py; src/node/state.py keeps the place in four bits
_SSID_BYTES = 32  # IEEE 802.11, 9.4.2.2
_EXAMPLE = ("your network", "its password")
_ALLOWED = f'1 to {_NETWORKS} networks: (("name", "password"),)'


@rule("secret-missing", ERROR, "a name that credentials.py must have", "measures and keeps; each upload fails", of=SECRETS)
def missing(_: Node, secrets: Secrets) -> Iterator[Finding]:
    for name, default in _NEEDED.items():
        if name not in secrets.read.constants:
            yield Finding(name, f"is missing; add the line {name} = {default}")


@rule("secret-unknown", WARNING, "a name in credentials.py that nobody reads", "works without it", of=SECRETS)
def unknown(_: Node, secrets: Secrets) -> Iterator[Finding]:
    for name in secrets.read.constants:
        if name not in _KNOWN and not name.startswith("_"):
            close = difflib.get_close_matches(name, _KNOWN, 1)
            yield Finding(name, "is not one of " + ", ".join(_KNOWN) + (f"; is it {close[0]}?" if close else ""))


@rule("wifi", ERROR, "`WIFI` that is no tuple of pairs, or more than four", "measures and keeps; each upload fails", of=SECRETS)
def wifi(_: Node, secrets: Secrets) -> Iterator[Finding]:
    if "WIFI" not in secrets.read.constants:
        return
    given = secrets["WIFI"]
    if _networks(given) is None:
        yield Finding("WIFI", f"is no list of networks; allowed: {_ALLOWED}")
    elif len(given) > _NETWORKS:
        yield Finding("WIFI", f"has {len(given)} networks; allowed: {_ALLOWED}")


@rule("wifi-name", ERROR, "a network's name that is empty or longer than 32 bytes", "finds no such network", of=SECRETS)
def wifi_name(_: Node, secrets: Secrets) -> Iterator[Finding]:
    for name, _password in _networks(secrets["WIFI"]) or ():
        if not 1 <= len(name.encode()) <= _SSID_BYTES:
            yield Finding("WIFI", f"has the network {name!r}, {len(name.encode())} bytes; allowed: 1 to {_SSID_BYTES} bytes")


@rule(
    "wifi-password",
    ERROR,
    "a network's password of 1 to 7 or more than 63 characters",
    "no access point lets it in",
    of=SECRETS,
)
def wifi_password(_: Node, secrets: Secrets) -> Iterator[Finding]:
    for name, password in _networks(secrets["WIFI"]) or ():
        length = len((password or "").encode())
        if length and not 8 <= length <= 63 and not re.fullmatch("[0-9a-fA-F]{64}", password or ""):
            # Never the password itself.
            text = (
                f'has a password of {length} characters for {name!r}; allowed: 8 to 63, 64 hexadecimal digits, or "" for none'
            )
            yield Finding("WIFI", text)


@rule("wifi-example", WARNING, "`WIFI` as it is in the example", "finds no such network", of=SECRETS)
def wifi_example(_: Node, secrets: Secrets) -> Iterator[Finding]:
    for network in _networks(secrets["WIFI"]) or ():
        if set(network) & set(_EXAMPLE):
            yield Finding("WIFI", f"is still the example's {network[0]!r}: put your network and its password there")


@rule("wifi-twice", WARNING, "a network that is there twice", "works; the second is never tried", of=SECRETS)
def wifi_twice(_: Node, secrets: Secrets) -> Iterator[Finding]:
    names = [name for name, _password in _networks(secrets["WIFI"]) or ()]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Finding("WIFI", f"has the network {name!r} {names.count(name)} times")


@rule(
    "user",
    ERROR,
    "`USER` or `PASSWORD` that is neither text nor None, or a password without a user",
    "fails before it connects",
    of=SECRETS,
)
def user(_: Node, secrets: Secrets) -> Iterator[Finding]:
    for name in ("USER", "PASSWORD"):
        value = secrets[name]
        if value is not None and not isinstance(value, (str, bytes) if name == "PASSWORD" else str):
            yield Finding(name, "is no text; allowed: text or None")
        elif value is not None and len(value) > 65535:
            yield Finding(name, f"has {len(value)} characters; allowed: 65535")
    if secrets["PASSWORD"] is not None and secrets["USER"] is None:
        yield Finding("PASSWORD", "is set and USER is None; MQTT allows no password without a user")


@rule(
    "user-in-topic",
    ERROR,
    "`{user}` in `TOPIC`, and no `USER`",
    "publishes to a topic with an empty level, which is not yours",
    of=SECRETS,
)
def user_in_topic(node: Node, secrets: Secrets) -> Iterator[Finding]:
    if "{user}" in node["TOPIC"] and not secrets["USER"] and "USER" in secrets.read.constants:
        yield Finding("USER", f"is {secrets['USER']!r}, and TOPIC {node['TOPIC']!r} has {{user}} in it")


@rule("password-open", WARNING, "a password that goes over the air without TLS", "works; who listens has it", of=SECRETS)
def password_open(node: Node, secrets: Secrets) -> Iterator[Finding]:
    host = node["BROKER"].partition(":")[0]
    if secrets["PASSWORD"] and not node["TLS"] and not _near(host):
        yield Finding("PASSWORD", f"goes to {host} as it is: TLS is False in {node.file}")


def _near(host: str) -> bool:
    """Whether a broker is in the house: a private address, or a name without a point or of the house's own."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".home", ".home.arpa", ".fritz.box", ".internal"))


def _networks(given: Any) -> list[tuple[str, str | None]] | None:
    """WIFI's pairs; None when it is not made of such."""
    if not isinstance(given, (tuple, list)) or not given:
        return None
    for pair in given:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not isinstance(pair[0], str):
            return None
        if pair[1] is not None and not isinstance(pair[1], str):
            return None
    return [(pair[0], pair[1]) for pair in given]
