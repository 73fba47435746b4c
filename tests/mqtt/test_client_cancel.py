"""Cancellation and time limits at every await: nothing half sent, nothing left behind (mqtt_as's W3, W4)."""

from __future__ import annotations

import time
from pathlib import Path

from clientkit import FakeBroker, Peer, Program, both, run

from brokers import Mosquitto

_LIMIT_S = 60


@both
def test_w04_connect_cancelled_at_every_step(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    code = """
        import asyncio
        from kit import client, main, tasks

        async def go():
            await asyncio.sleep(0.01)
            c = client(connect_coro=lambda c: c.subscribe("x"))
            before = tasks()
            stopped = 0
            for steps in range(40):
                task = asyncio.create_task(c.connect(quick=True))
                for _ in range(steps):
                    await asyncio.sleep(0 if steps < 20 else 0.0005)
                task.cancel()
                try:
                    await task
                    await c.disconnect()
                except asyncio.CancelledError:
                    stopped += 1
                assert not c.isconnected()
                await asyncio.sleep(0.005)
                assert tasks() == before, (steps, tasks())
            assert stopped > 3, stopped
            await c.connect(quick=True)
            await c.publish("a", "b", qos=1)
            await c.disconnect()
        main(go, 40)
    """
    run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port, timeout=_LIMIT_S)
    assert mosquitto.log().count("malformed") == 0


@both
def test_w04_publish_cancelled_at_every_step_is_whole_or_absent(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    code = """
        import asyncio
        from kit import client, main, until

        async def go():
            c = client(queue_len=100)
            await c.connect(quick=True)
            await c.subscribe("check", 1)
            stopped = 0
            for n in range(30):
                task = asyncio.create_task(c.publish("other", "x" * 100, qos=n & 1))
                for _ in range(n // 3):
                    await asyncio.sleep(0)
                task.cancel()
                try:
                    await task
                except asyncio.CancelledError:
                    stopped += 1
                await c.publish("check", str(n), qos=1)
            await until(lambda: c.queue._n == 30)
            for n in range(30):
                assert await c.queue.__anext__() == (b"check", str(n).encode(), False)
            assert stopped > 5 and c.isconnected()
            assert not [r for r in c._session.requests if r.packet]
            await c.disconnect()
        main(go)
    """
    run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)
    assert mosquitto.log().count("New client connected") == 1


@both
def test_w04_a_write_cancelled_in_the_middle_closes_the_link(interpreter: str, tmp_path: Path) -> None:
    seen: list[bytes] = []

    def stalls(peer: Peer) -> None:
        peer.accept()
        time.sleep(1)  # reads nothing: the client's packet does not fit
        assert peer.until_closed() == []  # never a whole packet, never another one behind half of it

    def good(peer: Peer) -> None:
        peer.accept()
        for _ in range(2):
            seen.append(peer.expect(0x30))
            if seen[-1][0] & 2:
                peer.send(b"\x40\x02" + seen[-1][4:6])
        assert peer.packet() == b"\xe0"

    code = """
        import asyncio
        from kit import client, main

        async def go():
            c = client(queue_len=1)
            await c.connect(quick=True)
            getattr(c._stream, "sock", c._stream).setsockopt(1, 7, 8192)  # Linux: SOL_SOCKET, SO_SNDBUF
            big = asyncio.create_task(c.publish("big", bytes(200000), qos=1))
            waits = asyncio.create_task(c.publish("b", "1"))
            await asyncio.sleep(0.2)
            assert not big.done()
            big.cancel()
            try:
                await big
            except asyncio.CancelledError:
                print("cancelled", c.isconnected())
            await waits
            await c.publish("b", "2", qos=1)
            await c.disconnect()
        main(go)
    """
    with FakeBroker(stalls, good) as broker:
        assert "cancelled False" in run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    assert [p[-1:] for p in seen] == [b"1", b"2"]
    assert broker.connections == 2


@both
def test_w04_wait_for_around_a_hanging_connect_leaves_a_usable_client(interpreter: str, tmp_path: Path) -> None:
    closed: list[bool] = []

    def silent(peer: Peer) -> None:
        peer.expect(0x10)
        closed.append(peer.until_closed() == [])

    def good(peer: Peer) -> None:
        peer.accept()
        assert peer.packet() == b"\xe0"

    code = """
        import asyncio, time
        from errno import ETIMEDOUT
        from kit import client, main, tasks

        async def go():
            await asyncio.sleep(0.01)
            before = tasks()
            c = client()
            try:
                await asyncio.wait_for(c.connect(quick=True), 0.3)
            except asyncio.TimeoutError:
                pass
            assert not c.isconnected()
            start = time.time()
            try:
                await c.connect(quick=True, timeout=0.3)
            except OSError as e:
                assert e.args[0] == ETIMEDOUT, e
                assert 0.2 < time.time() - start < 1
            else:
                assert False
            await asyncio.sleep(0.01)
            assert not c.isconnected() and tasks() == before
            await c.connect(quick=True)
            assert c.isconnected()
            await c.disconnect()
        main(go)
    """
    with FakeBroker(silent, silent, good) as broker:
        run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    assert closed == [True, True]


@both
def test_w03_timeouts_end_calls_that_wait_for_the_broker(interpreter: str, tmp_path: Path) -> None:
    def deaf(peer: Peer) -> None:
        peer.accept()
        peer.until_closed()

    code = """
        import time
        from errno import ETIMEDOUT
        from kit import client, main

        async def go():
            c = client()
            async def fails(call):
                start = time.time()
                try:
                    await call
                except OSError as e:
                    assert e.args[0] == ETIMEDOUT, e
                    assert 0.15 < time.time() - start < 1, time.time() - start
                else:
                    assert False
            await fails(c.publish("a", "b", timeout=0.2))  # before connect()
            await c.connect(quick=True)
            await fails(c.publish("a", "b", qos=1, timeout=0.2))
            await fails(c.subscribe("a", timeout=0.2))
            await fails(c.unsubscribe("a", timeout=0.2))
            assert not [r for r in c._session.requests if r.packet] and c.isconnected()
            await c.publish("a", "b", timeout=0.2)
            c.close()
            assert not c.isconnected()
        main(go)
    """
    with FakeBroker(deaf) as broker:
        run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    assert broker.connections == 1


@both
def test_w03_a_call_waits_through_an_outage_and_then_succeeds(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    code = """
        import asyncio
        from kit import client, main, until

        async def go():
            c = client(queue_len=2)
            await c.connect(quick=True)
            print("up")
            await c.down.wait()
            await asyncio.gather(c.publish("a", "b"), c.publish("a", "c", qos=1), c.subscribe("d", 1))
            print("done", c.isconnected())
            await c.disconnect()
        main(go)
    """
    program = Program(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)
    program.wait_line("up")
    mosquitto.stop()
    time.sleep(0.3)
    mosquitto.start()
    assert "done True" in program.finish()
