"""Batches of more than one segment: everything is acknowledged, and only TCP's windows cost round trips.

The bounds: one round trip for the handshake, one for each flight that the window lets out, and one more where the broker's
Nagle holds its answers back (RFC 896). A flight is 10 segments at first (RFC 6928) and twice as many each time (RFC 5681).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from linkkit import MARGIN_MS, WAYS, Seen, best, burst

from dormouse.rtt.far_broker import FarBroker
from dormouse.rtt.link import Link

_MSS = 1448  # Ethernet's 1500 without the headers of IPv4 and TCP with timestamps (RFC 7323)
_RTT = 50
_SLACK = 1.05  # what "2.1 round trips" leaves for each
ways = pytest.mark.parametrize("way", WAYS)


def records(count: int, size: int) -> list[tuple[str, bytes, bool, int, int, bool]]:
    return [("node/readings", b"x" * size, False, 1, 0, False) for _ in range(count)]


@ways
@pytest.mark.parametrize(("name", "nagle"), [("quick", 0), ("default", 1)])
@pytest.mark.parametrize(("count", "size", "flights"), [(6, 500, 1), (20, 1480, 2)], ids=["3 kB", "30 kB"])
def test_large_windows(
    link: Link,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    way: str,
    name: str,
    nagle: int,
    count: int,
    size: int,
    flights: int,
) -> None:
    broker: FarBroker = request.getfixturevalue(name)
    link.set_rtt(_RTT)
    batch = records(count, size)

    def good(seen: Seen) -> None:
        assert seen.said["acked"] == [1] * count
        assert seen.phase.segments == -(-(seen.phase.octets - 2) // _MSS) + 1  # full ones, and DISCONNECT

    best(
        lambda: burst(link, broker, way, tmp_path, publish=batch, subscribe=[("node/set", 1)]),
        (1 + flights + nagle) * _RTT * _SLACK + MARGIN_MS,
        good,
    )


@ways
def test_a_small_send_buffer_and_partial_writes(narrow: Link, narrow_quick: FarBroker, tmp_path: Path, way: str) -> None:
    narrow.set_rtt(_RTT)
    batch = records(20, 1480)
    flights = -(-30_000 // (2 * _MSS))

    def good(seen: Seen) -> None:
        assert seen.said["acked"] == [1] * 20
        assert seen.phase.octets > 29_000 and seen.phase.repeated == 0
        # It did not go in one piece: no more than the window was ever under way.
        assert max(b.at_ns - a.at_ns for a, b in zip(seen.data, seen.data[1:])) / 1e6 > _RTT * 0.9

    best(
        lambda: burst(narrow, narrow_quick, way, tmp_path, publish=batch, subscribe=[("node/set", 1)]),
        (1 + flights) * _RTT * _SLACK + MARGIN_MS,
        good,
    )
