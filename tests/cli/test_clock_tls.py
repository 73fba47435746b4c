"""dormouse clock: certificates of every age, by the time that a server says."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from command_line import ROOT
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dormouse import certificates, constants
from dormouse.cli import main

sys.path.append(str(ROOT / "tests" / "clock"))
from timekit import Reply, TimeServer, constant


@contextlib.contextmanager
def served(reply: Reply) -> Iterator[str]:
    server = TimeServer(reply)
    try:
        yield server.url
    finally:
        server.stop()


NOW = datetime.now(timezone.utc).replace(microsecond=0)
KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(begin_days: int, end_days: int) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    made = made.serial_number(7).not_valid_before(NOW + timedelta(days=begin_days))
    return made.not_valid_after(NOW + timedelta(days=end_days)).sign(KEY, hashes.SHA256())


def der(begin_days: int, end_days: int) -> bytes:
    return certificate(begin_days, end_days).public_bytes(serialization.Encoding.DER)


class TlsServer:
    """Shows a certificate to whoever connects."""

    def __init__(self, folder: Path, begin_days: int, end_days: int) -> None:
        chain = folder / "chain.pem"
        key = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        chain.write_bytes(certificate(begin_days, end_days).public_bytes(serialization.Encoding.PEM) + key)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(chain)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                link = self._listener.accept()[0]
                with contextlib.suppress(OSError), link, self._context.wrap_socket(link, server_side=True) as secure:
                    secure.recv(1)

    def close(self) -> None:
        self._listener.close()


def template(folder: Path, credentials: str, **changes: object) -> Path:
    """A template whose settings are a test's."""
    for name in ("main.py", "src", "boards", "power", "sensors"):
        (folder / name).symlink_to(ROOT / name)
    found = constants.read(ROOT / "config.py", "config.py")
    (folder / "config.py").write_text(found.replaced({name: repr(value) for name, value in changes.items()}))
    (folder / "credentials.py").write_text(credentials)
    return folder


@pytest.mark.parametrize(
    ("ca", "broker", "word", "status"),
    [
        ((-1, 30), (-1, 30), "valid now", 0),
        ((-30, -1), (-1, 30), "CA ca.der is expired, refused", 1),
        ((-1, 30), (2, 30), "is not yet valid, refused", 1),
    ],
)
def test_tls_is_judged_by_the_dates_of_the_authority_and_the_broker(
    ca: tuple[int, int],
    broker: tuple[int, int],
    word: str,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shows = TlsServer(tmp_path, *broker)
    root = template(tmp_path, 'CA = "ca.der"\n', TLS=True, BROKER=shows.address)
    (root / "ca.der").write_bytes(der(*ca))
    monkeypatch.chdir(root)
    with served(constant()) as url:
        assert main(["clock", "--server", url]) == status
    shows.close()
    told = capsys.readouterr()
    assert word in (told.out if status == 0 else told.err)
    assert f"TLS: broker {shows.address}: {NOW + timedelta(days=broker[0]):%Y-%m-%d} to " in told.out


def test_the_time_that_counts_is_the_servers_not_this_computers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = template(tmp_path, f"CA = {der(-1, 30)!r}\n", TLS=True, BROKER="127.0.0.1:1")
    monkeypatch.chdir(root)
    with served(constant(offset_s=40 * 86400)) as url:
        assert main(["clock", "--server", url]) == 1
    told = capsys.readouterr()
    assert "CA is expired" in told.err
    assert "TLS: broker 127.0.0.1:1: not looked at: connection refused" in told.out


def test_a_broken_certificate_and_one_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "bad.der").write_bytes(b"not a certificate")
    (tmp_path / "c.py").write_text('CA = "/bad.der"\nCERT = "gone.der"\n')
    found = certificates.of_credentials(constants.read(tmp_path / "c.py", "c.py"), tmp_path)
    assert [it.verdict(NOW) for it in found] == [
        "is no certificate in DER or PEM", "not looked at: no gone.der beside credentials.py",
    ]  # fmt: skip
    pem = certificate(-1, 1).public_bytes(serialization.Encoding.PEM).decode()
    (tmp_path / "p.py").write_text(f"CA = {pem!r}\nCERT = None\n")
    (only,) = certificates.of_credentials(constants.read(tmp_path / "p.py", "p.py"), tmp_path)
    assert only.verdict(NOW) == ""
    assert only.verdict(NOW + timedelta(days=2)).startswith("expired")
