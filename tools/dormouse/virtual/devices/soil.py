"""A capacitive soil moisture probe: fewer millivolts in wetter soil, straight between its two points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dormouse.virtual.devices import AnalogDevice
from dormouse.virtual.devices.scene import Scene


class Probe(AnalogDevice):
    """scene: gives soil_pct; its failure "soil" is "open" (the wire is off) or "stuck" (shorted to its supply).

    dry_mv, wet_mv: at the pin, in soil of 0 and of 100 %.
    """

    def __init__(self, scene: Scene, pin: str, dry_mv: float, wet_mv: float) -> None:
        self.pin = pin
        self._scene = scene
        self._dry_mv = dry_mv
        self._wet_mv = wet_mv
        self._powered = True

    def power(self, on: bool) -> None:
        """Switch the supply. Its smoothing is not modelled: how long one takes is nowhere published."""
        self._powered = on

    def mv(self) -> float:
        """The millivolts at the pin; without wire or supply 0."""
        failure = self._scene.failure("soil")
        if failure == "stuck":
            return 3300.0
        if not self._powered or failure:
            return 0.0
        return self._dry_mv + (self._wet_mv - self._dry_mv) * self._scene.value("soil_pct") / 100


def make(_: Callable[[], float], scene: Scene, options: Mapping[str, Any]) -> Probe:
    """The part that a sensor's entry in config.py describes."""
    return Probe(scene, str(options.get("pin")), options.get("dry_mv", 2500), options.get("wet_mv", 1200))
