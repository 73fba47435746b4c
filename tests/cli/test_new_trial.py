"""The broker's trial: each way in which it goes, with the real mosquitto where there is one at all."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from brokers import Mosquitto, unused_port
from dormouse.newnode import trial, verdicts
from dormouse.newnode.verdicts import Broker, Outcome

NOW = datetime.now(timezone.utc)
PEM = serialization.Encoding.PEM
Factory = Callable[..., Mosquitto]


class Authority:
    """A certificate authority; files of what it signs in a folder."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self.folder = folder
        self._key, self._name = (
            ec.generate_private_key(ec.SECP256R1()),
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        )
        made = self._builder(self._name, self._key, -30, 30).add_extension(x509.BasicConstraints(True, None), True)
        self.pem = made.sign(self._key, hashes.SHA256()).public_bytes(PEM).decode()
        self.path = folder / f"{name}.pem"
        self.path.write_text(self.pem)

    def _builder(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, begin: int, end: int) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(name).issuer_name(self._name).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number()).not_valid_before(NOW + timedelta(days=begin))
        return made.not_valid_after(NOW + timedelta(days=end))

    def sign(self, what: str, begin: int = -1, end: int = 1, ip: str = "127.0.0.1") -> tuple[Path, Path]:
        """A certificate for an address, valid between days from now: its file and its key's."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, what)]), key, begin, end)
        made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(ip))]), False)
        paths = self.folder / f"{what}.pem", self.folder / f"{what}.key"
        paths[0].write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(PEM))
        paths[1].write_bytes(
            key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )  # fmt: skip
        return paths


def tried(broker: Broker, deadline_s: float = trial.DEADLINE_S) -> Outcome:
    return trial.run(broker, lambda _: None, deadline_s)


def served(made: tuple[Path, Path], *more: str) -> tuple[str, ...]:
    return (f"certfile {made[0]}", f"keyfile {made[1]}", *more)


def test_users(mosquitto_factory: Factory) -> None:
    there = mosquitto_factory(users={"garden": "right"})
    where = (there.host, there.port)
    seen: list[float] = []
    found = trial.run(Broker(*where, "garden", "right"), seen.append)
    assert found == Outcome("connected", f"connected to {there.url} as garden") and seen
    assert tried(Broker(*where, "garden", "wrong")) == Outcome(
        "password", f"{there.url} refuses user 'garden': wrong user or password"
    )
    assert tried(Broker(*where, "nobody", "right")).kind == "password"
    assert tried(Broker(*where)) == Outcome("password", f"{there.url} wants a user and a password")
    assert tried(Broker(*where, tls=True)).kind == "no tls"
    assert "dormouse-new-" in there.log()


def test_no_host_and_nobody_there() -> None:
    found = tried(Broker("no-such-host.invalid", 1883), 30)
    assert found.kind == "no host" and found.text.startswith("no such host: no-such-host.invalid: ")
    port = unused_port()
    assert tried(Broker("127.0.0.1", port)) == Outcome(
        "refused", f"127.0.0.1:{port} refuses: the host is there, and no broker listens on that port"
    )


def test_a_certificate_of_the_authority_and_one_of_another(mosquitto_factory: Factory, tmp_path: Path) -> None:
    ours, other = Authority(tmp_path), Authority(tmp_path, "other")
    there = mosquitto_factory(*served(ours.sign("broker")))
    found = tried(Broker(there.host, there.port, tls=True, ca=ours.pem))
    assert found == Outcome("connected", f"connected to {there.url}, certificate in order")
    found = tried(Broker(there.host, there.port, tls=True, ca=other.pem))
    assert found == Outcome("authority", f"{there.url}: the broker's certificate is not of this CA")
    found = tried(Broker(there.host, there.port, tls=True))
    assert found == Outcome("connected", f"connected to {there.url}, encrypted, nobody checks to whom")
    assert tried(Broker(there.host, there.port)).kind == "tls needed"


@pytest.mark.parametrize(
    ("begin", "end", "ip", "kind", "words"),
    [
        (-3, -1, "127.0.0.1", "expired", "has expired"),
        (1, 3, "127.0.0.1", "too early", "is not valid yet, by this PC's clock"),
        (-1, 1, "192.0.2.7", "name", "is for another name than '127.0.0.1'"),
    ],
)
def test_dates_and_names(
    mosquitto_factory: Factory, tmp_path: Path, begin: int, end: int, ip: str, kind: str, words: str
) -> None:
    ours = Authority(tmp_path)
    there = mosquitto_factory(*served(ours.sign("broker", begin, end, ip)))
    found = tried(Broker(there.host, there.port, tls=True, ca=ours.pem))
    assert found.kind == kind and words in found.text


def test_a_broker_that_wants_a_certificate_of_the_node(mosquitto_factory: Factory, tmp_path: Path) -> None:
    ours, other = Authority(tmp_path), Authority(tmp_path, "other")
    there = mosquitto_factory(*served(ours.sign("broker"), f"cafile {ours.path}", "require_certificate true"))
    node = Broker(there.host, there.port, tls=True, ca=ours.pem)
    assert tried(node).kind == "client certificate"
    own, foreign = ours.sign("node"), other.sign("stranger")
    assert tried(_with(node, own)).good
    assert tried(_with(node, foreign)).kind == "own certificate"
    # A key that is not the certificate's.
    assert tried(_with(node, (own[0], foreign[1]))).kind == "own certificate"


def _with(broker: Broker, pair: tuple[Path, Path]) -> Broker:
    return Broker(broker.host, broker.port, tls=True, ca=broker.ca, cert=pair[0].read_text(), key=pair[1].read_text())


@contextlib.contextmanager
def listener(answer: bytes | None) -> Iterator[int]:
    """Takes connections; sends `answer` and hangs up, or with None holds them in silence."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    link = server.accept()[0]
                    held.append(link)
                    if answer is not None:
                        link.recv(1000)
                        link.sendall(answer)
                        link.close()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    for link in held:
        link.close()


@pytest.mark.parametrize(("tls", "kind", "words"), [(False, "no answer", "no MQTT broker"), (True, "no tls", "not speak TLS")])
def test_silence_ends_at_the_deadline(tls: bool, kind: str, words: str) -> None:
    with listener(None) as port:
        found = tried(Broker("127.0.0.1", port, tls=tls), 1)
    assert found.kind == kind and words in found.text and found.text.startswith("no answer within 1 s: ")


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (b"", "hung up", "hangs up without an answer"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "hung up", "hangs up without an answer"),
        (b"\x20\x02\x00\x03", "refusal", "not available just now"),
        (b"\x20\x02\x00\x01", "refusal", "does not speak MQTT 3.1.1"),
    ],
)
def test_other_answers(answer: bytes, kind: str, words: str) -> None:
    with listener(answer) as port:
        found = tried(Broker("127.0.0.1", port))
    assert found.kind == kind and words in found.text


def test_a_name_server_that_is_silent_does_not_hold_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def silent(*_: object, **__: object) -> None:
        ended.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "nobody answers")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    found = tried(Broker("broker.lan", 1883), 0.3)
    ended.set()
    assert found.kind == "no answer" and "no name server answers for broker.lan" in found.text


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ssl.SSLError(1, "[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca"), "own certificate"),
        (ssl.SSLError(1, "[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert handshake failure"), "client certificate"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), "no tls"),
    ],
)
def test_alerts(error: ssl.SSLError, kind: str) -> None:
    assert verdicts.tls(Broker("h", 8883, tls=True), error).kind == kind
