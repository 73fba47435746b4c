"""The certificates that a node's TLS meets, and between which dates they are valid."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from dormouse.constants import ConstantsFile

PORT = 8883  # with TLS (mqtt.tls)
_TIMEOUT_S = 5.0


@dataclass
class Certificate:
    """One certificate. what: "CA ca.der"; begin, end: its dates, None when it could not be read, and why is in `problem`."""

    what: str
    begin: datetime | None = None
    end: datetime | None = None
    problem: str = ""

    def verdict(self, at: datetime) -> str:
        """ "" when it is valid at a time, else what TLS will say of it."""
        if self.begin is None or self.end is None:
            return self.problem
        if at < self.begin:
            return f"not yet valid, refused: the first day is {self.begin:%Y-%m-%d}"
        if at > self.end:
            return f"expired, refused: the last day was {self.end:%Y-%m-%d}"
        return ""


def of_credentials(credentials: ConstantsFile, folder: Path) -> list[Certificate]:
    """Those that credentials.py names in CA and CERT: DER or PEM, as bytes or as a file's name.

    Arguments: folder, where a file on the board has its original.
    """
    found = []
    for name in ("CA", "CERT"):
        value = getattr(credentials.constants.get(name), "value", None)
        if isinstance(value, str) and value and "BEGIN CERT" not in value:
            # On the board it is in the root; here it is beside credentials.py.
            try:
                found.append(_read(f"{name} {value}", (folder / value.lstrip("/")).read_bytes()))
            except OSError:
                found.append(Certificate(f"{name} {value}", problem=f"not looked at: no {value} beside credentials.py"))
        elif value:
            found.append(_read(name, value.encode() if isinstance(value, str) else bytes(value)))  # type: ignore[call-overload]
    return found


def of_broker(broker: str, timeout_s: float = _TIMEOUT_S) -> Certificate:
    """The one that a broker shows. Arguments: broker, "host" or "host:port"; timeout_s, for the connection and for TLS."""
    host, _, port = broker.partition(":")
    what = f"broker {host}:{port or PORT}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Only its dates are wanted, and above all those of one that is not good.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, int(port or PORT)), timeout_s) as link,
            context.wrap_socket(link, server_hostname=host) as secure,
        ):
            data = secure.getpeercert(binary_form=True)
    except OSError as error:
        return Certificate(what, problem=f"not looked at: {(error.strerror or str(error)).lower()}")
    return _read(what, data or b"")


def _read(what: str, data: bytes) -> Certificate:
    try:
        read = x509.load_pem_x509_certificate if b"-----BEGIN" in data else x509.load_der_x509_certificate
        found = read(data)
    except ValueError:
        return Certificate(what, problem="is no certificate in DER or PEM")
    return Certificate(what, found.not_valid_before_utc, found.not_valid_after_utc)
