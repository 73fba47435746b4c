"""The burst and its caller: what is given is checked and kept to, and a cancelled or slow one is no burden."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from burstkit import burst, serve, ways
from clientkit import FakeBroker, Peer, Program, both
from serverkit import RECORD, silent

MUCH = [("a", b"x" * 20_000, False, 1, pid, False) for pid in range(1, 21)]

BAD_INPUT = {
    "empty topic": {"publish": [("", b"", False, 1, 0, False)]},
    "wildcard": {"publish": [RECORD, ("a/#", b"", False, 1, 0, False)]},
    "long topic": {"publish": [("x" * 65536, b"", False, 1, 0, False)]},
    "payload": {"publish": [("a", None, False, 1, 0, False)]},
    "pid twice": {"publish": [RECORD, RECORD]},
    "pid": {"publish": [("a", b"", False, 1, 65536, False)]},
    "filter": {"subscribe": [("a#", 1)]},
    "password without user": {"password": "secret"},
    "keepalive": {"keepalive": 65536},
    "client id": {"client_id": "a\0b"},
}


@ways
@pytest.mark.parametrize("what", BAD_INPUT)
def test_bad_input_is_refused_before_anything_is_sent(way: str, what: str, tmp_path: Path) -> None:
    with FakeBroker(silent) as broker:
        done = burst(way, tmp_path, broker.port, **BAD_INPUT[what])
        assert done.error is not None
        assert done.error[0] in ("ValueError", "TypeError")
        assert broker.connections == 0


@ways
def test_pids_and_dup_are_the_callers(way: str, tmp_path: Path) -> None:
    taken: list[bytes] = []
    with FakeBroker(lambda peer: taken.extend(serve(peer))) as broker:
        publish = [("a", b"", False, 1, 65535, True), ("b", b"", True, 1, 1, False), ("c", b"", False, 0, 0, True)]
        assert burst(way, tmp_path, broker.port, publish=publish, subscribe=[("c", 1)]).acked == [1, 1, 0]
        published = [packet for packet in taken if packet[0] & 0xF0 == 0x30]
        assert published == [b"\x3a\0\1a\xff\xff", b"\x33\0\1b\0\1", b"\x30\0\1c"]
        (subscribed,) = [packet for packet in taken if packet[0] == 0x82]
        assert subscribed[1:3] not in (b"\xff\xff", b"\0\1")  # 2.3.1-2: one that is free


@ways
def test_partial_writes(way: str, tmp_path: Path) -> None:
    taken: list[bytes] = []

    def slow(peer: Peer) -> None:
        time.sleep(0.3)
        taken.extend(serve(peer))

    with FakeBroker(slow) as broker:
        done = burst(way, tmp_path, broker.port, publish=MUCH)
        assert done.acked == [1] * 20
        assert [len(packet) for packet in taken if packet[0] == 0x32] == [20_006] * 20


@ways
def test_a_server_that_does_not_read_costs_the_time_given(way: str, tmp_path: Path) -> None:
    stop = threading.Event()
    with FakeBroker(lambda _peer: stop.wait(20)) as broker:
        done = burst(way, tmp_path, broker.port, publish=MUCH, timeout_ms=1000)
        stop.set()
        assert done.error is not None
        assert done.ms < 1500
        assert not any(done.acked)


@both
@pytest.mark.parametrize("after_ms", [0, 50, 200])
def test_cancelled_it_leaves_nothing_behind(interpreter: str, after_ms: int, tmp_path: Path) -> None:
    # W4: neither a task nor an open socket, whatever it waited for.
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.until_closed()
        closed.set()

    program = """
        import asyncio, sys
        from mqtt.burst import exchange

        async def main():
            task = asyncio.create_task(exchange("127.0.0.1", "c", int(sys.argv[1]), subscribe=[("c", 1)], timeout_ms=5000))
            await asyncio.sleep(int(sys.argv[2]) / 1000)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                print("cancelled")
            await asyncio.sleep(0.3)  # a timer left behind would poke this task, or end it too early
            try:
                tasks = len(asyncio.all_tasks())
            except AttributeError:  # MicroPython
                from asyncio import core
                tasks = 1 + (core._task_queue.peek() is not None) + len(core._io_queue.map)
            print("tasks", tasks)

        asyncio.run(main())
    """
    with FakeBroker(script) as broker:
        output = Program(interpreter, tmp_path, program, broker.port, after_ms).finish()
        assert output == "cancelled\ntasks 1"
        if after_ms:
            assert closed.wait(5)


@both
def test_other_tasks_go_on_meanwhile(interpreter: str, tmp_path: Path) -> None:
    program = """
        import asyncio, sys
        from mqtt.burst import exchange

        async def main():
            ticks = 0
            async def tick():
                nonlocal ticks
                while True:
                    await asyncio.sleep(0.01)
                    ticks += 1
            task = asyncio.create_task(tick())
            try:
                await exchange("127.0.0.1", "c", int(sys.argv[1]), timeout_ms=600)
            except OSError as error:
                print(error.args[0] > 0)
            task.cancel()
            print(ticks > 30)

        asyncio.run(main())
    """
    with FakeBroker(silent) as broker:
        assert Program(interpreter, tmp_path, program, broker.port).finish() == "True\nTrue"
