"""The burst is one write, and its answers come in any broker's order."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from burstkit import burst, segments, ways
from clientkit import FakeBroker, Peer, Program
from serverkit import BURST, COMMAND, CONNACK, PINGRESP, PUBACK, RECORD, SUBACK, take_burst


def commands(first: int, count: int) -> bytes:
    return b"".join(COMMAND % pid for pid in range(first, first + count))


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
