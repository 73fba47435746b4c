"""The burst against scripted servers: other brokers' order of answers, no pipelining, silent and hostile ones."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from burstkit import answer, burst, segments, serve, ways
from clientkit import FakeBroker, Peer, Program, both

CONNACK, PUBACK, SUBACK, PINGRESP = b"\x20\2\0\0", b"\x40\2\0\7", b"\x90\3\xff\xff\1", b"\xd0\0"
COMMAND = b"\x32\6\0\1c\0%ch"  # pid to be filled in
RECORD = ("node/r", b"21", False, 1, 7, False)
MUCH = [("a", b"x" * 20_000, False, 1, pid, False) for pid in range(1, 21)]
BURST = {"publish": [RECORD], "subscribe": [("c", 1)]}


def commands(first: int, count: int) -> bytes:
    return b"".join(COMMAND % pid for pid in range(first, first + count))


def take_burst(peer: Peer) -> list[bytes]:
    """Take CONNECT to PINGREQ, unanswered."""
    packets = [peer.packet()]
    while packets[-1][0] != 0xC0:
        packets.append(peer.packet())
    return packets


def drain(peer: Peer) -> None:
    """Read and forget, until the client or the script closes."""
    with suppress(OSError):
        peer.until_closed()


# --- one write, and the order of answers


@ways
def test_all_in_one_segment_and_goodbye_in_another(way: str, tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        kinds = [packet[0] for packet in take_burst(peer)]
        assert sorted(kinds) == [0x10, 0x32, 0x32, 0x82, 0xC0]
        assert (kinds[0], kinds[-1]) == (0x10, 0xC0)
        assert segments(peer._socket) == 1
        peer.send(CONNACK + SUBACK + PUBACK + b"\x40\2\0\x08" + PINGRESP)
        assert peer.until_closed() == [b"\xe0"]
        assert segments(peer._socket) == 2

    publish = [RECORD, ("node/r", b"22", False, 1, 8, False)]
    with FakeBroker(script) as broker:
        done = burst(way, tmp_path, broker.port, publish=publish, subscribe=[("c", 1)])
        assert done.result == (False, b"\1", 0, True)
        assert broker.connections == 1


@ways
def test_commands_are_acknowledged_in_one_segment_with_their_results(way: str, tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        take_burst(peer)
        peer.send(b"\x20\2\1\0" + commands(1, 3))
        peer.send(SUBACK + PUBACK + PINGRESP)
        result = peer.expect(0x30)
        assert result[1:] == b"\0\1r" + result[4:6] + b"done"
        assert [peer.packet() for _ in range(3)] == [b"\x40\0\1", b"\x40\0\2", b"\x40\0\3"]
        assert segments(peer._socket) == 2
        time.sleep(0.1)
        peer.send(b"\x40\2" + result[4:6])  # the goodbye must not overtake the result
        assert peer.until_closed() == [b"\xe0"]
        assert segments(peer._socket) == 3

    # The first message only has a result: the others are told apart by their pid, which on_message is not given.
    with FakeBroker(script) as broker:
        program = """
            import asyncio, sys
            from mqtt.burst import exchange
            results = [[("r", "done", False, 1, 0, False)], None, []]
            def on_message(topic, payload, retain, dup):
                return results.pop(0)
            def main():
                return exchange("127.0.0.1", "c", int(sys.argv[1]), [("n", "21", False, 1, 7, False)], [("c", 1)], on_message)
            if sys.argv[2] == "blocking":
                from mqtt import blocking
                print(blocking.run(main()), results)
            else:
                print(asyncio.run(main()), results)
        """
        interpreter, _, how = way.partition("-")
        output = Program(interpreter, tmp_path, program, broker.port, how or "asyncio").finish()
        assert output == "(True, b'\\x01', 3, True) []"


ORDERS = {
    "mosquitto, aedes": CONNACK[:2] + b"\1\0" + commands(1, 3) + SUBACK + PUBACK + PINGRESP,
    "nats": CONNACK[:2] + b"\1\0" + SUBACK + PUBACK + PINGRESP + commands(1, 3),
    "rabbitmq": CONNACK[:2] + b"\1\0" + PINGRESP + commands(1, 3) + SUBACK + PUBACK,
    "upside down": CONNACK[:2] + b"\1\0" + PINGRESP + commands(1, 1) + PUBACK + commands(2, 1) + SUBACK + commands(3, 1),
}


@ways
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("piece", [1, 3, 1000])
def test_answers_in_any_order(way: str, order: str, piece: int, tmp_path: Path) -> None:
    # Orders measured on the brokers named; in pieces as a network may deliver them.
    def script(peer: Peer) -> None:
        take_burst(peer)
        data = ORDERS[order]
        for at in range(0, len(data), piece):
            peer.send(data[at : at + piece])
        assert peer.until_closed() == [b"\x40\0\1", b"\x40\0\2", b"\x40\0\3", b"\xe0"]

    with FakeBroker(script) as broker:
        done = burst(way, tmp_path, broker.port, **BURST)
        assert done.result == (True, b"\1", 3, True)
        assert done.acked == [1]
        assert done.payloads == [b"h"] * 3


@ways
@pytest.mark.parametrize(("quiet_ms", "taken"), [(600, 3), (50, 0)])
def test_a_late_queue_is_awaited_as_long_as_the_setting_says(way: str, quiet_ms: int, taken: int, tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        take_burst(peer)
        peer.send(b"\x20\2\1\0" + SUBACK + PUBACK + PINGRESP)
        for pid in (1, 2, 3):  # each one restarts the quiet time
            time.sleep(0.3)
            try:
                peer.send(COMMAND % pid)
            except OSError:
                assert not taken
        assert len(peer.until_closed()) == taken + 1

    with FakeBroker(script) as broker:
        done = burst(way, tmp_path, broker.port, quiet_ms=quiet_ms, **BURST)
        assert done.result == (True, b"\1", taken, True)


@ways
def test_nothing_to_wait_for_is_not_waited_for(way: str, tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        take_burst(peer)
        peer.send(CONNACK + PUBACK + PINGRESP)
        start = time.monotonic()
        assert peer.until_closed() == [b"\xe0"]
        assert time.monotonic() - start < 1

    with FakeBroker(script) as broker:
        assert burst(way, tmp_path, broker.port, publish=[RECORD], quiet_ms=2000).acked == [1]


@ways
def test_a_backlog_is_fenced(way: str, tmp_path: Path) -> None:
    # After ten messages a PINGREQ goes with their acknowledgements: what the broker held back comes before its answer.
    def script(peer: Peer) -> None:
        take_burst(peer)
        peer.send(b"\x20\2\1\0" + SUBACK + PUBACK + commands(1, 20) + PINGRESP)
        acked = pings = 0
        while acked < 20 or pings < 1:
            kind = peer.packet()[0]
            acked += kind == 0x40
            pings += kind == 0xC0
        time.sleep(0.3)  # a long round trip: far beyond the quiet time
        peer.send(commands(21, 5) + PINGRESP * pings)
        rest = peer.until_closed()
        assert [packet[0] for packet in rest].count(0x40) == 5
        assert rest[-1] == b"\xe0"

    with FakeBroker(script) as broker:
        done = burst(way, tmp_path, broker.port, **BURST)
        assert done.result == (True, b"\1", 25, True)


# --- servers that do not stand it


def strict(peer: Peer) -> None:
    """A server that closes when anything comes before its CONNACK, as vertx-mqtt does (vert-x3/vertx-mqtt#121)."""
    peer.expect(0x10)
    peer._socket.settimeout(0.2)
    try:
        peer.packet()
        return
    except TimeoutError:
        pass
    peer._socket.settimeout(10)
    peer.send(CONNACK)
    serve(peer)


def closes_after_connack(peer: Peer) -> None:
    """As ThingsBoard did (thingsboard/thingsboard#2092)."""
    peer.accept()


def only_connack(peer: Peer) -> None:
    peer.accept()
    peer.until_closed()


def silent(peer: Peer) -> None:
    peer.until_closed()


@ways
@pytest.mark.parametrize("dropped", [strict, closes_after_connack, only_connack, silent])
def test_a_dropped_burst_goes_step_by_step(way: str, dropped: Callable[[Peer], object], tmp_path: Path) -> None:
    second: list[bytes] = []

    def patient(peer: Peer) -> None:
        second.append(peer.expect(0x10))
        peer._socket.settimeout(0.2)
        with pytest.raises(TimeoutError):  # it waits for the CONNACK
            peer.packet()
        peer._socket.settimeout(10)
        peer.send(CONNACK)
        second.extend(serve(peer))

    with FakeBroker(dropped, patient) as broker:
        done = burst(way, tmp_path, broker.port, timeout_ms=3000, **BURST)
        assert done.result == (False, b"\1", 0, False)
        assert done.acked == [1]
        assert broker.connections == 2
        assert second[1][0] == 0x3A  # sent before: DUP
    assert done.ms < 3000


@ways
def test_what_was_acknowledged_goes_only_once(way: str, tmp_path: Path) -> None:
    again: list[bytes] = []

    def half(peer: Peer) -> None:
        take_burst(peer)
        peer.send(CONNACK + PUBACK)

    with FakeBroker(half, lambda peer: again.extend(serve(peer))) as broker:
        publish = [RECORD, ("node/r", b"22", False, 1, 8, False)]
        assert burst(way, tmp_path, broker.port, publish=publish).acked == [1, 1]
        assert [packet for packet in again if packet[0] & 0xF0 == 0x30] == [b"\x3a\0\6node/r\0\x0822"]


@ways
def test_it_is_not_pipelined_when_told_so(way: str, tmp_path: Path) -> None:
    with FakeBroker(strict) as broker:
        done = burst(way, tmp_path, broker.port, pipeline=False, **BURST)
        assert done.result == (False, b"\1", 0, False)
        assert broker.connections == 1


@ways
@pytest.mark.parametrize("script", [silent, only_connack, closes_after_connack])
def test_a_server_that_never_answers_costs_the_time_given_and_no_more(
    way: str, script: Callable[[Peer], object], tmp_path: Path
) -> None:
    with FakeBroker(script) as broker:
        done = burst(way, tmp_path, broker.port, timeout_ms=1000, **BURST)
        assert done.error is not None
        assert done.error[1] is None
        assert done.acked == [0]
        assert done.ms < 1300
        assert broker.connections == 2


@ways
@pytest.mark.parametrize("code", range(1, 8))
@pytest.mark.parametrize("pipeline", [True, False])
def test_a_refusal_is_final(way: str, code: int, pipeline: bool, tmp_path: Path) -> None:
    def refuse(peer: Peer) -> None:
        peer.expect(0x10)
        peer.send(b"\x20\2\0" + bytes((code,)))
        peer.until_closed()

    with FakeBroker(refuse) as broker:
        done = burst(way, tmp_path, broker.port, pipeline=pipeline, **BURST)
        assert done.error == ("MQTTError", code, 0x2002)
        assert done.acked == [0]
        assert broker.connections == 1


@ways
def test_a_refused_subscription_does_not_stop_the_rest(way: str, tmp_path: Path) -> None:
    # W6: mqtt_as takes SUBACK 0x80 for a broken link.
    def script(peer: Peer) -> None:
        take_burst(peer)
        peer.send(CONNACK + b"\x90\4\xff\xff\x80\0" + PUBACK + PINGRESP)
        assert peer.until_closed() == [b"\xe0"]

    with FakeBroker(script) as broker:
        done = burst(way, tmp_path, broker.port, publish=[RECORD], subscribe=[("secret", 1), ("c", 1)])
        assert done.result == (False, b"\x80\0", 0, True)
        assert done.acked == [1]


# --- hostile ones


BROKEN = {
    "not mqtt": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "no connack first": PUBACK,
    "two connacks": CONNACK + CONNACK,
    "endless length": CONNACK + b"\x30\xff\xff\xff\xff\xff",
    "huge puback": CONNACK + b"\x40\xff\xff\xff\x7f",
    "topic longer than the packet": CONNACK + b"\x30\5\0\x50abc",
    "unknown type": CONNACK + b"\xf0\2ab",
    "qos 2": CONNACK + b"\x34\5\0\1a\0\1",
    "pid 0": CONNACK + b"\x32\5\0\1a\0\0",
}


@ways
@pytest.mark.parametrize("name", BROKEN)
def test_broken_packets_end_it_at_once(way: str, name: str, tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        take_burst(peer)
        peer.send(BROKEN[name])
        assert peer.until_closed() == []

    with FakeBroker(script) as broker:
        done = burst(way, tmp_path, broker.port, **BURST)
        assert done.error is not None
        assert (done.error[0], done.error[2]) == ("MQTTError", -1)
        assert done.ms < 2000
        assert broker.connections == 1


@ways
@pytest.mark.parametrize("message", [b"\x30\x81\1\0\1c" + b"x" * 126, COMMAND % 1, b"\x32\xa4\x9c\1\0\1c\0\1" + b"x" * 19999])
def test_an_endless_flood_ends_with_the_time(way: str, message: bytes, tmp_path: Path) -> None:
    # What is not acknowledged stays with the broker: the records are delivered, the rest comes with the next wake.
    def script(peer: Peer) -> None:
        take_burst(peer)
        peer.send(CONNACK + SUBACK + PUBACK + PINGRESP)
        threading.Thread(target=drain, args=(peer,), daemon=True).start()
        with suppress(OSError):
            while True:
                peer.send(message)
                time.sleep(0.001)

    with FakeBroker(script) as broker:
        done = burst(way, tmp_path, broker.port, timeout_ms=1500, **BURST)
        assert done.result is not None, done
        assert done.result[2] > 10
        assert done.acked == [1]
        assert done.ms < 2500
        assert broker.connections == 1


@ways
def test_a_server_without_pingresp_still_delivers(way: str, tmp_path: Path) -> None:
    def no_ping(peer: Peer) -> None:
        packets = take_burst(peer)
        for packet in packets[:-1]:
            answer(peer, packet)
        peer.until_closed()

    with FakeBroker(no_ping) as broker:
        done = burst(way, tmp_path, broker.port, timeout_ms=1000, **BURST)
        assert done.result == (False, b"\1", 0, True)
        assert done.acked == [1]
        assert done.ms < 1300


@ways
def test_answers_nobody_asked_for_are_harmless(way: str, tmp_path: Path) -> None:
    # W7: a PUBACK that comes twice, or for something else, is no reason to hang up.
    def script(peer: Peer) -> None:
        take_burst(peer)
        peer.send(CONNACK + b"\x40\2\0\x63" + b"\xb0\2\0\x63" + PINGRESP + SUBACK + PUBACK + PUBACK + PINGRESP)
        assert peer.until_closed() == [b"\xe0"]

    with FakeBroker(script) as broker:
        done = burst(way, tmp_path, broker.port, **BURST)
        assert done.result == (False, b"\1", 0, True)
        assert done.acked == [1]


@ways
def test_only_a_puback_acknowledges(way: str, tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        take_burst(peer)
        peer.send(CONNACK + b"\xb0\2\0\7" + b"\x90\3\0\7\1" + SUBACK + PINGRESP)
        peer.until_closed()

    with FakeBroker(script) as broker:
        assert burst(way, tmp_path, broker.port, timeout_ms=1000, **BURST).acked == [0]


@ways
def test_a_results_puback_acknowledges_no_record(way: str, tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        take_burst(peer)
        peer.send(b"\x20\2\1\0" + SUBACK + COMMAND % 1)
        result = peer.expect(0x30)
        peer.send(b"\x40\2" + result[4:6] + PINGRESP)
        peer.until_closed()

    answers = {b"h": [("r", "done", False, 1, 0, False)]}
    with FakeBroker(script, silent) as broker:
        done = burst(way, tmp_path, broker.port, answers=answers, timeout_ms=1000, **BURST)
        assert done.acked == [0]


@ways
def test_closed_when_all_is_done_is_as_good_as_a_goodbye(way: str, tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        take_burst(peer)
        peer.send(CONNACK + SUBACK + PUBACK + PINGRESP)

    with FakeBroker(script) as broker:
        done = burst(way, tmp_path, broker.port, quiet_ms=500, **BURST)
        assert done.result == (False, b"\1", 0, True)
        assert broker.connections == 1


# --- what the caller gives, and takes back


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
