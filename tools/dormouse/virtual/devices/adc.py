"""A voltage behind a divider at an ADC pin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dormouse.virtual.devices import AnalogDevice
from dormouse.virtual.devices.scene import Scene


class Voltage(AnalogDevice):
    """scene: gives signal_v; its failure "adc" is "open": nothing drives the pin. ratio: (voltage, pin voltage)."""

    def __init__(self, scene: Scene, pin: str, ratio: tuple[float, float] = (1, 1)) -> None:
        self.pin = pin
        self._scene = scene
        self._ratio = ratio
        self._powered = True

    def power(self, on: bool) -> None:
        """Switch the supply."""
        self._powered = on

    def mv(self) -> float:
        """The millivolts at the pin; a divider pulls a pin that nothing drives to 0."""
        if not self._powered or self._scene.failure("adc"):
            return 0.0
        return max(0.0, 1000 * self._scene.value("signal_v") * self._ratio[1] / self._ratio[0])


def make(_: Callable[[], float], scene: Scene, options: Mapping[str, Any]) -> Voltage:
    """The part that a sensor's entry in config.py describes."""
    return Voltage(scene, str(options.get("pin")), options.get("ratio", (1, 1)))
