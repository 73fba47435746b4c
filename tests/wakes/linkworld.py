"""A node in a Wi-Fi that changes, and what each of its wakes asked of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from dormouse.virtual.board import VirtualBoard, World
from dormouse.virtual.faults import Trace
from dormouse.virtual.mesh import Attempt, WifiMesh
from nodes import MakeNode

SPEED = 8
MAX_AWAKE_S = 20
SLACK_MS = 100


@dataclass
class Seen:
    """One wake. scans, leases: how many. names: asked of the name server. attempts: to associate. calls: of the radio."""

    board: str
    output: str
    awake_ms: int
    scans: int
    leases: int
    names: list[str]
    attempts: list[Attempt]
    calls: list[tuple[str, dict[str, Any]]]

    @property
    def delivered(self) -> bool:
        return "delivered" in self.output and "failed" not in self.output

    @property
    def quiet(self) -> bool:
        """Whether nothing was asked that was known. The ESP8266's SDK joins before the program runs, and may have asked."""
        return self.scans == 0 and self.names == [] and (self.leases == 0 or self.board == "esp8266")


class Meshed:
    """A node and its network."""

    def __init__(self, node: VirtualBoard, mesh: WifiMesh) -> None:
        self.node = node
        self.mesh = mesh

    def wake(self) -> Seen:
        """The next wake that measures: sleeps may be made of several."""
        while True:
            trace = self.node.faults = Trace()
            scans, leases, attempts = self.mesh.scans, self.mesh.leases, len(self.mesh.attempts)
            wake = self.node.run_wake()
            assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
            # By the supervisor's clock; the host's own delays are none of the node's.
            assert wake.awake_ms <= MAX_AWAKE_S * 1000 / self.node.speed + SLACK_MS + wake.waited_ms, wake.phases
            if any(phase[0] == "measure" for phase in wake.phases):
                break
        return Seen(
            self.node.model.name,
            wake.output,
            wake.awake_ms,
            self.mesh.scans - scans,
            self.mesh.leases - leases,
            [call.detail for call in trace.calls if call.name == "dns"],
            self.mesh.attempts[attempts:],
            [tuple(json.loads(call.detail)) for call in trace.calls if call.name == "wifi"],
        )


MakeMeshed = Callable[..., Meshed]


@pytest.fixture
def meshed(make_node: MakeNode) -> MakeMeshed:
    """meshed(board, broker, mesh=WifiMesh(), speed=8, **as make_node) -> Meshed. broker.lan is this machine."""

    def make(board: str, broker: str, mesh: WifiMesh | None = None, speed: int = SPEED, **more: Any) -> Meshed:
        world = World(wifi=mesh or WifiMesh())
        world.dns.table["broker.lan"] = "127.0.0.1"
        settings = {"WAKE_EVERY_S": 900, "SENSORS": {}, "MAX_AWAKE_S": MAX_AWAKE_S, **more}
        node = make_node(board, options={"speed": speed, "world": world}, BROKER=broker, **settings)
        node.cause = "deepsleep"  # no service window, which comes after a power-up
        assert isinstance(world.wifi, WifiMesh)
        return Meshed(node, world.wifi)

    return make
