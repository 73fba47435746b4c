"""credentials.py and the authority's certificate: read, made from answers, and tried at the broker."""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dormouse import settings
from dormouse.constants import ERROR, ConstantsFile, Problem
from dormouse.errors import UsageError
from dormouse.newnode import layout
from dormouse.newnode.draft import PREFIX
from dormouse.newnode.verdicts import Broker
from dormouse.project import shown
from dormouse.settings import Settings

_PLAIN_PORT, _TLS_PORT = 1883, 8883
_MOST_NETWORKS = 4  # credentials.example.py
_HEAD = "# Wi-Fi and broker: what every node of this folder uses. git ignores this file.\n\n"
CA_FILE = "ca.der"


@dataclass
class Secrets:
    """credentials.py as it will be. there: it is there already; values: its constants by name; ca: the DER of a CA to write."""

    path: Path
    there: bool
    file: ConstantsFile
    values: dict[str, Any] = field(default_factory=dict)
    ca: bytes | None = None

    def text(self) -> str:
        """Its text: an old one's lines and comments kept, or those of credentials.example.py."""
        if self.there:
            known = self.file.constants
            fresh = {name: value for name, value in self.values.items() if name not in known or known[name].value != value}
            return self.file.replaced({name: layout.literal(value) for name, value in fresh.items()})
        return _HEAD + layout.lines(self.file, self.values)

    def put(self, read: Settings, **values: Any) -> None:
        """Take some values. read: the node's settings. Raises ValueError with the check's own words when they may not be."""
        before = dict(self.values)
        self.values |= values
        if wrong := [it.text for it in self.problems(read) if it.level == ERROR and it.text.startswith(tuple(values))]:
            self.values = before
            raise ValueError("; ".join(wrong))

    def problems(self, read: Settings) -> list[Problem]:
        """What `dormouse check` says of it. read: the settings of the node that has it."""
        folder = self.path.parent
        with tempfile.TemporaryDirectory(prefix=PREFIX) as aside:
            for name in ("CA", "CERT", "KEY"):
                value = self.values.get(name)
                if isinstance(value, str) and not value.startswith("-----") and (folder / value.lstrip("/")).is_file():
                    Path(aside, Path(value).name).write_bytes((folder / value.lstrip("/")).read_bytes())
            if self.ca:
                Path(aside, CA_FILE).write_bytes(self.ca)
            path = Path(aside, self.path.name)
            path.write_text(self.text(), encoding="utf-8")
            path.chmod(0o600)
            return settings.check_credentials(read, path)

    def masked(self, before: Secrets | None = None) -> str:
        """The text for a screen. before: what it replaces; another password than there shows."""
        known = [] if before is None else [before.values.get("PASSWORD"), *(key for _, key in before.values.get("WIFI") or ())]

        def mask(key: str | None) -> str | None:
            return key and ("***" if before is None or key in known else "*** another")

        values = dict(self.values)
        values["WIFI"] = tuple((name, mask(key)) for name, key in values.get("WIFI") or ())
        values["PASSWORD"] = mask(values.get("PASSWORD"))
        return Secrets(self.path, self.there, self.file, values).text()


def read(root: Path) -> Secrets:
    """What is there, or the example's names without values. Raises UsageError, SettingsError."""
    path = root / "credentials.py"
    there = path.exists()
    file = settings.load_credentials(path if there else root / "credentials.example.py")
    values = {name: constant.value for name, constant in file.constants.items()}
    if not there:
        values = dict.fromkeys(values)
    if not _is_networks(values.get("WIFI")):
        values["WIFI"] = None
    return Secrets(path, there, file, values)


def networks(first: tuple[str, str], others: Any) -> tuple[tuple[str, str], ...]:
    """WIFI: the network that was said, then those that were there."""
    return (first, *(pair for pair in others or () if pair[0] != first[0]))[:_MOST_NETWORKS]


def _is_networks(value: Any) -> bool:
    pairs = value if isinstance(value, (tuple, list)) else ()
    return bool(pairs) and all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in pairs)


def authority(path: Path) -> bytes:
    """The DER of a CA's certificate in a PEM or DER file. Raises ValueError."""
    from cryptography import x509  # slow to load, and seldom needed; so below
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot read {shown(path)}: {(error.strerror or str(error)).lower()}") from None
    try:
        found = x509.load_pem_x509_certificates(data) if b"-----BEGIN" in data else [x509.load_der_x509_certificate(data)]
    except ValueError:
        raise ValueError(f"{shown(path)} is no certificate; allowed: one in PEM or DER") from None
    if len(found) > 1:
        raise ValueError(f"{shown(path)} has {len(found)} certificates; allowed: one, the authority's")
    return found[0].public_bytes(Encoding.DER)


def broker(address: str, tls: bool, secrets: Secrets, checks: bool) -> Broker:
    """What to try. Arguments: address, BROKER; tls, TLS; checks, whether the board checks certificates. Raises UsageError."""
    host, _, port = address.partition(":")
    values = secrets.values
    pem: dict[str, str | None] = {}
    if tls:
        folder = secrets.path.parent
        if checks:
            ca = secrets.ca or _data(values.get("CA"), "CA", folder)
            pem["ca"] = _certificate(ca, "CA")
        pem["cert"] = _certificate(_data(values.get("CERT"), "CERT", folder), "CERT")
        pem["key"] = _key(_data(values.get("KEY"), "KEY", folder))
    number = int(port) if port else _TLS_PORT if tls else _PLAIN_PORT
    return Broker(host, number, values.get("USER"), values.get("PASSWORD"), tls, **pem)


def _data(value: Any, name: str, folder: Path) -> bytes | None:
    """DER, PEM or a file's name (mqtt.tls): the data."""
    if not value:
        return None
    if isinstance(value, bytes):
        return value
    if str(value).startswith("-----"):
        return str(value).encode()
    path = folder / str(value).lstrip("/")
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"credentials.py: {name} is {value!r}, and {shown(path)} cannot be read: {error.strerror}") from error


def _certificate(data: bytes | None, name: str) -> str | None:
    if data is None:
        return None
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        found = x509.load_pem_x509_certificate(data) if b"-----BEGIN" in data else x509.load_der_x509_certificate(data)
    except ValueError:
        raise UsageError(f"credentials.py: {name} is no certificate in PEM or DER") from None
    return ssl.DER_cert_to_PEM_cert(found.public_bytes(Encoding.DER))


def _key(data: bytes | None) -> str | None:
    if data is None:
        return None
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    load = serialization.load_pem_private_key if b"-----BEGIN" in data else serialization.load_der_private_key
    try:
        key = load(data, None)
    except (ValueError, TypeError):
        raise UsageError("credentials.py: KEY is no private key in PEM or DER without a password") from None
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def unlike(secrets: Secrets, given: dict[str, str | None]) -> list[str]:
    """The options that say something else than a credentials.py that is kept. given: by option."""
    networks_there = secrets.values.get("WIFI") or ((None, None),)
    known = {"--ssid": networks_there[0][0], "--wifi-password": networks_there[0][1]}
    known |= {"--user": secrets.values.get("USER"), "--password": secrets.values.get("PASSWORD")}
    return [option for option, value in given.items() if value is not None and value != known.get(option)]
