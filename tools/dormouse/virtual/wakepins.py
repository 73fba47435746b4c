"""Pins that something outside drives: their levels over time, and when one of them ends a sleep."""

from __future__ import annotations

import bisect
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .world import World

EXT0, EXT1, GPIO = 2, 3, 7  # esp_sleep_wakeup_cause_t
WKUP = ("A0", "A2", "C1", "C13")  # STM32F7: a flag each in PWR_CSR2, from bit 0

Armed = dict[
    int, list[tuple[str, int]]
]  # by what watches them, of the above or 0 for the STM32's WKUP inputs: pin, level


def level(world: World, pin: str, now_s: float, otherwise: int = 0) -> int:
    """The level at a pin. now_s: of the world's clock. otherwise: of a pin that nobody drives."""
    edges = world.edges.get(pin, ())
    at = bisect.bisect_right(edges, (now_s, math.inf))
    return edges[at - 1][1] if at else world.inputs.get(pin, otherwise)


def ends(world: World, armed: Armed, begin_s: float, end_s: float) -> tuple[float, int] | None:
    """When an armed pin ends a sleep from begin_s to end_s, and what the board is told: EXT0, EXT1, GPIO or PWR_CSR2's flags.

    All watch a level. The STM32's WKUP inputs look for an edge, but one that is at its level when it is armed counts as one
    (RM0431, PWR_CSR2, note on WUPF).
    """
    pins = {pin for watched in armed.values() for pin, _ in watched}
    times = sorted({begin_s, *(at for pin in pins for at, _ in world.edges.get(pin, ()) if begin_s < at < end_s)})
    for at in times:
        for source, watched in armed.items():
            there = [pin for pin, wanted in watched if level(world, pin, at) == wanted]
            # EXT1's low is all of them low (ESP_EXT1_WAKEUP_ALL_LOW).
            if there and (source != EXT1 or watched[0][1] or len(there) == len(watched)):
                return at, told(source, there)
    return None


def told(source: int, pins: list[str]) -> int:
    """What the board is told of pins that ended its sleep: EXT0, EXT1, GPIO, or PWR_CSR2's flags where source is 0."""
    return source or sum(1 << WKUP.index(pin) for pin in pins)
