"""Who the broker is, and who the client: certificates against a real mosquitto, whose TLS is OpenSSL's.

mbedtls' number for a certificate that fails its check is -0x2700 (x509.h), for an alert from the broker -0x7780 (ssl.h).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from clientkit import FakeBroker, both
from tlskit import WAYS, Relay, authority, link, stranger, ways

from brokers import Mosquitto

_BAD, _REFUSED = -0x2700, -0x7780
# MicroPython's ports are built without TLS 1.3 (extmod/mbedtls/mbedtls_config_common.h).
_VERSIONS = [(way, "tlsv1.2") for way in WAYS] + [(way, "tlsv1.3") for way in WAYS if "cpython" in way]
versions = pytest.mark.parametrize(("way", "version"), _VERSIONS)
Factory = Callable[..., Mosquitto]


def later(data: bytes, so_far: int) -> bytes:
    """A link as long as real ones: the broker's alert comes when the client has sent all its part, not in the midst of it."""
    if so_far:
        time.sleep(0.2)
    return data


@ways
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_right_authority_and_the_right_name_make_a_link(
    way: str, host: str, mosquitto_factory: Factory, tmp_path: Path
) -> None:
    broker = mosquitto_factory(*authority().broker())
    done = link(way, tmp_path, broker.port, {"cadata": authority().data("ca.der")}, host)
    assert done.error is None
    assert done.printed == []


@ways
@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        ("other", ("does not match", "mismatch")),
        ("expired", ("expired", "expired")),
        ("future", ("in the future", "not yet valid")),
    ],
)
def test_a_certificate_that_is_not_good_is_refused_in_words(
    way: str, certificate: str, words: tuple[str, str], mosquitto_factory: Factory, tmp_path: Path
) -> None:
    broker = mosquitto_factory(*authority().broker(certificate))
    done = link(way, tmp_path, broker.port, {"cadata": authority().data("ca.der")})
    assert done.error is not None
    assert done.error[:3] == ("TLSError", _BAD, False)
    assert words["cpython" in way] in done.error[3]
    assert "clock" not in done.error[3]
    assert broker.log().count("New connection from") <= 2  # one is the test's own look: the burst does not try again


@ways
def test_an_unknown_authority_is_refused_in_words(way: str, mosquitto_factory: Factory, tmp_path: Path) -> None:
    broker = mosquitto_factory(*authority().broker())
    done = link(way, tmp_path, broker.port, {"cadata": stranger().data("ca.der")})
    assert done.error is not None
    assert done.error[:3] == ("TLSError", _BAD, False)
    assert ("local issuer certificate" if "cpython" in way else "trusted CA") in done.error[3]
    assert "CONNECT" not in broker.log()  # nothing was told to a stranger


@both
def test_the_name_may_be_another_than_the_servers(interpreter: str, mosquitto_factory: Factory, tmp_path: Path) -> None:
    broker = mosquitto_factory(*authority().broker("other"))
    params = {"cadata": authority().data("ca.der"), "server_hostname": "broker.example"}
    assert link("client-" + interpreter, tmp_path, broker.port, params).error is None


@ways
def test_a_clock_that_is_not_set_is_named_and_may_be_set_later(way: str, mosquitto_factory: Factory, tmp_path: Path) -> None:
    # The certificate is as far from the real clock as any is from a clock at 2000; what the clock says is replaced.
    broker = mosquitto_factory(*authority().broker("future"))
    done = link(way, tmp_path, broker.port, {"cadata": authority().data("ca.der")}, before="clock_unset()")
    assert done.error is not None
    assert done.error[:3] == ("TLSError", _BAD, True)
    assert "clock not set" in done.error[3]


@ways
def test_without_an_authority_it_connects_and_warns_once(way: str, mosquitto_factory: Factory, tmp_path: Path) -> None:
    broker = mosquitto_factory(*authority().broker("expired"))
    before = "from mqtt.tls import context; context(True, {}, 'x')"
    done = link(way, tmp_path, broker.port, {}, before=before)
    assert done.error is None
    assert done.printed == ["TLS: broker not verified"]


@ways
def test_the_warning_can_be_sent_elsewhere(way: str, mosquitto_factory: Factory, tmp_path: Path) -> None:
    broker = mosquitto_factory(*authority().broker())
    before = "import mqtt.tls; mqtt.tls.warn = lambda text: print('mine:', text)"
    assert link(way, tmp_path, broker.port, {}, before=before).printed == ["mine: TLS: broker not verified"]


@versions
def test_a_client_certificate_is_shown(way: str, version: str, mosquitto_factory: Factory, tmp_path: Path) -> None:
    lines = (f"cafile {authority().path('ca.pem')}", "require_certificate true", "use_identity_as_username true")
    broker = mosquitto_factory(*authority().broker(), *lines, f"tls_version {version}")
    trust = {"cadata": authority().data("ca.der")}
    mine = {"cert": authority().data("client.der"), "key": authority().data("client.key.der")}
    assert link(way, tmp_path, broker.port, {**trust, **mine}).error is None
    assert "u'client'" in broker.log()  # the certificate's name


@versions
def test_a_missing_or_strange_client_certificate_is_refused(
    way: str, version: str, mosquitto_factory: Factory, tmp_path: Path
) -> None:
    lines = (f"cafile {authority().path('ca.pem')}", "require_certificate true")
    broker = mosquitto_factory(*authority().broker(), *lines, f"tls_version {version}")
    trust = {"cadata": authority().data("ca.der")}
    for wrong in ({}, {"cert": stranger().data("client.der"), "key": stranger().data("client.key.der")}):
        with FakeBroker(Relay(broker.port, later)) as relay:
            done = link(way, tmp_path, relay.port, {**trust, **wrong})
        assert done.error is not None
        assert done.error[:3] == ("TLSError", _REFUSED, False)
        assert done.error[3].startswith("refused: ")
