"""The charge of a wake and the life of a battery: a model, from the phases of a wake and the currents of board.toml.

Nothing here is measured on the user's board. Charge is what flows at the supply, in millicoulombs (mA times s).
`dormouse simulate`, `bench --phases` and `battery` all compute with these functions.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dormouse.battery import cells
from dormouse.errors import DormouseError
from dormouse.project import shown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_MILLI = {"uA": 0.001, "mA": 1.0, "A": 1000.0}
HOURS_PER_MONTH = 730.0
# Phases with the radio on: tls and search are only in wakes that dormouse.battery.wakes makes up.
WITH_RADIO = ("link", "search", "clock", "tls", "mqtt", "finish")
# Where a sensor takes longer, the radio starts this long before it is ready (src/node/reading.py, _LINK_MS).
LEAD_MS = 2000


@dataclass(frozen=True)
class Currents:
    """What a board draws, in milliamperes: asleep, with the processor alone, with the radio on (on average)."""

    deepsleep_ma: float
    cpu_ma: float
    radio_ma: float


def read_currents(root: Path, board: str) -> Currents:
    """The currents of boards/BOARD/board.toml, table [currents.NAME] with value and unit. Raises DormouseError."""
    path = root / "boards" / board / "board.toml"
    try:
        table = tomllib.loads(path.read_text("utf-8"))["currents"]
        values = [table[name]["value"] * _MILLI[table[name]["unit"]] for name in ("deepsleep", "cpu", "radio")]
    except (OSError, KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise DormouseError(f"{shown(path)}: no currents to compute with: {error}") from error
    return Currents(*values)


def phases_mc(currents: Currents, phases: Sequence[tuple[str, float, float]]) -> list[tuple[str, float]]:
    """The charge of each phase of one wake, in mC, by name and in the order given.

    Arguments: phases, (name, start in ms, length in ms) as VirtualBoard gives them. In a wake that uses the network the
    radio is started as the measurement begins, or two seconds before it ends, and is off after "finish".
    """
    uploads = "link" in {name for name, _, _ in phases}
    found = []
    for name, _, length_ms in phases:
        with_radio_ms = length_ms if name in WITH_RADIO else min(length_ms, LEAD_MS) if name == "measure" else 0
        with_radio_ms = with_radio_ms if uploads else 0
        charge = currents.radio_ma * with_radio_ms + currents.cpu_ma * (length_ms - with_radio_ms)
        found.append((name, charge / 1000))
    return found


def wake_mc(currents: Currents, phases: Sequence[tuple[str, float, float]]) -> float:
    """The charge of one wake, in mC. Arguments: as phases_mc()."""
    return sum(charge for _, charge in phases_mc(currents, phases))


def life_months(
    currents: Currents,
    charge_mc: float,
    interval_s: float,
    kind: str,
    capacity_mah: float,
    stages: Sequence[tuple[float, int]] = ((1.0, 1),),
    celsius: float = cells.ROOM_C,
) -> float:
    """How long a battery lasts, in months of 730 hours; never longer than such a cell is good for on a shelf.

    Arguments: charge_mc, of an average wake; interval_s, from one wake to the next; kind, BATTERY's type;
    capacity_mah, its capacity; stages, (part of the capacity, how many times the interval is then as long), one after
    another: dormouse.battery.cells.stages(); celsius, where the battery lies.
    """
    cell = cells.CELLS[kind]
    lost_ma = capacity_mah * cell.loss_at(celsius).typical / HOURS_PER_MONTH
    hours = 0.0
    for part, longer in stages:
        average_ma = currents.deepsleep_ma + charge_mc / (interval_s * longer)
        hours += capacity_mah * cell.usable_at(celsius) * part / (average_ma * cell.step_up + lost_ma)
    return min(hours / HOURS_PER_MONTH, cell.shelf_months)
