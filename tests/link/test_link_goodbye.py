"""What has left the node when a burst returns: the radio may be switched off the moment after.

The program itself asks the kernel, OutSegs of /proc/net/snmp (RFC 4022, tcpOutSegs); the link's record says which they were.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from linkkit import WAYS, Seen, program, send

from dormouse.rtt.far_broker import FarBroker
from dormouse.rtt.link import Link
from dormouse.rtt.packets import FIN

_PROGRAM = """\
import sys
from mqtt.burst import exchange

def sent():
    with open("/proc/net/snmp") as file:
        names, values = [line.split() for line in file if line.startswith("Tcp:")]
    return int(values[names.index("OutSegs")])

before = sent()
record = ("node/readings", b"21.4", False, 1, 0, False)
burst = exchange(
    sys.argv[1], port=int(sys.argv[2]), client_id=sys.argv[4], publish=[record], subscribe=[(sys.argv[4], 1)],
    on_message=lambda *message: None,
)
if sys.argv[3] == "blocking":
    from mqtt import blocking
    result = blocking.run(burst)
else:
    import asyncio
    result = asyncio.run(burst)
print(repr((sent() - before, result[2])))
"""
_DISCONNECT = b"\xe0\0"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("commands", [0, 3])
def test_disconnect_has_left_the_network_stack_when_a_burst_returns(
    link: Link, quick: FarBroker, tmp_path: Path, way: str, commands: int
) -> None:
    link.set_rtt(50)
    name = f"goodbye-{way}-{commands}"

    def once() -> Seen:
        return program(link, tmp_path, _PROGRAM, quick.host, quick.port, way, name)

    once()  # the session begins
    if commands:
        send(link, quick, name, [str(number) for number in range(commands)])
    seen = once()
    left, received = ast.literal_eval(seen.output)
    assert received == commands
    assert seen.data[-1].payload == _DISCONNECT
    order = [segment for segment in seen.all if segment.from_node]
    last = max(number for number, segment in enumerate(order, 1) if segment.payload or segment.flags & FIN)
    assert left >= last
    assert order[last - 1].flags & FIN
