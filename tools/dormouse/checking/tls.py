"""TLS: the certificates that credentials.py names, against the port that is to read them and this computer's clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from dormouse.checking import ERROR, SECRETS, WARNING, Finding, Node, Secrets, rule

_NAMES = ("CA", "CERT", "KEY")
_PEM = b"-----BEGIN"
_READS_PEM = ("esp32",)  # docs/tls.md: the others have extmod/mbedtls/mbedtls_config_common.h
_CHECKS_NOTHING = ("esp8266",)  # axTLS: micropython docs/esp8266/general.rst
_FAILS = "sends nothing; each upload fails"


def data_of(secrets: Secrets, name: str) -> bytes | None:
    """What CA, CERT or KEY stands for, PEM or DER; None when there is none. Raises OSError for a file that is not there."""
    value = secrets[name]
    if not value:
        return None
    if isinstance(value, str) and not value.startswith("-----"):  # as src/mqtt/tls.py tells data from a name
        return _file(secrets, value).read_bytes()
    return value.encode() if isinstance(value, str) else bytes(value)


def _file(secrets: Secrets, name: str) -> Path:
    return secrets.folder / name.lstrip("/")  # on the board it is in the root; here beside credentials.py


def _given(node: Node, secrets: Secrets) -> Iterator[tuple[str, bytes]]:
    """CA, CERT and KEY with their data, of those that can be read."""
    for name in _NAMES if node["TLS"] else ():
        try:
            data = data_of(secrets, name) if isinstance(secrets[name], (str, bytes)) else None
        except OSError:
            continue
        if data:
            yield name, data


@rule("tls-kind", ERROR, "`CA`, `CERT` or `KEY` that is neither text, bytes nor None", _FAILS, of=SECRETS)
def kind(_: Node, secrets: Secrets) -> Iterator[Finding]:
    for name in _NAMES:
        if secrets[name] is not None and not isinstance(secrets[name], (str, bytes)):
            yield Finding(name, 'is no text; allowed: a file such as "ca.der" beside credentials.py, its data, or None')


@rule("tls-no-ca", WARNING, "`TLS` without a `CA`", "encrypts, and talks to whoever says that he is the broker", of=SECRETS)
def no_ca(node: Node, secrets: Secrets) -> Iterator[Finding]:
    if node["TLS"] and not secrets["CA"]:
        if node.board["port"] in _CHECKS_NOTHING:
            text = f"is None, as it must be: with TLS an {node.board['port']} encrypts and checks nobody (docs/tls.md)"
        else:
            text = "is None: with TLS and without it nobody checks who the broker is; name the authority's certificate"
        yield Finding("CA", text)


@rule("tls-ca-unread", ERROR, "a `CA` on a board whose TLS checks nothing", _FAILS, of=SECRETS)
def ca_unread(node: Node, secrets: Secrets) -> Iterator[Finding]:
    if node["TLS"] and secrets["CA"] and node.board["port"] in _CHECKS_NOTHING:
        yield Finding("CA", f"is set, and {node['BOARD']} can check no certificate; allowed: None, or another board")


@rule("tls-file", ERROR, "a certificate's file that is not beside credentials.py", _FAILS, of=SECRETS)
def file(node: Node, secrets: Secrets) -> Iterator[Finding]:
    for name in _NAMES if node["TLS"] else ():
        try:
            if isinstance(secrets[name], str):
                data_of(secrets, name)
        except OSError as error:
            text = f"is {secrets[name]!r}: {(error.strerror or str(error)).lower()}; allowed: a file beside {secrets.read.file}"
            yield Finding(name, text)


@rule("tls-data", ERROR, "a certificate that is none, or in a form that the port does not read", _FAILS, of=SECRETS)
def form(node: Node, secrets: Secrets) -> Iterator[Finding]:
    for name, data in _given(node, secrets):
        if data.lstrip().startswith(_PEM) and node.board["port"] not in _READS_PEM:
            text = f"is PEM, and {node['BOARD']} reads DER only: openssl x509 -in ca.pem -outform der -out ca.der"
            yield Finding(name, text)
        elif name != "KEY" and _certificate(data) is None:
            yield Finding(name, "is no certificate in DER or PEM")


@rule("tls-pair", ERROR, "`CERT` without `KEY`, or `KEY` without `CERT`", _FAILS, of=SECRETS)
def pair(node: Node, secrets: Secrets) -> Iterator[Finding]:
    for name, other in (("CERT", "KEY"), ("KEY", "CERT")):
        if node["TLS"] and secrets[name] and not secrets[other]:
            yield Finding(name, f"is set and {other} is None; allowed: both or none")


@rule("tls-date", ERROR, "a certificate that is not valid now, by this computer's clock", _FAILS, of=SECRETS)
def date(node: Node, secrets: Secrets) -> Iterator[Finding]:
    now = datetime.now(timezone.utc)
    for name, data in _given(node, secrets):
        found = _certificate(data) if name != "KEY" else None
        if found is not None and now > found.not_valid_after_utc:
            yield Finding(name, f"has expired: its last day was {found.not_valid_after_utc:%Y-%m-%d}")
        elif found is not None and now < found.not_valid_before_utc:
            yield Finding(name, f"is not yet valid: its first day is {found.not_valid_before_utc:%Y-%m-%d}")


@rule("tls-authority", WARNING, "a `CA` that is no authority's certificate", "works only if it is the broker's own", of=SECRETS)
def authority(node: Node, secrets: Secrets) -> Iterator[Finding]:
    found = next((_certificate(data) for name, data in _given(node, secrets) if name == "CA"), None)
    if found is None:
        return
    from cryptography import x509

    try:
        is_one = found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        is_one = found.version == x509.Version.v1  # which has no extensions
    if not is_one:
        yield Finding(
            "CA", f"is no authority's certificate ({found.subject.rfc4514_string()}): right if it is the broker's own"
        )


def _certificate(data: bytes) -> Any:
    """The certificate, None when it is none."""
    from cryptography import x509  # slow to load, and seldom needed

    try:
        pem = data.lstrip().startswith(_PEM)
        return x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
    except ValueError:
        return None
