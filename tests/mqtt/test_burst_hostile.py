"""The burst against servers that break the protocol, flood it or leave answers out."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from burstkit import answer, burst, ways
from clientkit import FakeBroker, Peer
from serverkit import BURST, COMMAND, CONNACK, PINGRESP, PUBACK, SUBACK, silent, take_burst


def drain(peer: Peer) -> None:
    """Read and forget, until the client or the script closes."""
    with suppress(OSError):
        peer.until_closed()


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
