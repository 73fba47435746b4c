"""The burst over a real round-trip time: mosquitto at the far end, the packets counted between the two.

The bounds are the project's: two round trips where mosquitto has set_tcp_nodelay, three where Nagle's algorithm holds its
answers back until the CONNACK is acknowledged (RFC 896).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from linkkit import MARGIN_MS, WAYS, Seen, best, burst, program, send

from dormouse.rtt.far_broker import FarBroker
from dormouse.rtt.link import Link

RECORD = ("node/readings", b'{"temperature_c": 21.42}', False, 1, 7, False)
COMMANDS = (("node/set", 1),)
CONNECT, PUBACK, DISCONNECT = 0x10, 0x40, 0xE0
ways = pytest.mark.parametrize("way", WAYS)


@ways
@pytest.mark.parametrize("rtt", [20, 100])
@pytest.mark.parametrize(("name", "trips"), [("quick", 2.1), ("default", 3.1)])
def test_round_trips_and_segments(
    link: Link, request: pytest.FixtureRequest, tmp_path: Path, way: str, rtt: int, name: str, trips: float
) -> None:
    broker: FarBroker = request.getfixturevalue(name)
    link.set_rtt(rtt)

    def good(seen: Seen) -> None:
        assert seen.said["result"][1:] == (b"\1", 0, True) and seen.said["acked"] == [1]
        assert seen.types == [CONNECT, DISCONNECT]
        assert seen.phase.connections == 1

    best(
        lambda: burst(link, broker, way, tmp_path, publish=[RECORD], subscribe=COMMANDS),
        trips * rtt + MARGIN_MS,
        good,
    )


@ways
@pytest.mark.parametrize(("name", "trips"), [("quick", 2.1), ("default", 3.1)])
def test_commands_cost_one_segment_and_no_round_trip(
    link: Link, request: pytest.FixtureRequest, tmp_path: Path, way: str, name: str, trips: float
) -> None:
    broker: FarBroker = request.getfixturevalue(name)
    link.set_rtt(50)
    topic = f"{tmp_path.name}/set"
    options = {"publish": [RECORD], "subscribe": [(topic, 1)]}
    burst(link, broker, way, tmp_path, **options)  # the session begins

    def woken() -> Seen:
        send(link, broker, topic, ["1", "2", "3"])
        return burst(link, broker, way, tmp_path, **options)

    def good(seen: Seen) -> None:
        assert seen.said["result"][0] is True and seen.said["got"] == [b"1", b"2", b"3"]
        assert seen.types == [CONNECT, PUBACK, DISCONNECT]

    best(woken, trips * 50 + MARGIN_MS, good)
    assert burst(link, broker, way, tmp_path, **options).said["got"] == []  # they were acknowledged


@ways
def test_without_a_subscription_nothing_is_waited_for(link: Link, quick: FarBroker, tmp_path: Path, way: str) -> None:
    link.set_rtt(50)
    seen = best(lambda: burst(link, quick, way, tmp_path, publish=[RECORD], clean=True), 2.1 * 50 + 5)
    assert seen.types == [CONNECT, DISCONNECT]


def test_step_by_step_costs_one_round_trip_more(link: Link, quick: FarBroker, tmp_path: Path) -> None:
    link.set_rtt(50)
    options = {"publish": [RECORD], "subscribe": COMMANDS, "pipeline": False}
    seen = best(lambda: burst(link, quick, "blocking", tmp_path, **options), 3.1 * 50 + MARGIN_MS)
    assert seen.types == [CONNECT, 0x32, DISCONNECT]
    assert seen.phase.ms >= 3 * 50


_DELAYING = """\
import sys
from mqtt import blocking, burst, transport

usual = transport.open

async def open(*where):
    sock = await usual(*where)
    sock.setsockopt(6, 12, 0)  # TCP_QUICKACK of linux/tcp.h off: acknowledgements wait for company
    return sock

transport.open = open
record = ("node/readings", b"21.4", False, 1, 7, False)
blocking.run(
    burst.exchange(sys.argv[1], port=int(sys.argv[2]), client_id="delaying", publish=[record], subscribe=[("node/set", 1)])
)
"""
_DELAY_MS = 40  # Linux's TCP_DELACK_MIN; RFC 9293, 3.8.6.3 allows 500, lwIP has 250


@pytest.mark.parametrize(("name", "waits"), [("quick", 0), ("default", 1)])
def test_a_node_that_delays_acknowledgements_pays_for_the_brokers_nagle(
    link: Link, request: pytest.FixtureRequest, tmp_path: Path, name: str, waits: int
) -> None:
    broker: FarBroker = request.getfixturevalue(name)
    link.set_rtt(20)
    least = (2 + waits) * 20 + waits * _DELAY_MS
    seen = best(lambda: program(link, tmp_path, _DELAYING, broker.host, broker.port), least + 0.1 * 20 + MARGIN_MS)
    assert seen.phase.ms >= least
    assert seen.types == [CONNECT, DISCONNECT]
