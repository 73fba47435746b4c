"""The always-on client over a real round-trip time: a segment for each packet, and TCP_NODELAY, which keeps them from waiting.

Nagle's algorithm (RFC 896) holds a small segment back while an earlier one is unacknowledged.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from linkkit import ROOT, Seen, best, program

from dormouse.rtt.far_broker import FarBroker
from dormouse.rtt.link import Link

_SESSION = """\
import asyncio, sys
from mqtt import MQTTClient

async def main():
    client = MQTTClient({"client_id": "always-on", "server": sys.argv[1], "port": int(sys.argv[2])})
    await client.connect(quick=True)
    await client.subscribe("node/set", 1)
    await client.publish("node/readings", "21.4", qos=1)
    await client.disconnect()

asyncio.run(main())
"""

_AT_ONCE = """\
import asyncio, sys
from mqtt import MQTTClient

async def main():
    client = MQTTClient({"client_id": "at-once", "server": sys.argv[1], "port": int(sys.argv[2])})
    await client.connect(quick=True)
    await asyncio.gather(*(client.publish("node/%d" % i, "21.4", qos=1) for i in range(3)))
    await client.disconnect()

asyncio.run(main())
"""
_NODELAY = "sock.setsockopt("
_RTT = 50
CONNECT, PUBLISH, SUBSCRIBE, DISCONNECT = 0x10, 0x32, 0x82, 0xE0


@pytest.mark.parametrize("name", ["quick", "default"])
@pytest.mark.parametrize("rtt", [20, 100])
def test_one_round_trip_and_one_segment_for_each_packet(
    link: Link, request: pytest.FixtureRequest, tmp_path: Path, name: str, rtt: int
) -> None:
    broker: FarBroker = request.getfixturevalue(name)
    link.set_rtt(rtt)

    def good(seen: Seen) -> None:
        assert seen.types == [CONNECT, SUBSCRIBE, PUBLISH, DISCONNECT]
        assert seen.phase.connections == 1

    best(lambda: program(link, tmp_path, _SESSION, broker.host, broker.port), 4.1 * rtt + 25, good)


def test_publishes_made_at_once_leave_at_once(link: Link, quick: FarBroker, tmp_path: Path) -> None:
    link.set_rtt(_RTT)

    def good(seen: Seen) -> None:
        assert seen.types == [CONNECT, PUBLISH, PUBLISH, PUBLISH, DISCONNECT]

    best(lambda: program(link, tmp_path, _AT_ONCE, quick.host, quick.port), 3.1 * _RTT + 25, good)


def test_without_nodelay_they_would_wait_for_each_other(link: Link, quick: FarBroker, tmp_path: Path) -> None:
    source = tmp_path / "src"
    shutil.copytree(ROOT / "src" / "mqtt", source / "mqtt")
    transport = source / "mqtt" / "transport.py"
    lines = transport.read_text().splitlines()
    assert sum(_NODELAY in line for line in lines) == 1
    transport.write_text("\n".join(line.split(_NODELAY)[0] + "pass" if _NODELAY in line else line for line in lines))
    link.set_rtt(_RTT)
    seen = program(link, tmp_path, _AT_ONCE, quick.host, quick.port, source=source)
    assert seen.types == [CONNECT, PUBLISH, PUBLISH, DISCONNECT]  # the last two in one segment, after the first's answer
    assert seen.phase.ms >= 4 * _RTT
