"""Nothing waits for ever, whichever answer never comes (W2: mqtt_as's own sleeping example never slept), and what was given up
holds nothing (W3, W7)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from burstkit import ways
from clientkit import FakeBroker, Peer, Program, both, run
from serverkit import CONNACK, PINGRESP, PUBACK, SUBACK, silent

_ANSWERS = CONNACK + SUBACK + PUBACK + PINGRESP


@contextmanager
def port_without_answer() -> Iterator[int]:
    """A port whose host answers no SYN: Linux drops them while the queue of a listener is full (listen(2), backlog)."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
            yield port
        finally:
            for filler in fillers:
                filler.close()


CONNECT = """
    import sys
    import time
    from kit import client, main

    async def go():
        c = client(response_time=0.3, **eval(sys.argv[3]))
        start = time.time()
        try:
            await c.connect(quick=True)
            print("connected")
        except OSError as e:
            print("error", e.args[0])
        c.close()
        print("in time", time.time() - start < 1.2)
    main(go, 6)
"""


def stops_after(*answers: bytes) -> Callable[[Peer], object]:
    def script(peer: Peer) -> None:
        for answer in answers:
            peer.packet()
            peer.send(answer)
        peer.until_closed()

    return script


@both
@pytest.mark.parametrize("answer", [b"", b"\x20", b"\x20\2\0"])
def test_w02_connect_ends_when_no_connack_comes(interpreter: str, answer: bytes, tmp_path: Path) -> None:
    with FakeBroker(stops_after(answer)) as broker:
        output = run(interpreter, tmp_path, CONNECT, "127.0.0.1", broker.port, {}, timeout=8)
    assert "error" in output
    assert "in time True" in output


@both
def test_w02_connect_ends_when_the_host_is_silent(interpreter: str, tmp_path: Path) -> None:
    with port_without_answer() as port:
        output = run(interpreter, tmp_path, CONNECT, "127.0.0.1", port, {}, timeout=8)
    assert "error" in output
    assert "in time True" in output


@both
def test_w02_connect_goes_on_when_the_first_goodbye_is_not_heard(interpreter: str, tmp_path: Path) -> None:
    # clean_init on a lasting session connects twice; the broker should close after the first DISCONNECT (3.14.4-1).
    settings = {"clean": False, "clean_init": True}
    with FakeBroker(stops_after(CONNACK)) as broker:
        output = run(interpreter, tmp_path, CONNECT, "127.0.0.1", broker.port, settings, timeout=8)
    assert output == "connected\nin time True"


@both
def test_w02_disconnect_ends_when_the_broker_stays(interpreter: str, tmp_path: Path) -> None:
    code = """
        import asyncio, time
        from kit import client, main

        async def go():
            c = client(response_time=0.3)
            await c.connect(quick=True)
            due = asyncio.create_task(c.publish("a", "b", qos=1))
            await asyncio.sleep(0.05)
            start = time.time()
            await c.disconnect()
            print("in time", time.time() - start < 1.2, c.isconnected())
            try:
                await due
            except OSError as e:
                print("told")
        main(go, 6)
    """
    with FakeBroker(stops_after(CONNACK)) as broker:
        output = run(interpreter, tmp_path, code, "127.0.0.1", broker.port, timeout=8)
    assert output == "in time True False\ntold"


EXCHANGE = """
    import sys
    from mqtt.burst import exchange
    from time import ticks_diff, ticks_ms

    if sys.argv[2] == "blocking":
        from mqtt.blocking import run
    else:
        from asyncio import run

    record = ("node/r", b"21", False, 1, 7, False)
    for cut in range(int(sys.argv[3])):
        start = ticks_ms()
        try:
            run(exchange("127.0.0.1", "%02d" % cut, int(sys.argv[1]), [record], [("c", 1)], timeout_ms=200))
        except OSError:
            pass
        print(ticks_diff(ticks_ms(), start))
"""


@ways
def test_w02_exchange_ends_whichever_byte_never_comes(way: str, tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        cut = int(peer.expect(0x10)[-2:])  # the client id
        peer.send(_ANSWERS[:cut])
        silent(peer)

    with FakeBroker(script) as broker:
        interpreter, _, how = way.partition("-")
        program = Program(interpreter, tmp_path, EXCHANGE, broker.port, how or "asyncio", len(_ANSWERS))
        times = [int(line) for line in program.finish(12).split()]
    assert len(times) == len(_ANSWERS)
    assert max(times) < 600, times


@ways
def test_w02_exchange_ends_when_the_host_is_silent(way: str, tmp_path: Path) -> None:
    with port_without_answer() as port:
        interpreter, _, how = way.partition("-")
        output = Program(interpreter, tmp_path, EXCHANGE, port, how or "asyncio", 1).finish(8)
    assert int(output) < 600


@both
def test_w03_without_a_connection_every_call_has_its_time_limit(interpreter: str, tmp_path: Path) -> None:
    code = """
        import asyncio, time
        from errno import ETIMEDOUT
        from kit import client, main

        async def go():
            c = client()
            await c.connect(quick=True)
            while c.isconnected():
                await asyncio.sleep(0.01)
            for call in (c.publish("a", "b", timeout=0.1), c.publish("a", "b", qos=1, timeout=0.1),
                         c.subscribe("a", timeout=0.1), c.unsubscribe("a", timeout=0.1)):
                start = time.time()
                try:
                    await call
                    assert False
                except OSError as e:
                    assert e.args[0] == ETIMEDOUT and time.time() - start < 1
            print("over")
            c.close()
        main(go, 6)
    """
    with FakeBroker(lambda peer: peer.accept(), lambda peer: peer.until_closed()) as broker:
        assert run(interpreter, tmp_path, code, "127.0.0.1", broker.port, timeout=8) == "over"


@both
def test_w07_given_up_requests_leave_no_identifier_behind(interpreter: str, free_port: int, tmp_path: Path) -> None:
    code = """
        import asyncio
        from kit import client, main

        async def go():
            c = client()
            for n in range(50):  # never sent
                task = asyncio.create_task((c.publish("a", "b", qos=1), c.subscribe("a"), c.unsubscribe("a"))[n % 3])
                await asyncio.sleep(0)
                task.cancel()
                try:
                    await task
                except asyncio.CancelledError:
                    pass
            print("left", len(c._session.requests))
        main(go, 6)
    """
    assert "left 0" in run(interpreter, tmp_path, code, "127.0.0.1", free_port, timeout=8)
