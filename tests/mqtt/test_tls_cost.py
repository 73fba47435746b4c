"""What TLS costs a sleeper, measured: the table in docs/tls.md, which `python tests/mqtt/test_tls_cost.py` makes anew.

Sizes are checked against it, times only for being there: they are this machine's.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]

from clientkit import ROOT, FakeBroker
from tlskit import Authority, Relay, authority

from brokers import Mosquitto
from dormouse import mpy
from dormouse.footprint import smallest
from programs import find_micropython, find_program

_PAGE = ROOT / "docs" / "tls.md"
_START, _END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
_PROGRAM = """
import gc, sys
from time import ticks_diff, ticks_ms
from mqtt import blocking
from mqtt.burst import exchange
ca = sys.argv[2]
ssl = None
if ca:
    from mqtt.tls import context
    ssl, _ = context(True, {"cadata": ca}, "127.0.0.1")
acked = bytearray(2)
publish = [("node/r", b'{"seq": 1, "air": {"temperature_c": 21.42}}', False, 1, 7, False), ("node/s", b"up", True, 1, 8, False)]
start = ticks_ms()
blocking.run(exchange("127.0.0.1", "cost", int(sys.argv[1]), publish, [("c/#", 1)], acked=acked, quiet_ms=0, ssl=ssl))
ms = ticks_diff(ticks_ms(), start)
print("done", acked == b"\\1\\1", ms)
"""


@dataclass
class Cost:
    """One burst of two records. ms: from the first SYN to the end. The rest: bytes."""

    ms: float
    up: int
    down: int
    heap: int


class Node:
    """The compiled client in a folder, run as often as needed."""

    def __init__(self, folder: Path, ca: Path | None) -> None:
        found = find_micropython()
        if found is None:
            pytest.skip("no MicroPython interpreter: install the project, or set $MICROPYTHON")
        self._program = found
        self._folder = folder
        self._ca = str(ca or "")
        (folder / "mqtt").mkdir(parents=True)
        for path in (ROOT / "src" / "mqtt").glob("*.py"):
            if path.stem != "cpython":
                (folder / "mqtt" / f"{path.stem}.mpy").write_bytes(mpy.compile_module(path, f"mqtt/{path.name}"))
        source = folder.parent / "measured.py"
        source.write_text(_PROGRAM)
        (folder / "measured.mpy").write_bytes(mpy.compile_module(source, "measured.py"))

    def run(self, port: int, heap: int = 1 << 20) -> int | None:
        """One burst: milliseconds; None: it failed."""
        command = [self._program, "-X", f"heapsize={heap}", "-m", "measured", str(port), self._ca]
        environment = {**os.environ, "MICROPYPATH": ".frozen"}
        done = subprocess.run(command, cwd=self._folder, env=environment, capture_output=True, text=True, timeout=20)
        found = re.search(r"^done True (\d+)$", done.stdout, re.MULTILINE)
        return int(found[1]) if found else None


def measure(node: Node, port: int) -> Cost:
    """Measure bursts to the broker on this port."""
    relay = Relay(port)
    with FakeBroker(relay) as link:
        assert node.run(link.port) is not None
        time.sleep(0.1)
    runs = [run for _ in range(7) if (run := node.run(port)) is not None]
    assert len(runs) == 7
    heap = smallest(lambda size: node.run(port, size) is not None)
    return Cost(statistics.median(runs), relay.bytes_up, relay.bytes_down, heap)


def measure_all(folder: Path, broker: Callable[..., Mosquitto]) -> dict[str, Cost]:
    """Measure a plain burst, and TLS with certificates of both kinds (one in the chain, the authority's being EC)."""
    trusted: Authority = authority()
    trusted.certify("rsa", "IP:127.0.0.1", kind="rsa")
    ca = Path(trusted.path("ca.der"))
    return {
        "plain": measure(Node(folder / "plain", None), broker().port),
        "TLS, EC P-256": measure(Node(folder / "ec", ca), broker(*trusted.broker()).port),
        "TLS, RSA 2048": measure(Node(folder / "rsa", ca), broker(*trusted.broker("rsa")).port),
    }


def table(costs: dict[str, Cost]) -> str:
    """The table of docs/tls.md."""
    rows = {
        "time, ms": [f"{cost.ms:.0f}" for cost in costs.values()],
        "bytes sent by the node": [str(cost.up) for cost in costs.values()],
        "bytes received": [str(cost.down) for cost in costs.values()],
        "smallest heap, bytes": [str(cost.heap) for cost in costs.values()],
    }
    lines = [f"| one burst, two records | {' | '.join(costs)} |", "|---|" + "---:|" * len(costs)]
    return "\n".join(lines + [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]) + "\n"


def written() -> dict[str, list[int]]:
    """The table that docs/tls.md has."""
    text = _PAGE.read_text().split(_START)[1].split(_END)[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]
    return {name: [int(cell) for cell in row] for name, *row in cells}


def test_the_manual_says_what_is_measured(mosquitto_factory: Callable[..., Mosquitto], tmp_path: Path) -> None:
    costs = list(measure_all(tmp_path, mosquitto_factory).values())
    said = written()
    assert all(ms > 0 for ms in said["time, ms"][1:])
    for name, found, tolerance in (
        ("bytes sent by the node", [cost.up for cost in costs], 60),  # signatures and certificates differ by some bytes
        ("bytes received", [cost.down for cost in costs], 60),
        ("smallest heap, bytes", [cost.heap for cost in costs], 1024),
    ):
        assert said[name] == [pytest.approx(value, abs=tolerance) for value in found], name


def test_the_handshake_costs_two_round_trips(mosquitto_factory: Callable[..., Mosquitto], tmp_path: Path) -> None:
    # A full TLS 1.2 handshake (RFC 5246, 7.3).
    turns = []
    for folder, ca, lines in (("plain", None, ()), ("tls", Path(authority().path("ca.der")), authority().broker())):
        relay = Relay(mosquitto_factory(*lines).port)
        with FakeBroker(relay) as link:
            assert Node(tmp_path / folder, ca).run(link.port) is not None
        turns.append(relay.turns)
    assert turns == [1, 3]


def main() -> None:
    """Put the measured table into docs/tls.md."""
    program = find_program("mosquitto")
    if program is None:
        raise SystemExit("mosquitto is not installed")
    started: list[Mosquitto] = []

    def broker(*lines: str) -> Mosquitto:
        folder = Path(here) / f"mosquitto{len(started)}"
        folder.mkdir()
        started.append(Mosquitto(program, folder, lines, anonymous=True).start())
        return started[-1]

    with tempfile.TemporaryDirectory() as here:
        try:
            text = table(measure_all(Path(here), broker))
        finally:
            for each in started:
                each.stop()
    before, _, rest = _PAGE.read_text().partition(_START)
    _PAGE.write_text(before + _START + text + _END + rest.partition(_END)[2])
    print(text, end="")


if __name__ == "__main__":
    main()
