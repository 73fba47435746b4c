"""What a failed connection to a broker means, in one line that says what to do."""

from __future__ import annotations

import errno
import socket
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# X.509's reasons as OpenSSL numbers them: x509_vfy.h, X509_V_ERR_*.
_TOO_EARLY, _EXPIRED, _OTHER_NAME = (9,), (10,), (62, 64)
_OTHER_AUTHORITY = (2, 18, 19, 20, 21)
_NO_AUTHORITY = (24, 79)
_REFUSED = (134, 135)  # CONNACK 4 and 5 (MQTT 3.1.1, 3.2.2.3), by their numbers in MQTT 5
_WORDS = {
    133: "does not like the client's name",
    136: "says that it is not available just now",
}
_NO_WAY = (errno.EHOSTUNREACH, errno.ENETUNREACH, getattr(errno, "EHOSTDOWN", errno.EHOSTUNREACH))


@dataclass(frozen=True)
class Broker:
    """A broker and who connects. user, password: None for nobody. ca, cert, key: PEM text, None without; ca None: with TLS
    nobody checks who the broker is, as on the node."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    tls: bool = False
    ca: str | None = None
    cert: str | None = None
    key: str | None = None

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Outcome:
    """How it went.

    kind: "connected", "no host", "refused", "no answer", "no way", "password", "refusal", "tls needed", "no tls", "authority",
    "expired", "too early", "name", "client certificate", "own certificate" or "hung up". text: the line.
    """

    kind: str
    text: str

    @property
    def good(self) -> bool:
        return self.kind == "connected"


def context(broker: Broker) -> ssl.SSLContext:
    """TLS as the node's: the CA and the name, or nothing. Raises ssl.SSLError when a certificate or key of ours is broken."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if broker.ca:
        made.load_verify_locations(cadata=broker.ca)
        # mbedtls takes any certificate that it is told to trust, not a root only.
        made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    else:
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    if broker.cert and broker.key:
        with tempfile.TemporaryDirectory(prefix="dormouse-new-") as folder:  # ssl takes them from files only
            chain = Path(folder, "chain.pem")
            chain.touch(0o600)
            chain.write_text(broker.cert + broker.key, encoding="ascii")
            made.load_cert_chain(chain)
    return made


def connack(broker: Broker, reason: Any) -> Outcome:
    """What the broker answered. reason: paho's ReasonCode."""
    if not reason.is_failure:
        who = f" as {broker.user}" if broker.user is not None else ""
        by = ", certificate in order" if broker.ca else ", encrypted, nobody checks to whom" if broker.tls else ""
        return Outcome("connected", f"connected to {broker.where}{who}{by}")
    if reason.value in _REFUSED:
        if broker.user is None:
            return Outcome("password", f"{broker.where} wants a user and a password")
        return Outcome("password", f"{broker.where} refuses user {broker.user!r}: wrong user or password")
    return Outcome("refusal", f"{broker.where} {_WORDS.get(reason.value, f'refuses: {reason}')}")


def no_mqtt(broker: Broker) -> Outcome:
    """An answer that is not MQTT's, or CONNACK 1, which paho does not tell apart."""
    return Outcome("refusal", f"{broker.where} does not speak MQTT 3.1.1")


def no_host(broker: Broker, error: Exception) -> Outcome:
    """The name has no address."""
    if isinstance(error, socket.gaierror) and error.errno == getattr(socket, "EAI_AGAIN", None):
        return Outcome("no host", f"no such host: {broker.host}: no name server answers; try its address")
    return Outcome("no host", f"no such host: {broker.host}: no name server here knows it; spelling? try its address")


def no_link(broker: Broker, error: OSError) -> Outcome:
    """No TCP connection, or it broke in the handshake."""
    if isinstance(error, ConnectionRefusedError):
        return Outcome("refused", f"{broker.where} refuses: the host is there, and no broker listens on that port")
    if error.errno in _NO_WAY:
        return Outcome("no way", f"no way to {broker.where}: {error.strerror}; is this PC in its network?")
    if broker.tls and isinstance(error, ConnectionError):
        return no_tls(broker)
    return Outcome("no way", f"no connection to {broker.where}: {(error.strerror or str(error)).lower()}")


def silent(broker: Broker, stage: str, deadline_s: float) -> Outcome:
    """Nothing came in time. stage: "name", "tcp", "tls" or "mqtt", what was waited for."""
    text = {
        "name": f"no name server answers for {broker.host}; try its address",
        "tcp": f"{broker.where} does not answer: switched off, another network, or a firewall",
        "tls": f"{broker.where} takes the connection and does not speak TLS: another port, or no TLS?",
        "mqtt": f"{broker.where} takes the connection and does not answer: no MQTT broker on that port?",
    }[stage]
    return Outcome("no tls" if stage == "tls" else "no answer", f"no answer within {deadline_s:.0f} s: {text}")


def tls(broker: Broker, error: ssl.SSLError) -> Outcome:
    """The handshake failed."""
    code = getattr(error, "verify_code", 0)
    if code in _EXPIRED:
        return Outcome("expired", f"{broker.where}: the broker's certificate, or its CA's, has expired")
    if code in _TOO_EARLY:
        return Outcome("too early", f"{broker.where}: the broker's certificate is not valid yet, by this PC's clock")
    if code in _OTHER_NAME:
        return Outcome("name", f"{broker.where}: the broker's certificate is for another name than {broker.host!r}")
    if code in _OTHER_AUTHORITY:
        return Outcome("authority", f"{broker.where}: the broker's certificate is not of this CA")
    if code in _NO_AUTHORITY:
        return Outcome("authority", f"{broker.where}: the CA's certificate is not one of an authority")
    if code:
        return Outcome("authority", f"{broker.where}: the broker's certificate: {getattr(error, 'verify_message', error)}")
    return by_alert(broker, str(error)) or no_tls(broker)


def by_alert(broker: Broker, words: str) -> Outcome | None:
    """What a TLS alert in an error's words says: RFC 8446, 6.2. None: nothing."""
    words = words.upper().replace(" ", "_")
    if "CERTIFICATE_REQUIRED" in words or "HANDSHAKE_FAILURE" in words:
        text = f"{broker.where} wants a certificate of the node's own: CERT and KEY in credentials.py"
        return Outcome("client certificate", text)
    if "ALERT" in words and ("CERTIFICATE" in words or "UNKNOWN_CA" in words):
        return Outcome("own certificate", f"{broker.where} refuses the certificate in CERT of credentials.py")
    return None


def no_tls(broker: Broker) -> Outcome:
    """TLS, and there is none."""
    return Outcome("no tls", f"{broker.where} speaks no TLS: another port (8883 is usual), or no TLS")


def tls_only(broker: Broker) -> Outcome:
    """No TLS, and there is nothing else."""
    return Outcome("tls needed", f"{broker.where} speaks TLS only: it needs --tls, and the authority's certificate, --ca")


def no_key(broker: Broker, error: ssl.SSLError) -> Outcome:
    """What credentials.py has is broken."""
    why = error.reason or error
    return Outcome("own certificate", f"{broker.where}: CA, CERT or KEY of credentials.py cannot be used: {why}")


def hung_up(broker: Broker, words: str) -> Outcome:
    """The broker has ended the connection instead of an answer."""
    text = f"{broker.where} hangs up without an answer: no MQTT broker, or it refuses this PC"
    return Outcome("hung up", f"{text}{f' ({words})' if words else ''}")
