"""Measuring clients: each program again and again over the link, the packets counted from outside."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dormouse.errors import DormouseError
from dormouse.rtt.clients import Client
from dormouse.rtt.far_broker import FarBroker
from dormouse.rtt.link import Link
from dormouse.rtt.packets import Phase, phase

_PROGRAM_S = 60.0
_FIRST_PORT = 1883


@dataclass(frozen=True)
class Row:
    """One client over one round-trip time to one broker. nodelay: the broker's set_tcp_nodelay. phases: one for each run."""

    client: str
    nodelay: bool
    rtt_ms: float
    phases: list[Phase] = field(default_factory=list)

    @property
    def ms(self) -> float:
        """The network phase, median of the runs."""
        return statistics.median(phase.ms for phase in self.phases)

    @property
    def closed_ms(self) -> float:
        """From the first SYN to the FIN, until when the client needs the network, median of the runs."""
        return statistics.median(phase.closed_ms for phase in self.phases)

    @property
    def round_trips(self) -> float:
        """The same in round trips."""
        return self.ms / self.rtt_ms

    @property
    def segments(self) -> tuple[int, int]:
        """Segments with data sent by the client, the fewest and the most of the runs."""
        counts = [phase.segments for phase in self.phases]
        return min(counts), max(counts)


def measure(clients: Sequence[Client], rtts_ms: Sequence[float], runs: int, progress: Callable[[str], None]) -> list[Row]:
    """Run every client over every round-trip time to mosquitto with set_tcp_nodelay and without.

    Arguments: rtts_ms, in ms, above 0; runs, of each; progress, told before each run what it is.
    Raises DormouseError without root or mosquitto, or with a client's last words when it fails.
    """
    rows = []
    with Link() as link, FarBroker(link, True, _FIRST_PORT) as quick, FarBroker(link, False, _FIRST_PORT + 1) as default:
        for client in clients:
            for broker in (quick, default):
                for rtt_ms in rtts_ms:
                    link.set_rtt(rtt_ms)
                    row = Row(client.name, broker.nodelay, rtt_ms)
                    for _ in range(runs):
                        progress(f"{client.name}, RTT {rtt_ms:g} ms, {broker_name(broker.nodelay)}")
                        row.phases.append(once(link, client, broker))
                    rows.append(row)
    return rows


def once(link: Link, client: Client, broker: FarBroker) -> Phase:
    """Run a client's program once; its network phase. Raises DormouseError with its last words when it fails."""
    link.take()
    with tempfile.TemporaryDirectory(prefix="dormouse-bench-") as folder:
        command, environment = client.command(Path(folder), broker.host, broker.port)
        try:
            done = link.run(command, _PROGRAM_S, Path(folder), environment)
        except subprocess.TimeoutExpired as error:
            raise DormouseError(f"{client.name} has not ended in {_PROGRAM_S:g} s") from error
    words = done.stdout.strip().splitlines() or ["no word"]
    if done.returncode or words[-1] != "done":
        raise DormouseError(f"{client.name} fails: {words[-1]}")
    return phase(link.take())


def broker_name(nodelay: bool) -> str:
    """How mosquitto is set up, in words."""
    return "set_tcp_nodelay true" if nodelay else "mosquitto's default"
