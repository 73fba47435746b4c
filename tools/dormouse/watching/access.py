"""Where the broker is and who logs in: from config.py and credentials.py, or as options say."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dormouse.errors import DormouseError, UsageError
from dormouse.project import shown
from dormouse.settings import SettingsError, load, load_credentials

PLAIN, SECURE = 1883, 8883


@dataclass(frozen=True)
class Access:
    """A broker as the PC reaches it. user, password: None for anonymous. tls: None for plain TCP. topic: TOPIC's template."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None
    topic: str = "dormouse/{name}"
    service: str = "plain"
    name: str | None = None  # of the node asked for, else NAME of config.py

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Wanted:
    """What the options say; None where they say nothing."""

    broker: str | None = None
    user: str | None = None
    password: str | None = None
    tls: bool = False
    ca: Path | None = None
    topic: str | None = None


def find(root: Path, wanted: Wanted, node: str | None = None) -> Access:
    """The broker's address, the login and the topics.

    Arguments: root, the template; wanted, the options; node, a node whose nodes/NAME.py counts when there is one.
    With --broker nothing of config.py's broker and credentials.py is used: they are another broker's.
    Raises UsageError, SettingsError, DormouseError when the CA cannot be used.
    """
    values: dict[str, Any] = {"BROKER": "", "TLS": False, "TOPIC": Access.topic, "SERVICE": "plain", "NAME": None}
    overlay = node if node and (root / "nodes" / f"{node}.py").is_file() else None
    try:
        values.update(load(root, node=overlay).values)
    except SettingsError:
        # Who names the broker and the topics can do without a config.py that is right.
        if wanted.broker is None or wanted.topic is None:
            raise
    own = wanted.broker is None
    text = wanted.broker or str(values["BROKER"])
    secrets, folder = _secrets(root) if own else ({}, root)
    secure = wanted.tls or wanted.ca is not None or (own and bool(values["TLS"]))
    host, port = address(text, "--broker" if wanted.broker else "BROKER", SECURE if secure else PLAIN)
    context = _context(wanted.ca, secrets if own else {}, folder) if secure else None
    user = wanted.user if wanted.user is not None else secrets.get("USER")
    password = wanted.password if wanted.password is not None else secrets.get("PASSWORD")
    if password is not None and user is None:
        raise UsageError("--password needs --user")
    topic = str(values["TOPIC"]) if wanted.topic is None else wanted.topic
    # A node that has no file of its own is the one of that name.
    name = values["NAME"] if overlay or node is None else node
    return Access(host, port, user, password, context, topic, str(values["SERVICE"]), name)


def address(text: str, what: str, default: int) -> tuple[str, int]:
    """ "host" or "host:port" as (host, port); an IPv6 address with a port is in brackets. Raises UsageError."""
    host, port = text, ""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if not host or "/" in host or " " in host or (port and not (port.isdigit() and 0 < int(port) < 65536)):
        raise UsageError(f"{what} is {text!r}; allowed: HOST or HOST:PORT, such as 192.168.1.10 or broker.example:8883")
    return host, int(port or default)


def _secrets(root: Path) -> tuple[dict[str, Any], Path]:
    path = root / "credentials.py"
    if not path.exists():
        return {}, root  # an anonymous broker needs none
    found = load_credentials(path)
    return {name: constant.value for name, constant in found.constants.items()}, root


def _context(option: Path | None, secrets: dict[str, Any], folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context()
    ca = secrets.get("CA")
    what = "--ca" if option else "CA of credentials.py"
    if option is None and not ca:
        return context  # the system's authorities
    try:
        data = ca if isinstance(ca, bytes) and not option else _bytes(option or str(ca), folder)
    except OSError as error:
        path = option or folder / str(ca).lstrip("/")
        raise UsageError(f"{what}: cannot read {shown(Path(path))}: {(error.strerror or str(error)).lower()}") from error
    try:
        # Text is PEM, bytes are DER: the board's files are DER.
        context.load_verify_locations(cadata=data.decode() if b"-----BEGIN" in data else data)
    except (ssl.SSLError, ValueError) as error:
        raise DormouseError(f"{what} is no certificate in PEM or DER: {error}") from error
    return context


def _bytes(where: Path | str, folder: Path) -> bytes:
    if isinstance(where, str) and "-----BEGIN" in where:
        return where.encode()
    return (where if isinstance(where, Path) else folder / where.lstrip("/")).read_bytes()
