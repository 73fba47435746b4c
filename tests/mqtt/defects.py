"""mqtt_as's weaknesses brought back, one at a time: what to change in src/ so that the client has the defect again.

Each `old` text stands once in its file. test_defects.py checks that the test named goes red with `new` in its place. The table
is in defects_life.py and defects_bytes.py.
"""

from __future__ import annotations

from typing import NamedTuple


class Defect(NamedTuple):
    """weakness: W1 to W26. test: file (below tests/mqtt, without .py) :: test id. path: below src/."""

    weakness: int
    test: str
    path: str
    old: str
    new: str


CLIENT, CONNECTION, KEEP, SESSION = "mqtt/client.py", "mqtt/connection.py", "mqtt/keep.py", "mqtt/session.py"
PACKET, PARSER, BURST, WLAN = "mqtt/packet.py", "mqtt/parser.py", "mqtt/burst.py", "mqtt/wlan.py"
TRANSPORT, QUEUE, ERRORS = "mqtt/transport.py", "mqtt/queue.py", "mqtt/errors.py"

MP = "[micropython]"
STUCK, INPUT, OUTPUT, POWER = (f"test_weaknesses_{name}::test_" for name in ("stuck", "input", "output", "power"))
CANCEL, RESUME, OUTAGE = (f"test_client_{name}::test_" for name in ("cancel", "session", "outage"))
ANSWERS = "test_client_answers::test_"
