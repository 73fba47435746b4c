"""Where the broker is and who logs in: from config.py and credentials.py, or as options say."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dormouse.constants import ConstantsFile
from dormouse.errors import DormouseError, UsageError
from dormouse.project import shown
from dormouse.settings import Settings, SettingsError, load, load_credentials

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
    cert: Path | None = None
    key: Path | None = None
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
    # A node that has no file of its own is the one of that name.
    name = values["NAME"] if overlay or node is None else node
    return _access(values, _secrets(root) if own else {}, root, wanted, name)


def of(read: Settings, credentials: ConstantsFile, folder: Path) -> Access:
    """The same of a node's settings and secrets that are read. folder: where credentials.py is, and the files it names."""
    return _access(read.values, _values(credentials), folder, Wanted(), read["NAME"])


def _access(values: Mapping[str, Any], secrets: dict[str, Any], folder: Path, wanted: Wanted, name: str | None) -> Access:
    if (wanted.cert is None) != (wanted.key is None):
        raise UsageError("--cert and --key go together")
    own = wanted.broker is None
    secure = wanted.tls or bool(wanted.ca or wanted.cert) or (own and bool(values["TLS"]))
    text, what = wanted.broker or str(values["BROKER"]), "BROKER" if own else "--broker"
    host, port = address(text, what, SECURE if secure else PLAIN)
    context = _context(wanted, secrets, folder) if secure else None
    user = wanted.user if wanted.user is not None else secrets.get("USER")
    password = wanted.password if wanted.password is not None else secrets.get("PASSWORD")
    if password is not None and user is None:
        raise UsageError("--password needs --user")
    topic = str(values["TOPIC"]) if wanted.topic is None else wanted.topic
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


def _secrets(root: Path) -> dict[str, Any]:
    path = root / "credentials.py"
    return _values(load_credentials(path)) if path.exists() else {}  # an anonymous broker needs none


def _values(credentials: ConstantsFile) -> dict[str, Any]:
    return {name: constant.value for name, constant in credentials.constants.items()}


def _context(wanted: Wanted, secrets: dict[str, Any], folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context()  # without a CA: the system's authorities
    if data := _read("CA", wanted.ca, secrets, folder):
        try:
            # Text is PEM, bytes are DER: the board's files are DER.
            context.load_verify_locations(cadata=data.decode() if b"-----BEGIN" in data else data)
            # As the node's mbedtls: what it is told to trust need not be a root, nor have all that RFC 5280 asks for, which
            # Python does since 3.13.
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        except (ssl.SSLError, ValueError) as error:
            raise DormouseError(f"{_what('CA', wanted.ca)} is no certificate in PEM or DER: {error}") from error
    cert, key = _read("CERT", wanted.cert, secrets, folder), _read("KEY", wanted.key, secrets, folder)
    if cert and key:
        try:
            _show(context, cert, key)
        except (ssl.SSLError, ValueError, TypeError) as error:
            what = f"{_what('CERT', wanted.cert)} and {_what('KEY', wanted.key)}"
            raise DormouseError(f"{what} are no certificate and its key in PEM or DER: {error}") from error
    return context


def _what(name: str, option: Path | None) -> str:
    return f"--{name.lower()}" if option else f"{name} of credentials.py"


def _read(name: str, option: Path | None, secrets: dict[str, Any], folder: Path) -> bytes | None:
    value = option or secrets.get(name)
    if not value or isinstance(value, bytes):
        return value or None
    if isinstance(value, str) and "-----BEGIN" in value:
        return value.encode()
    path = option or folder / str(value).lstrip("/")
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"{_what(name, option)}: cannot read {shown(path)}: {reason}") from error


def _show(context: ssl.SSLContext, cert: bytes, key: bytes) -> None:
    """The client's own certificate. Python reads it from a file only, and PEM only."""
    from cryptography.hazmat.primitives import serialization as form

    pem = cert if b"-----BEGIN" in cert else ssl.DER_cert_to_PEM_cert(cert).encode()
    load = form.load_pem_private_key if b"-----BEGIN" in key else form.load_der_private_key
    pem += load(key, None).private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    with tempfile.TemporaryDirectory(prefix="dormouse-") as place:  # its owner's alone
        path = Path(place, "client.pem")
        path.write_bytes(pem)
        context.load_cert_chain(path)
