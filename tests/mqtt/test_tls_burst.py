"""A sleeper's whole session over TLS against a real mosquitto: what waited is taken, what is long is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as paho
from burstkit import burst, segments, serve, ways
from clientkit import FakeBroker, Peer, run
from paho.mqtt.enums import CallbackAPIVersion
from test_tls_records import server_context
from tlskit import authority

from brokers import Mosquitto

Factory = Callable[..., Mosquitto]


class Expression(str):
    """Code for burst()'s options."""

    __slots__ = ()
    __repr__ = str.__str__


def trusting() -> Expression:
    """A context that trusts the test's authority."""
    params = {"cadata": authority().path("ca.der")}
    return Expression(f'__import__("mqtt.tls").tls.context(True, {params!r}, "127.0.0.1")[0]')


@ways
def test_a_burst_takes_what_waited_and_sends_what_is_long(way: str, mosquitto_factory: Factory, tmp_path: Path) -> None:
    broker = mosquitto_factory(*authority().broker())
    asleep = {"client_id": "sleeper", "subscribe": [("c/#", 1)], "ssl": trusting()}
    assert burst(way, tmp_path, broker.port, **asleep).result == (False, b"\1", 0, True)
    sender = paho.Client(CallbackAPIVersion.VERSION2)
    sender.tls_set(ca_certs=authority().path("ca.pem"))
    sender.connect("127.0.0.1", broker.port)
    sender.loop_start()
    got: list[bytes] = []
    sender.on_message = lambda _client, _data, message: got.append(message.payload)
    sender.subscribe("r", 1)
    for n in range(30):
        sender.publish("c/x", b"%02d" % n + bytes(900), 1).wait_for_publish(5)
    long = bytes(n & 255 for n in range(20000))
    done = burst(
        way, tmp_path, broker.port, publish=[("r", long, False, 1, 7, False), ("r", b"2", False, 1, 8, False)], **asleep
    )
    sender.loop_stop()
    assert done.result == (True, b"\1", 30, True)
    assert done.acked == [1, 1]
    assert [payload[:2] for payload in done.payloads] == [b"%02d" % n for n in range(30)]
    assert got == [long, b"2"]


@ways
def test_the_whole_burst_is_one_segment_after_the_handshake(way: str, tmp_path: Path) -> None:
    counts: list[int] = []

    def script(peer: Peer) -> None:
        with server_context().wrap_socket(peer._socket, server_side=True) as secure:
            plain, peer._socket = secure, secure
            counts.append(segments(plain))
            first = peer.packet()
            counts.append(segments(plain))
            peer.send(b"\x20\2\0\0")
            assert first[0] == 0x10
            serve(peer)

    publish = [("r", b"1", False, 1, 7, False), ("r", b"2", False, 1, 8, False)]
    with FakeBroker(script) as broker:
        done = burst(way, tmp_path, broker.port, publish=publish, subscribe=[("c", 1)], ssl=trusting())
    assert done.acked == [1, 1]
    if "cpython" not in way:  # in TLS 1.3 the client's last part of the handshake and its data may share a segment
        assert counts[1] - counts[0] == 1


def test_a_program_may_use_both_ways_of_waiting_in_turn(mosquitto_factory: Factory, tmp_path: Path) -> None:
    code = f"""
        import asyncio
        from kit import HOST, PORT
        from mqtt import blocking
        from mqtt.burst import exchange
        ssl = {trusting()}

        def one(ssl, port):
            return exchange(HOST, "x", port, [("t", "x", False, 1, 0, False)], ssl=ssl, clean=True)

        async def beside():
            ticks = 0
            async def tick():
                nonlocal ticks
                while True:
                    await asyncio.sleep_ms(1)
                    ticks += 1
            task = asyncio.create_task(tick())
            print((await one(ssl, PORT))[0], (await one(None, int(__import__("sys").argv[3])))[0], ticks > 2)
            task.cancel()

        for _ in range(3):
            asyncio.run(beside())
            print(blocking.run(one(ssl, PORT))[0])
    """
    ports = mosquitto_factory(*authority().broker()).port, mosquitto_factory().port
    assert run("micropython", tmp_path, code, "127.0.0.1", *ports).split() == ["False", "False", "True", "False"] * 3
