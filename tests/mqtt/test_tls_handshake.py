"""The handshake with a broker that stalls, hangs up, or speaks no TLS: it ends in time, and the rest of the program goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from clientkit import FakeBroker, Peer, both, run
from tlskit import Relay, authority, link, ways

from brokers import Mosquitto

Factory = Callable[..., Mosquitto]
_TIMED_OUT = "[Errno 110]"  # ETIMEDOUT


def silent(peer: Peer) -> None:
    try:
        while peer._socket.recv(4096):
            pass
    except ConnectionError:
        pass


def stall_at(limit: int) -> Callable[[bytes, int], bytes]:
    """For Relay: let this many bytes come from the broker, and then none."""
    return lambda data, so_far: data[: max(0, limit - so_far)]


@both
@pytest.mark.parametrize("after", [0, 60, 500])
def test_w23_a_stalled_handshake_keeps_its_deadline_and_the_loop_ticks(
    interpreter: str, after: int, mosquitto_factory: Factory, tmp_path: Path
) -> None:
    # after: bytes from the broker before it falls silent: none, half a ServerHello, half the certificate.
    code = """
        import asyncio
        from kit import Fixed, HOST, PORT, main
        from mqtt.client import MQTTClient
        from time import ticks_diff, ticks_ms

        async def tick(gaps):
            last = ticks_ms()
            while True:
                await asyncio.sleep(0.01)
                gaps.append(ticks_diff(ticks_ms(), last))
                last = ticks_ms()

        async def go():
            gaps = []
            task = asyncio.create_task(tick(gaps))
            c = MQTTClient({"client_id": "x", "server": HOST, "port": PORT, "ssl": True, "response_time": 0.6}, Fixed())
            start = ticks_ms()
            try:
                await c.connect(quick=True)
            except OSError as e:
                print("errno", e.errno)
            print("took", ticks_diff(ticks_ms(), start))
            print("ticks", len(gaps), max(gaps))
            task.cancel()
        main(go)
    """
    broker = mosquitto_factory(*authority().broker())
    with FakeBroker(Relay(broker.port, stall_at(after))) as relay:
        lines = dict(line.split(" ", 1) for line in run(interpreter, tmp_path, code, "127.0.0.1", relay.port).splitlines())
    assert lines["errno"] == "110"
    assert 590 <= int(lines["took"]) < 900
    ticks, longest = map(int, lines["ticks"].split())
    assert ticks > 20
    assert longest < 200  # mqtt_as: the whole handshake


@ways
def test_a_stalled_handshake_costs_the_time_given_and_no_more(way: str, tmp_path: Path) -> None:
    with FakeBroker(silent) as broker:
        done = link(way, tmp_path, broker.port, {}, timeout_ms=700)
    assert done.error is not None
    assert done.error[0] == "OSError" or "cpython" in way
    assert _TIMED_OUT in done.error[3]
    assert 690 <= done.ms < 1500


@ways
@pytest.mark.parametrize("after", [0, 500])
def test_a_broker_that_hangs_up_in_the_handshake_is_named_at_once(
    way: str, after: int, mosquitto_factory: Factory, tmp_path: Path
) -> None:
    broker = mosquitto_factory(*authority().broker())
    with FakeBroker(Relay(broker.port, hang_up=after)) as relay:
        done = link(way, tmp_path, relay.port, {"cadata": authority().data("ca.der")})
    assert done.error is not None
    assert done.error[0] == "TLSError"
    assert done.error[2] is True
    assert "TLS: " in done.error[3]
    assert done.ms < 1500


@ways
def test_a_port_without_tls_is_named_at_once(way: str, mosquitto_factory: Factory, tmp_path: Path) -> None:
    done = link(way, tmp_path, mosquitto_factory().port, {})
    assert done.error is not None
    assert done.error[0] == "TLSError"
    assert "TLS: " in done.error[3]
    assert done.ms < 1500


@ways
def test_a_port_that_answers_in_plain_text_is_named_at_once(way: str, tmp_path: Path) -> None:
    def smtp(peer: Peer) -> None:
        peer.send(b"220 mail.example ESMTP\r\n")
        silent(peer)

    with FakeBroker(smtp) as broker:
        done = link(way, tmp_path, broker.port, {})
    assert done.error is not None
    assert done.error[0] == "TLSError"
    assert "TLS: " in done.error[3]


@both
def test_failed_handshakes_leave_no_socket_open(interpreter: str, mosquitto_factory: Factory, tmp_path: Path) -> None:
    # MicroPython's TLS socket loses the socket below when the handshake fails, and its close() does not close that any more.
    code = """
        import asyncio, os, sys
        from kit import Fixed, HOST, PORT, main
        from mqtt.client import MQTTClient

        async def go():
            c = MQTTClient({"client_id": "x", "server": HOST, "port": PORT, "ssl": True,
                            "ssl_params": {"cadata": "ca.der"}}, Fixed())
            counts = []
            for _ in range(4):
                try:
                    await c.connect(quick=True)
                except OSError as e:
                    counts.append((e.code, len(os.listdir("/proc/self/fd"))))
            print(len(counts), len(set(counts)))
        main(go)
    """
    broker = mosquitto_factory(*authority().broker("other"))
    (tmp_path / "ca.der").write_bytes(authority().data("ca.der"))
    assert run(interpreter, tmp_path, code, "127.0.0.1", broker.port) == "4 1"


@ways
def test_a_slow_broker_is_waited_for(way: str, mosquitto_factory: Factory, tmp_path: Path) -> None:
    def trickle(data: bytes, _: int) -> bytes:
        time.sleep(0.1)
        return data

    broker = mosquitto_factory(*authority().broker())
    with FakeBroker(Relay(broker.port, trickle)) as relay:
        assert link(way, tmp_path, relay.port, {"cadata": authority().data("ca.der")}).error is None


@pytest.mark.parametrize("after", [0, 1])
def test_a_broker_that_hangs_up_on_axtls_is_noticed(after: int, tmp_path: Path) -> None:
    # axTLS (ESP8266) reports the end as a write of 0 bytes (extmod/modtls_axtls.c, ssl_socket_write). None is here: a stand-in.
    code = f"""
        import sys
        from mqtt import blocking
        from mqtt.burst import exchange

        class AxTLS:
            def __init__(self, sock):
                self.sock = sock
                self.readinto = sock.readinto
                self.left = {after}

            def write(self, data):
                self.left -= 1
                return 1 if self.left >= 0 else 0

            def setblocking(self, flag):
                pass

            def close(self):
                self.sock.close()

        class Context:
            def wrap_socket(self, sock, server_hostname, do_handshake_on_connect):
                return AxTLS(sock)

        try:
            blocking.run(exchange("127.0.0.1", "x", int(sys.argv[1]), timeout_ms=2000, ssl=Context()))
        except OSError as e:
            print(type(e).__name__, e.errno)
    """
    with FakeBroker(silent) as broker:
        assert run("micropython", tmp_path, code, broker.port, timeout=6) == "OSError -256"
