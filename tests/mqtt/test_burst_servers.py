"""The burst against servers that do not stand it: no pipelining, silent ones, refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from burstkit import burst, serve, ways
from clientkit import FakeBroker, Peer
from serverkit import BURST, CONNACK, PINGRESP, PUBACK, RECORD, silent, take_burst


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
