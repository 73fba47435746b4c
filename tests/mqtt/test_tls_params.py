"""What `ssl` and `ssl_params` may be: mqtt_as's forms (its section 3.1: the arguments of MicroPython's ssl.wrap_socket) and a
user's own SSLContext (docs/library/ssl.rst); and what is refused before anything is sent."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from clientkit import both, run
from tlskit import authority, link, stranger

from brokers import Mosquitto

Factory = Callable[..., Mosquitto]

_CONNECT = """
    from kit import Fixed, HOST, PORT, main
    from mqtt.client import MQTTClient
    import ssl

    async def go():
        c = MQTTClient({{"client_id": "x", "server": HOST, "port": PORT, {settings}}}, Fixed())
        await c.connect(quick=True)
        await c.publish("a", "b", qos=1, timeout=3)
        sock = c._stream.sock
        print("linked", sock.version() if hasattr(sock, "version") else sock.cipher()[1])
        await c.disconnect()
    main(go)
"""


def data(name: str) -> str:
    """Code for the content of one of the files made."""
    return repr(authority().data(name))


@pytest.fixture
def strict(mosquitto_factory: Factory) -> Mosquitto:
    """A broker that wants a client certificate."""
    return mosquitto_factory(*authority().broker(), f"cafile {authority().path('ca.pem')}", "require_certificate true")


@both
def test_every_key_that_mqtt_as_documents_is_taken(interpreter: str, strict: Mosquitto, tmp_path: Path) -> None:
    params = {
        "key": authority().data("client.key.der"),
        "cert": authority().data("client.der"),
        "server_side": False,
        "server_hostname": "localhost",
        "do_handshake": True,
        "cert_reqs": 2,
        "cadata": authority().data("ca.der"),
    }
    assert link("client-" + interpreter, tmp_path, strict.port, params).error is None


@both
def test_files_may_be_named(interpreter: str, strict: Mosquitto, tmp_path: Path) -> None:
    names = {"key": "client.key.der", "cert": "client.der", "cadata": "ca.der"}
    params = {key: authority().path(name) for key, name in names.items()}
    assert link("client-" + interpreter, tmp_path, strict.port, params).error is None


@both
@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_key_may_have_its_old_form(interpreter: str, kind: str, strict: Mosquitto, tmp_path: Path) -> None:
    # SEC1 (RFC 5915) and PKCS#1 (RFC 8017), as `openssl ec` and `openssl rsa` write them, not PKCS#8.
    authority().certify("old", "DNS:node", kind=kind)
    command = ["openssl", kind, "-in", authority().path("old.key"), "-outform", "der", "-out", authority().path("old.old")]
    subprocess.run([*command, *(["-traditional"] if kind == "rsa" else [])], check=True, capture_output=True, timeout=10)
    params = {"key": authority().data("old.old"), "cert": authority().data("old.der"), "cadata": authority().data("ca.der")}
    assert link("client-" + interpreter, tmp_path, strict.port, params).error is None


@pytest.mark.parametrize("kind", [bytes, bytes.decode])
def test_pem_is_taken_by_cpython(kind: Callable[[bytes], object], strict: Mosquitto, tmp_path: Path) -> None:
    names = {"key": "client.key", "cert": "client.pem", "cadata": "ca.pem"}
    params = {key: kind(authority().data(name)) for key, name in names.items()}
    assert link("client-cpython", tmp_path, strict.port, params).error is None


@both
@pytest.mark.parametrize(
    "make",
    [
        "c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); c.load_verify_locations(cadata=DATA); c.verify_mode = ssl.CERT_REQUIRED",
        "import tls; c = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT); c.load_verify_locations(DATA)",
    ],
)
def test_an_ssl_context_of_ones_own_is_taken(interpreter: str, make: str, mosquitto_factory: Factory, tmp_path: Path) -> None:
    if interpreter == "cpython" and "import tls" in make:
        make = "c = ssl.create_default_context(cadata=DATA)"
    broker = mosquitto_factory(*authority().broker())
    (tmp_path / "own.py").write_text(f"import ssl\nDATA = {data('ca.der')}\n{make}\n")
    code = _CONNECT.format(settings='"ssl": __import__("own").c')
    assert run(interpreter, tmp_path, code, "127.0.0.1", broker.port).startswith("linked TLSv1.")


@both
def test_an_own_context_may_name_the_server_and_nothing_else(
    interpreter: str, mosquitto_factory: Factory, tmp_path: Path
) -> None:
    code = """
        from mqtt.tls import context
        class Mine:
            def wrap_socket(self): pass
        mine = Mine()
        print(context(mine, {}, "a") == (mine, "a"), context(mine, {"server_hostname": "b"}, "a") == (mine, "b"))
        try:
            context(mine, {"cadata": b""}, "a")
        except ValueError as e:
            print(e)
    """
    assert run(interpreter, tmp_path, code) == "True True\nssl_params"


@both
@pytest.mark.parametrize(
    ("params", "named"),
    [
        ("{'ca_data': b'x'}", "ca_data"),
        ("{'keyfile': 'x', 'cadata': CA}", "keyfile"),
        ("{'cert': CA}", "cert, key"),
        ("{'key': KEY}", "cert, key"),
        ("{'cert': CA, 'key': CA}", "cert, key"),
        ("{'cert': b'x', 'key': KEY}", "cert, key"),
        ("{'cert_reqs': 2}", "cadata"),
        ("{'cadata': b'no certificate'}", "cadata"),
        ("{'cadata': KEY}", "cadata"),
    ],
)
def test_a_wrong_parameter_is_named_before_anything_is_sent(interpreter: str, params: str, named: str, tmp_path: Path) -> None:
    code = f"""
        from kit import Fixed
        from mqtt.client import MQTTClient
        CA = {data("ca.der")}
        KEY = {data("client.key.der")}
        try:
            MQTTClient({{"server": "127.0.0.1", "ssl": True, "ssl_params": {params}}}, Fixed())
        except ValueError as e:
            print(e)
    """
    assert run(interpreter, tmp_path, code, "127.0.0.1", 1).startswith(f"ssl_params: {named}: ")


@both
def test_a_file_that_is_missing_is_an_oserror(interpreter: str, tmp_path: Path) -> None:
    code = """
        from mqtt.tls import context
        try:
            context(True, {"cadata": "nowhere.der"}, "a")
        except OSError as e:
            print(e.errno)
    """
    assert run(interpreter, tmp_path, code) == "2"  # ENOENT


@both
def test_the_check_can_be_switched_off(interpreter: str, mosquitto_factory: Factory, tmp_path: Path) -> None:
    broker = mosquitto_factory(*authority().broker("expired"))
    params = {"cadata": stranger().data("ca.der"), "cert_reqs": 0}
    done = link("client-" + interpreter, tmp_path, broker.port, params)
    assert done.error is None
    assert done.printed == ["TLS: broker not verified"]


@both
@pytest.mark.parametrize("version", ["tlsv1.2", "tlsv1.3"])
def test_the_newest_version_that_both_ends_have_is_used(
    interpreter: str, version: str, mosquitto_factory: Factory, tmp_path: Path
) -> None:
    # mosquitto's tls_version is the lowest that it takes; its OpenSSL has 1.3.
    broker = mosquitto_factory(*authority().broker(), f"tls_version {version}")
    if interpreter == "micropython" and version == "tlsv1.3":  # no port has it
        done = link("client-micropython", tmp_path, broker.port, {"cadata": authority().data("ca.der")})
        assert done.error is not None
        assert done.error[:3] == ("TLSError", -0x7780, False)
        return
    code = _CONNECT.format(settings=f'"ssl": True, "ssl_params": {{"cadata": {data("ca.der")}}}')
    used = "TLSv1.2" if interpreter == "micropython" else "TLSv1.3"
    assert run(interpreter, tmp_path, code, "127.0.0.1", broker.port) == "linked " + used
