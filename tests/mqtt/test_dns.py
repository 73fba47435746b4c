"""When a name server is asked: once for a name that works, again after a failure, never for a literal address.

Oracle: the counted calls of socket.getaddrinfo; RFC 6761, 6.4: names below `invalid` do not exist.
"""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
from clientkit import FakeBroker, Peer, both, run

from brokers import Mosquitto

# Put in the place of `socket` in the client's transport: notes each name that is looked up. NAMES is a hosts file.
COUNTED = """
    import asyncio, sys, time
    import socket as real
    import mqtt.client, mqtt.transport
    from errno import ETIMEDOUT
    from kit import HOST, PORT, Fixed, client, main, until

    NAMES = {"broker.test": HOST}
    asked = []

    class Counted:
        def __getattr__(self, name):
            return getattr(real, name)

        def getaddrinfo(self, host, *args):
            if not host.replace(".", "").isdigit():
                asked.append(host)
                host = NAMES.get(host, host)
            return real.getaddrinfo(host, *args)

    sys.modules["mqtt.transport"].socket = Counted()
"""


@both
def test_w22_a_name_is_looked_up_once_and_again_only_after_a_failure(
    interpreter: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    code = """
    async def go():
        c = client(server="broker.test")
        c.link = Fixed()
        assert c.address is None
        await c.connect(quick=True)
        assert asked == ["broker.test"] and c.address == HOST
        c._lost("a test")  # the link alone
        await until(c.isconnected, 14)
        assert asked == ["broker.test"]
        await c.disconnect()
        await c.connect(quick=True)
        assert asked == ["broker.test"]
        await c.disconnect()

        c.port, good = 1, c.port  # nobody listens: the address may be an old one
        try:
            await c.connect(quick=True)
        except OSError as e:
            print("refused", c.address)
        else:
            assert False
        assert asked == ["broker.test"]
        c.port = good
        await c.connect(quick=True)
        assert asked == ["broker.test"] * 2 and c.address == HOST
        await c.disconnect()
    main(go, 25)
    """
    assert "refused None" in run(interpreter, tmp_path, COUNTED + code, mosquitto.host, mosquitto.port)


@both
def test_nobody_is_asked_about_a_literal_address(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    code = """
    from mqtt.burst import exchange

    async def go():
        c = client()
        c.link = Fixed()
        for _ in range(2):
            await c.connect(quick=True)
            await c.disconnect()
        await exchange(HOST, "dns", PORT, clean=True)
        assert asked == [] and c.address == HOST
    main(go)
    """
    run(interpreter, tmp_path, COUNTED + code, mosquitto.host, mosquitto.port)


@both
def test_an_address_is_kept_across_sleeps(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    # A sleeper's second wake is a new program: what it kept is text. An address that is no longer right costs one failure.
    code = """
    from mqtt.burst import exchange

    async def go():
        first = client(server="broker.test")
        await first.connect(quick=True)
        kept = first.address
        await first.disconnect()
        assert asked == ["broker.test"] and kept == HOST

        second = client(server="broker.test")
        second.address = kept
        await second.connect(quick=True)
        await second.publish("a", "b", qos=1)
        await second.disconnect()
        await exchange(kept, "dns", PORT, clean=True)
        assert asked == ["broker.test"] and second.address == kept

        third = client(server="broker.test")
        third.address = "127.0.0.99"  # nobody listens there: the broker has moved
        try:
            await third.connect(quick=True)
        except OSError:
            print("moved", third.address)
        await third.connect(quick=True)
        assert asked == ["broker.test"] * 2 and third.address == HOST
        await third.disconnect()
    main(go)
    """
    assert "moved None" in run(interpreter, tmp_path, COUNTED + code, mosquitto.host, mosquitto.port)


@both
@pytest.mark.parametrize("way", ["client", "burst"])
def test_a_name_that_does_not_resolve_is_an_oserror(interpreter: str, way: str, tmp_path: Path) -> None:
    code = """
    from mqtt.burst import exchange

    async def go():
        c = client(server="broker.invalid")
        try:
            if sys.argv[3] == "client":
                await c.connect(quick=True, timeout=5)
            else:
                await exchange("broker.invalid", "dns", PORT, timeout_ms=5000)
        except OSError as e:
            print("OSError", not c.isconnected())
        assert asked == ["broker.invalid"]
    main(go, 90)
    """
    # A look-up cannot be cut short: where the name server is silent, this takes the resolver's own time.
    assert "OSError True" in run(interpreter, tmp_path, COUNTED + code, "127.0.0.1", 1, way, timeout=100)


@both
def test_a_slow_name_server_counts_against_the_time_limit(interpreter: str, tmp_path: Path) -> None:
    # getaddrinfo blocks (it does on every port); once it is back, the limit that has passed ends the attempt.
    def never_answers(peer: Peer) -> None:
        peer.until_closed()

    code = """
    class Slow(Counted):
        def getaddrinfo(self, host, *args):
            time.sleep(0.6)
            return Counted.getaddrinfo(self, host, *args)

    sys.modules["mqtt.transport"].socket = Slow()

    async def go():
        c = client(server="broker.test")
        start = time.time()
        try:
            await c.connect(quick=True, timeout=0.5)
        except OSError as e:
            print("timed out", e.args[0] == ETIMEDOUT)
        took = time.time() - start
        assert took < 2, took
    main(go)
    """
    with FakeBroker(never_answers) as broker:
        assert "timed out True" in run(interpreter, tmp_path, COUNTED + code, "127.0.0.1", broker.port)


@both
def test_wan_ok_takes_a_name_servers_answer_and_nothing_else(interpreter: str, tmp_path: Path) -> None:
    # RFC 1035, 4.1.1: an answer has the query's id and the bit QR; one datagram may be cut short, or another's.
    asked: list[bytes] = []

    def serve(server: socket.socket) -> None:
        while True:
            try:
                query, peer = server.recvfrom(512)
            except OSError:
                return
            asked.append(query)
            good = query[:2] + b"\x81\x80" + query[4:]
            for answer in (b"", query[:2], query, b"zz" + good[2:], *([good] if query[2:4] == b"\1\0" else [])):
                server.sendto(answer, peer)

    code = """
        import asyncio, sys
        from mqtt.wan import dns_ok

        async def go():
            port = int(sys.argv[1])
            assert await dns_ok(server="127.0.0.1", port=port, timeout_ms=2000)
            own = b"\\x00\\x07\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\4test\\0\\0\\1\\0\\1"
            assert await dns_ok(own, server="127.0.0.1", port=port, timeout_ms=2000)
            assert not await dns_ok(own[:2] + b"\\0\\0" + own[4:], server="127.0.0.1", port=port, timeout_ms=400)
        asyncio.run(go())
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        run(interpreter, tmp_path, code, server.getsockname()[1])
    assert b"\3www\6google\3com\0\0\1\0\1" in asked[0] and asked[1][:2] == b"\0\7"
