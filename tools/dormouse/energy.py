"""The charge of a wake and the life of a battery: a model, from the phases of a wake and the currents of board.toml.

Nothing here is measured on the user's board. Charge is what flows at the supply, in millicoulombs (mA times s).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dormouse.errors import DormouseError
from dormouse.project import shown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_MILLI = {"uA": 0.001, "mA": 1.0, "A": 1000.0}
_HOURS_PER_MONTH = 730.0
_WITH_RADIO = ("link", "clock", "mqtt", "finish")

# Loss on the shelf, as a part of the capacity a month. Sources: LiPo about 5 % (owiki, Self-discharge); Li-ion cells 2 to
# 3 % (hdp-power.com), taken for LiFePO4 as well; alkaline 2 to 3 % a year (hdp-power.com).
_SELF_DISCHARGE = {"lipo": 0.05, "lifepo4": 0.03, "2xaa": 0.03 / 12, "3xaa": 0.03 / 12}


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


def wake_mc(currents: Currents, phases: Sequence[tuple[str, int, int]]) -> float:
    """The charge of one wake, in mC.

    Arguments: phases, (name, start in ms, length in ms) as VirtualBoard gives them. In a wake that uses the network the
    radio is started as the measurement begins, and is off after "finish".
    """
    names = {name for name, _, _ in phases}
    with_radio = {*_WITH_RADIO, "measure"} if "link" in names else set()
    return sum(
        (currents.radio_ma if name in with_radio else currents.cpu_ma) * length_ms / 1000 for name, _, length_ms in phases
    )


def life_months(currents: Currents, charge_mc: float, interval_s: float, kind: str, capacity_mah: float) -> float:
    """How long a battery lasts, in months of 730 hours.

    Arguments: charge_mc, of an average wake; interval_s, from one wake to the next; kind, BATTERY's type;
    capacity_mah, its capacity.
    """
    average_ma = currents.deepsleep_ma + charge_mc / interval_s
    self_discharge_ma = capacity_mah * _SELF_DISCHARGE[kind] / _HOURS_PER_MONTH
    return capacity_mah / (average_ma + self_discharge_ma) / _HOURS_PER_MONTH
