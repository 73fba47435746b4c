"""What hosted brokers have in front of them: TLS alone, for one host's name, and a chain of certificates; then mosquitto."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import socket
import ssl
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HOST = "cluster.example"
_DAY = dt.timedelta(days=1)


def _certificate(name: str, key: object, issuer: tuple[str, object], authority: bool) -> x509.Certificate:
    def called(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = dt.datetime.now(dt.timezone.utc)
    made = x509.CertificateBuilder().subject_name(called(name)).issuer_name(called(issuer[0]))
    made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())  # type: ignore[attr-defined]
    made = made.not_valid_before(now - _DAY).not_valid_after(now + 30 * _DAY)
    made = made.add_extension(x509.BasicConstraints(authority, None), True)
    if authority:
        made = made.add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)
    else:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
    return made.sign(issuer[1], hashes.SHA256())  # type: ignore[arg-type]


@functools.cache
def chain() -> tuple[bytes, bytes, bytes]:
    """(the root as DER, the broker's certificate and the one between as PEM, its key as PEM).

    Like Let's Encrypt's: the root's key is RSA with 4096 bits, as ISRG Root X1's, and signs the one between.
    """
    root, between, own = rsa.generate_private_key(65537, 4096), *(ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    top = _certificate("root", root, ("root", root), True)
    middle = _certificate("between", between, ("root", root), True)
    leaf = _certificate(HOST, own, ("between", between), False)
    pem = b"".join(it.public_bytes(Encoding.PEM) for it in (leaf, middle))
    key = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return top.public_bytes(Encoding.DER), pem, key


class Front:
    """TLS on a port of its own, for who names HOST; what is inside goes to a broker on the loopback. A context manager.

    names: those that clients asked for, None for none: they are turned away. sent: what each client that was let in has sent.
    """

    def __init__(self, folder: Path, port: int) -> None:
        _, pem, key = chain()
        (folder / "front.pem").write_bytes(pem + key)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.load_cert_chain(folder / "front.pem")
        self._context.sni_callback = self._named
        self.names: list[str | None] = []
        self.sent: list[bytearray] = []
        self._behind = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Front:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _named(self, _socket: object, name: str | None, _context: object) -> int | None:
        self.names.append(name)
        return None if name == HOST else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError), peer:
            peer.settimeout(10)
            with self._context.wrap_socket(peer, server_side=True) as client:
                client.settimeout(None)
                with socket.create_connection(("127.0.0.1", self._behind)) as broker:
                    seen = bytearray()
                    self.sent.append(seen)
                    threading.Thread(target=self._back, args=(broker, client), daemon=True).start()
                    while data := client.recv(4096):
                        seen += data
                        broker.sendall(data)

    @staticmethod
    def _back(broker: socket.socket, client: ssl.SSLSocket) -> None:
        with contextlib.suppress(OSError):
            while data := broker.recv(4096):
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)
