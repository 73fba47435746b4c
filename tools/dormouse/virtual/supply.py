"""What feeds the parts of a virtual board: its own supply, which the board may switch (the rail), or a pin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .models import BoardModel


def fed(device: Any, model: BoardModel, rail_on: bool, pins: Mapping[str, int]) -> bool:
    """Whether a part has a supply. rail_on: whether the board's is on. pins: the levels of the pins that are driven."""
    supply = getattr(device, "supply", None)
    return rail_on if supply is None else pins.get(_pin(supply[0], model)) == supply[1]


def pins_of(devices: Iterable[Any], model: BoardModel) -> set[str]:
    """The pins that feed a part, as the chip names them."""
    return {_pin(device.supply[0], model) for device in devices if getattr(device, "supply", None)}


def switch(devices: Iterable[Any], model: BoardModel, rail_on: bool, pins: Mapping[str, int]) -> None:
    """Tell each part whether it has a supply; arguments as for fed()."""
    for device in devices:
        device.power(fed(device, model, rail_on, pins))


def _pin(name: str, model: BoardModel) -> str:
    return model.pins.get(name, name)
