"""What the TLS tests share: certificates made on the spot, a device program that tells what became of a link, and a relay."""

from __future__ import annotations

import ast
import functools
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from clientkit import Peer, Program

from programs import find_program

# How a link is used: the always-on client and the burst, with and without an event loop.
WAYS = ("client-micropython", "client-cpython", "burst-micropython", "burst-cpython", "burst-micropython-blocking")
ways = pytest.mark.parametrize("way", WAYS)

_ALERT = 0x15  # a record that is an alert (RFC 8446, 5.1)
_CA = """\
[ca]
default_ca = it
[it]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
"""


class Authority:
    """A certificate authority in a folder of its own: name.pem, name.der and name.key for each certificate, ca.* its own."""

    def __init__(self) -> None:
        program = find_program("openssl")
        if program is None:
            pytest.skip("openssl is not installed")
        self._program = program
        self._folder = tempfile.TemporaryDirectory(prefix="dormouse-tls-")  # removed with this object
        self.folder = Path(self._folder.name)
        (self.folder / "ca.cnf").write_text(_CA)
        (self.folder / "index").touch()
        (self.folder / "serial").write_text("01\n")
        self._key("ca", "ec")
        usage = "keyUsage=critical,keyCertSign,cRLSign"  # without it, CPython from 3.13 takes no authority
        self._openssl(
            "req", "-x509", "-new", "-key", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=test authority",
            "-addext", usage,
        )  # fmt: skip
        self._der("ca")

    def _openssl(self, *arguments: str) -> None:
        done = subprocess.run([self._program, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def _key(self, name: str, kind: str) -> None:
        options = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
        self._openssl("genpkey", "-algorithm", *options, "-out", f"{name}.key")
        self._openssl("pkey", "-in", f"{name}.key", "-outform", "der", "-out", f"{name}.key.der")

    def _der(self, name: str) -> None:
        self._openssl("x509", "-in", f"{name}.pem", "-outform", "der", "-out", f"{name}.der")

    def certify(self, name: str, names: str, start_days: int = -1, end_days: int = 30, kind: str = "ec") -> None:
        """Make a certificate. names: its subjectAltName. It is valid from start_days from now to end_days from now."""
        self._key(name, kind)
        self._openssl("req", "-new", "-key", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (self.folder / "extensions").write_text(f"subjectAltName={names}\nauthorityKeyIdentifier=keyid\n")
        now = datetime.now(timezone.utc)
        start, end = ((now + timedelta(days=days)).strftime("%Y%m%d%H%M%SZ") for days in (start_days, end_days))
        self._openssl(
            "ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", f"{name}.csr",
            "-out", f"{name}.pem", "-extfile", "extensions", "-startdate", start, "-enddate", end,
        )  # fmt: skip
        self._der(name)

    def path(self, name: str) -> str:
        """The path of one of its files."""
        return str(self.folder / name)

    def data(self, name: str) -> bytes:
        """The content of one of its files."""
        return (self.folder / name).read_bytes()

    def broker(self, name: str = "broker") -> tuple[str, ...]:
        """mosquitto's lines to speak TLS with one of the certificates."""
        return f"certfile {self.path(name)}.pem", f"keyfile {self.path(name)}.key"


@functools.cache
def authority() -> Authority:
    """The authority that the tests trust, with certificates for the broker: good, for another name, too old and too new."""
    found = Authority()
    here = "DNS:localhost,IP:127.0.0.1"
    found.certify("broker", here)
    found.certify("other", "DNS:broker.example")
    found.certify("expired", here, -20, -10)
    found.certify("future", here, 10, 20)
    found.certify("client", "DNS:node")
    return found


@functools.cache
def stranger() -> Authority:
    """An authority that nobody trusts, with a certificate for a client."""
    found = Authority()
    found.certify("client", "DNS:node")
    return found


_PROGRAM = """\
import sys
import mqtt
from time import ticks_diff, ticks_ms

with open("options") as file:
    options = eval(file.read())
host, port, params, before, timeout_ms = options
kind, _, how = sys.argv[3].partition("-")
start = ticks_ms()

def clock_unset():
    import mqtt.tls
    mqtt.tls.gmtime = lambda: (2000, 1, 1, 0, 0, 9, 5, 1)

async def client():
    from kit import Fixed
    from mqtt.client import MQTTClient
    c = MQTTClient({"client_id": "tls", "server": host, "port": port, "ssl": True, "ssl_params": params,
                    "response_time": timeout_ms / 1000}, Fixed())
    await c.connect(quick=True)
    try:
        await c.publish("tls", "x", qos=1, timeout=5)
    finally:
        await c.disconnect()

def burst():
    from mqtt.burst import exchange
    from mqtt.tls import context
    ssl, _ = context(True, params, host)
    return exchange(host, "tls", port, [("tls", "x", False, 1, 0, False)], timeout_ms=timeout_ms, ssl=ssl)

try:
    exec(before)
    if how.endswith("blocking"):
        from mqtt import blocking
        blocking.run(burst())
    else:
        import asyncio
        asyncio.run(client() if kind == "client" else burst())
    print("result", None)
except (OSError, ValueError) as e:
    print("result", repr((type(e).__name__, getattr(e, "code", None), getattr(e, "retry", None), str(e))))
print("ms", ticks_diff(ticks_ms(), start))
"""


@dataclass
class Link:
    """What became of a link. error: type, code, retry and text; None: it carried a message with QoS 1."""

    error: tuple[str, int | None, bool | None, str] | None = None
    ms: int = 0
    printed: list[str] = field(default_factory=list)


def link(
    way: str, folder: Path, port: int, params: dict[str, Any], host: str = "127.0.0.1", before: str = "", timeout_ms: int = 4000
) -> Link:
    """Make one TLS link, use it and close it. params: ssl_params. before: code run first."""
    found = Link()
    options = repr((host, port, params, before, timeout_ms))
    program = Program(way.split("-")[1], folder, _PROGRAM, host, port, way, files={"options": options})
    for line in program.finish().splitlines():
        word, _, text = line.partition(" ")
        if word in ("result", "ms"):
            setattr(found, "error" if word == "result" else word, ast.literal_eval(text))
        else:
            found.printed.append(line)
    return found


class Relay:
    """A FakeBroker's script that passes everything on to a real broker, and from it what `down` lets through.

    down(data, so_far): what to pass on of data that comes from the broker, after `so_far` bytes. hang_up: the bytes after which
    to close. bytes_up and bytes_down count what was passed on in all connections,
    turns how often the broker answered something (TLS's goodbye is none).
    """

    def __init__(self, port: int, down: Callable[[bytes, int], bytes] | None = None, hang_up: int | None = None) -> None:
        self._port = port
        self._down = down or (lambda data, _: data)
        self._hang_up = hang_up
        self.bytes_up = self.bytes_down = self.turns = 0
        self._asked = False

    def __call__(self, peer: Peer) -> None:
        near = peer._socket
        near.settimeout(None)
        self._latest = near
        with socket.create_connection(("127.0.0.1", self._port)) as far:
            threading.Thread(target=self._upwards, args=(near, far), daemon=True).start()
            passed = 0
            try:
                while passed != self._hang_up and (data := far.recv(65536)):
                    if self._hang_up is not None:
                        data = data[: self._hang_up - passed]
                    self.turns += self._asked and data[0] != _ALERT
                    self._asked = False
                    some = self._down(data, passed)
                    passed += len(data)
                    self.bytes_down += len(some)
                    near.sendall(some)
                near.shutdown(socket.SHUT_RDWR)  # close() alone waits for the other thread
            except OSError:
                pass

    def cut(self) -> None:
        """Close the latest connection."""
        self._latest.shutdown(socket.SHUT_RDWR)

    def _upwards(self, near: Any, far: Any) -> None:
        try:
            while data := near.recv(65536):
                self.bytes_up += len(data)
                self._asked = True
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)
        except OSError:
            pass
