"""A whole wake of the node over a real round-trip time: its network phase is no longer than the burst's own.

The node's real main.py runs on a virtual board on the near side of the link, mosquitto at the far end; what is bounded is what
the packets say, from the wake's first SYN to its last segment with data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from linkkit import MARGIN_MS, ROOT, Seen, best, send

from dormouse import bundle, settings
from dormouse.rtt.far_broker import FarBroker
from dormouse.rtt.link import Link
from dormouse.rtt.packets import phase, sent_data
from dormouse.virtual.board import VirtualBoard

RTT_MS = 100
NAME = "far-away"
CREDENTIALS = b'WIFI = (("dormouse", "sleep-tight"),)\nUSER = None\nPASSWORD = None\n'
CONNECT, PUBACK, PUBLISH, DISCONNECT = 0x10, 0x40, 0x30, 0xE0


@pytest.fixture
def node(link: Link, quick: FarBroker, micropython: str) -> Iterator[VirtualBoard]:
    """A board on the near side that has had its cold boot and a second wake."""
    read = settings.load(ROOT, board="feather_s2")
    text = read.text(BROKER=f"{quick.host}:{quick.port}", NAME=NAME, NTP="127.0.0.1", WAKE_EVERY_S=600)
    files = bundle.files(ROOT, read, text, CREDENTIALS)
    link.set_rtt(RTT_MS)
    board = link.node.call(VirtualBoard, "feather_s2", files, interpreter=micropython, speed=8)
    with board:
        for _ in range(2):
            assert woken(link, board).output.startswith("delivered")
        yield board


def woken(link: Link, board: VirtualBoard) -> Seen:
    """One wake, and what the link saw of it."""
    link.take()
    wake = link.node.call(board.run_wake)
    segments = link.take()
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    return Seen(wake.output, phase(segments), sent_data(segments), segments)


def test_a_warm_wake_is_two_round_trips(link: Link, node: VirtualBoard) -> None:
    def good(seen: Seen) -> None:
        assert seen.output == "delivered 1\n" and seen.phase.connections == 1
        assert seen.types == [CONNECT, DISCONNECT]

    best(lambda: woken(link, node), 2.1 * RTT_MS + MARGIN_MS, good)


@pytest.mark.parametrize("rtt", [RTT_MS, 3 * RTT_MS])
def test_a_command_is_answered_within_one_round_trip_more(link: Link, quick: FarBroker, node: VirtualBoard, rtt: int) -> None:
    link.set_rtt(rtt)
    ids = iter(range(1, 100))

    def commanded() -> Seen:
        number = next(ids)
        send(link, quick, f"dormouse/{NAME}/set", [json.dumps({"id": number, "wake_every_s": 600 + number})])
        return woken(link, node)

    def good(seen: Seen) -> None:
        assert seen.output == "delivered 1\n" and seen.phase.connections == 1
        # The result and the acknowledgement share a write.
        connect, answer, goodbye = seen.data
        assert (connect.payload[0], goodbye.payload[0]) == (CONNECT, DISCONNECT)
        assert {answer.payload[0] & 0xF0} <= {PUBACK, PUBLISH} and b'"ok"' in answer.payload

    best(commanded, 3.1 * rtt + MARGIN_MS, good)
