"""What a type of battery is: how much of its charge can be used, and how much it loses by itself. Host only.

Every number has its source beside it; "chosen" is said where there is none.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from dormouse.errors import DormouseError

ROOM_C = 20.0
_DOUBLES_C = 10.0  # what is lost by itself doubles with each 10 degrees (owiki, Self-discharge)
_STRETCHED = 4  # times as long is the interval below stretch_below_v (src/node/schedule.py's callers: interval_s << 2)


class Spread(NamedTuple):
    """A number that is not known exactly: the lowest, the likely, the highest."""

    low: float
    typical: float
    high: float

    def times(self, factor: float) -> Spread:
        """Each of the three multiplied."""
        return Spread(self.low * factor, self.typical * factor, self.high * factor)


@dataclass(frozen=True)
class Cell:
    """A type of battery.

    loss: part of the capacity lost in a month at 20 degrees Celsius. cold: (degrees, part of the capacity that can be taken),
    rising; between two a straight line. shelf_months: after that it is to be replaced, whatever was taken from it.
    volts: on average, for what a divider draws. step_up: how many mA it gives for each mA of the board; above 1 where a
    converter has to raise its voltage.
    """

    title: str
    loss: Spread
    loss_source: str
    cold: tuple[tuple[float, float], ...]
    cold_source: str
    shelf_months: float
    shelf_source: str
    volts: float
    step_up: float = 1.0
    step_up_source: str = ""

    def loss_at(self, celsius: float) -> Spread:
        """The part of the capacity lost in a month at a temperature. In the cold it is not taken for less."""
        return self.loss.times(2 ** (max(0.0, celsius - ROOM_C) / _DOUBLES_C))

    def usable_at(self, celsius: float) -> float:
        """The part of the capacity that can be taken at a temperature, 0 to 1."""
        below, part = self.cold[0]
        if celsius <= below:
            return part
        for above, more in self.cold[1:]:
            if celsius <= above:
                return part + (more - part) * (celsius - below) / (above - below)
            below, part = above, more
        return part


_LITHIUM_COLD = ((-20.0, 0.6), (20.0, 1.0))
_LITHIUM_COLD_SOURCE = (
    "at -20 °C at least 60 % of what it gives at 20 °C (specification of a lithium cell, temperature characteristics: "
    "lopezirrigation-landscaping.com, product 108979); between them a line"
)
_ALKALINE_LOSS = Spread(0.02 / 12, 0.03 / 12, 0.05 / 12)
_ALKALINE_LOSS_SOURCE = "2 to 3 % a year, 5 % in the warm (hdp-power.com; experts123)"
_ALKALINE_COLD = ((-20.0, 0.5), (20.0, 1.0))
_ALKALINE_COLD_SOURCE = "chosen: at -20 °C half of it; the cells are specified down to -18 °C (Energizer E91 datasheet)"
_ALKALINE_SHELF = 120.0
_ALKALINE_SHELF_SOURCE = "shelf life of ten years (Energizer E91 datasheet)"

CELLS = {
    "lipo": Cell(
        "lithium polymer cell",
        Spread(0.02, 0.05, 0.06),
        "about 5 % a month (owiki, Self-discharge); from 2 %, a good cell, to 6 %, 3 % of a cell and 3 % of its protection "
        "circuit (hdp-power.com)",
        _LITHIUM_COLD,
        _LITHIUM_COLD_SOURCE,
        60.0,
        "chosen: after five years a cell has aged, used or not",
        3.7,
    ),
    "lifepo4": Cell(
        "lithium iron phosphate cell",
        Spread(0.02, 0.03, 0.06),
        "2 to 3 % a month as lithium ion (hdp-power.com); 6 % with a protection circuit",
        _LITHIUM_COLD,
        _LITHIUM_COLD_SOURCE,
        60.0,
        "chosen: after five years a cell has aged, used or not",
        3.2,
    ),
    "2xaa": Cell(
        "two alkaline AA cells",
        _ALKALINE_LOSS,
        _ALKALINE_LOSS_SOURCE,
        _ALKALINE_COLD,
        _ALKALINE_COLD_SOURCE,
        _ALKALINE_SHELF,
        _ALKALINE_SHELF_SOURCE,
        2.5,
        3.3 / (2.5 * 0.85),
        "a converter raises 2.5 V to the board's 3.3 V at 85 % (MCP1640 and the like: 80 to 90 %, less at microamperes)",
    ),
    "3xaa": Cell(
        "three alkaline AA cells",
        _ALKALINE_LOSS,
        _ALKALINE_LOSS_SOURCE,
        _ALKALINE_COLD,
        _ALKALINE_COLD_SOURCE,
        _ALKALINE_SHELF,
        _ALKALINE_SHELF_SOURCE,
        3.7,
    ),
}


@cache
def _gauge(root: Path) -> ModuleType:
    # The board's own file, which is pure: percent(kind, millivolts).
    path = root / "power" / "battery.py"
    spec = importlib.util.spec_from_file_location("dormouse_power_battery", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise DormouseError("no power/battery.py: this copy of the template is not complete")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def left(root: Path, kind: str, volts: float) -> float:
    """What is left in a battery at a voltage, 0 to 1, by the board's own curve (power/battery.py)."""
    return _gauge(root).percent(kind, round(volts * 1000)) / 100


def stages(root: Path, battery: Mapping[str, Any]) -> Sequence[tuple[float, int]]:
    """How the settings' BATTERY is used up: (part of the capacity, how many times the interval is then as long).

    Down to stretch_below_v as configured; from there four times less often; at stop_below_v the radio stays off, which ends
    what the node is for: what is left then does not count.
    """
    kind = battery.get("type", "lipo")
    stop = left(root, kind, battery["stop_below_v"]) if battery.get("stop_below_v") else 0.0
    stretch = left(root, kind, battery["stretch_below_v"]) if battery.get("stretch_below_v") else stop
    stretch = max(stretch, stop)
    return ((1 - stretch, 1), (stretch - stop, _STRETCHED))
