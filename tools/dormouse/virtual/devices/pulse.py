"""A part that pulls a pin low at a rate: the open collector of a flow meter, the contact of an anemometer.

Half of each period low. Its edges come by the board's own ticks: --speed does not make it faster, since the window that counts
them is not divided either.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from dormouse.virtual.devices import DigitalDevice
from dormouse.virtual.devices.scene import Scene


class Pulse(DigitalDevice):
    """One pulse giver. scene: gives pulse_hz; its failure "pulse" is "open" (no wire: no edges) or "stuck" (always low)."""

    def __init__(self, scene: Scene, pin: str) -> None:
        self.pin = pin
        self._scene = scene
        self._powered = False
        self._edge: tuple[float, int] | None = None  # the last one looked at

    def power(self, on: bool) -> None:
        """Switch the supply: without one it leaves the pin alone."""
        self._powered = on

    def next_edge(self, after_ms: float) -> tuple[float, int] | None:
        """The next edge after a time, and the level from then on; None: none comes as things are."""
        hz = self._scene.value("pulse_hz")
        if not self._powered or self._scene.failure("pulse") or hz <= 0:
            return None
        half_ms = 500 / hz
        at_ms, level = self._edge or (after_ms, 1)
        steps = math.floor((after_ms - at_ms) / half_ms + 1e-6) + 1
        # Where the rate has changed meanwhile, the wave goes on from the edge before.
        self._edge = at_ms + (steps - 1) * half_ms, level ^ ((steps - 1) & 1)
        return self._edge[0] + half_ms, 1 - self._edge[1]

    def level(self, at_ms: float, otherwise: int) -> int:
        """The level now. otherwise: that of the pin when nothing pulls it."""
        if self._powered and self._scene.failure("pulse") == "stuck":
            return 0
        edge = self.next_edge(at_ms)
        return 0 if edge and edge[1] else otherwise


def make(_: Callable[[], float], scene: Scene, options: Mapping[str, Any]) -> Pulse:
    """The part that a sensor's entry in config.py describes."""
    return Pulse(scene, str(options.get("pin")))
