"""A shared key instead of certificates (RFC 4279), with a context of the user's own, against a real mosquitto."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from clientkit import both, run

from brokers import Mosquitto

_KEY = "00112233445566778899aabbccddeeff"
_MAKE = {
    # MicroPython 1.29: its own multi_net/sslcontext_server_client_psk.py; CPython 3.13: Doc/library/ssl.rst.
    "micropython": """
        import tls
        context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        if not hasattr(context, "psk_identity"):
            print("none")
            raise SystemExit
        context.psk_identity = b"node"
        context.psk_key = KEY
    """,
    "cpython": """
        import ssl
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if not hasattr(context, "set_psk_client_callback"):
            print("none")
            raise SystemExit
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("PSK")
        context.set_psk_client_callback(lambda hint: ("node", KEY))
    """,
}


@both
@pytest.mark.parametrize("right", [True, False])
def test_the_broker_takes_the_right_key_only(
    interpreter: str, right: bool, mosquitto_factory: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    (tmp_path / "keys").write_text(f"node:{_KEY}\n")
    broker = mosquitto_factory("psk_hint a", f"psk_file {tmp_path / 'keys'}")
    key = _KEY if right else _KEY[::-1]
    code = f"""
        KEY = bytes.fromhex("{key}")
        {_MAKE[interpreter]}
        from kit import Fixed, HOST, PORT, main
        from mqtt.client import MQTTClient

        async def go():
            c = MQTTClient({{"client_id": "x", "server": HOST, "port": PORT, "ssl": context}}, Fixed())
            try:
                await c.connect(quick=True)
                await c.publish("a", "b", qos=1, timeout=3)
                print("linked")
                await c.disconnect()
            except OSError as e:
                print(type(e).__name__, e.code)
        main(go)
    """
    said = run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    if said == "none":
        pytest.skip(f"this {interpreter} has no PSK")
    assert said == ("linked" if right else "TLSError -30592")
