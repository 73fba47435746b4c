"""A node behind TLS: config.TLS, the authority in credentials.CA, and a clock that must be right before a certificate's dates
mean anything.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dormouse import bundle, settings
from nodes import BOARDS, ROOT, Listener, MakeNode

sys.path.insert(0, str(ROOT / "tests" / "mqtt"))
from tlskit import authority, stranger

CHECKING = ("feather_s2", "pyboard_d")  # the ESP8266's TLS checks no certificate
boards = pytest.mark.parametrize("board", CHECKING)

MakeBroker = Callable[..., "Secure"]
MakeTls = Callable[..., Any]


class Secure:
    """mosquitto with a port for TLS, and a plain one for the listener."""

    def __init__(self, factory: Any, name: str, *more: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            plain = free.getsockname()[1]
        self.port = factory(*authority().broker(name), *more, f"listener {plain} 127.0.0.1").port
        end = time.monotonic() + 5
        while True:  # this port comes after the other
            try:
                socket.create_connection(("127.0.0.1", plain), 1).close()
                break
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.05)
        self.listener = Listener("127.0.0.1", plain)


@pytest.fixture
def secure(mosquitto_factory: Any) -> Iterator[MakeBroker]:
    """secure("broker", "require_certificate true"...): a broker with one of the authority's certificates."""
    made: list[Secure] = []

    def make(name: str = "broker", *more: str) -> Secure:
        made.append(Secure(mosquitto_factory, name, *more))
        return made[-1]

    yield make
    for one in made:
        one.listener.close()


@pytest.fixture
def node(make_node: MakeNode, tmp_path: Path) -> MakeTls:
    """node(board, port, {"ca.der": bytes}, 'CA = "ca.der"'): a node with TLS, its files beside config.py, more credentials."""

    def make(board: str, port: int, files: dict[str, bytes], *lines: str, host: str = "localhost") -> Any:
        wanted = {"BROKER": f"{host}:{port}", "TLS": True, "WAKE_EVERY_S": 60, "SENSORS": {}}
        config = tmp_path / "config.py"
        config.write_text(settings.load(ROOT, board=board).text(**wanted))
        secrets = ['WIFI = (("dormouse", "sleep-tight"),)', "USER = None", "PASSWORD = None", *lines]
        chosen = settings.load(ROOT, config)
        extra = bundle.files(ROOT, chosen, chosen.text(), "\n".join(secrets).encode())
        extra.update({"/" + name: data for name, data in files.items()})
        made = make_node(board, credentials=extra["/credentials.py"], extra=extra, **wanted)
        made.world.dns.table["localhost"] = "127.0.0.1"
        return made

    return make


@boards
def test_a_broker_with_the_authority_s_certificate_gets_the_readings(board: str, node: MakeTls, secure: MakeBroker) -> None:
    broker = secure()
    board_ = node(board, broker.port, {"ca.der": authority().data("ca.der")}, 'CA = "ca.der"')
    for count in (1, 2):  # the second with what the first one kept of the link
        wake = board_.run_wake()
        assert wake.ended == "deepsleep" and "delivered 1" in wake.output, wake.output
        broker.listener.until(lambda count=count: len(broker.listener.records()) == count)


@boards
def test_a_client_certificate_lets_the_node_in(board: str, node: MakeTls, secure: MakeBroker) -> None:
    broker = secure("broker", f"cafile {authority().path('ca.pem')}", "require_certificate true")
    files = {name: authority().data(name) for name in ("ca.der", "client.der", "client.key.der")}
    board_ = node(board, broker.port, files, 'CA = "ca.der"', 'CERT = "client.der"', 'KEY = "client.key.der"')
    assert "delivered 1" in board_.run_wake().output


@boards
@pytest.mark.parametrize("wrong", ["authority", "name", "expired"])
def test_a_wrong_certificate_is_a_long_sleep_and_gets_nothing(
    board: str, wrong: str, node: MakeTls, secure: MakeBroker
) -> None:
    broker = secure({"authority": "broker", "name": "other", "expired": "expired"}[wrong])
    trusted = stranger() if wrong == "authority" else authority()
    board_ = node(board, broker.port, {"ca.der": trusted.data("ca.der")}, 'CA = "ca.der"')
    wake = board_.run_wake()
    assert (wake.ended, wake.by) == ("deepsleep", "node")
    assert "upload failed: TLSError" in wake.output, wake.output
    assert wake.sleep_ms > 3600 * 1000  # the same settings will fail again
    assert broker.listener.records() == []


@boards
def test_without_the_time_there_is_no_connection(board: str, node: MakeTls, secure: MakeBroker) -> None:
    broker = secure()
    board_ = node(board, broker.port, {"ca.der": authority().data("ca.der")}, 'CA = "ca.der"')
    board_.world.ntp.mode = "silent"
    wake = board_.run_wake()
    assert (wake.ended, wake.by) == ("deepsleep", "node")
    assert "upload failed: OSError clock" in wake.output, wake.output
    assert "mqtt" not in [phase[0] for phase in wake.phases]
    board_.world.ntp.mode = "good"
    for _ in range(9):  # what failed is not asked for in every wake
        if "delivered" in board_.run_wake().output:
            break
    broker.listener.until(lambda: bool(broker.listener.records()))
    first = broker.listener.records()[0]
    assert first["seq"] == 1 and "time" in first  # dated back


@pytest.mark.parametrize("board", BOARDS)
def test_without_an_authority_it_is_encrypted_and_says_that_nothing_is_checked(
    board: str, node: MakeTls, secure: MakeBroker
) -> None:
    broker = secure()
    wake = node(board, broker.port, {}).run_wake()
    assert "TLS: broker not verified" in wake.output and "delivered 1" in wake.output, wake.output
