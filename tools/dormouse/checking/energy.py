"""The battery: whether the board is made for one, how long it lasts, and whether its limits can be meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from dormouse import drivers
from dormouse.checking import ERROR, WARNING, Finding, Node, rule

_CURVES = {"lipo": ("_LIPO", 1), "lifepo4": ("_LIFEPO4", 1), "2xaa": ("_ALKALINE", 2), "3xaa": ("_ALKALINE", 3)}


def curve(node: Node) -> tuple[float, float]:
    """The volts at which a battery of BATTERY's type is empty and full, as power/battery.py has it."""
    name, cells = _CURVES[node["BATTERY"].get("type", "lipo")]
    points = drivers.constant(node.root / "power" / "battery.py", name)
    return points[-1][0] * cells / 1000, points[0][0] * cells / 1000


@rule("battery-board", WARNING, "`BATTERY` on a board that takes milliamperes asleep", "works for days or weeks")
def battery_board(node: Node) -> Iterator[Finding]:
    why = node.board.get("not_for_batteries")
    if node["BATTERY"] and why:
        yield Finding("BATTERY", f"is set: {node['BOARD']} is not for batteries: {why}")


@rule(
    "battery-short",
    WARNING,
    "a battery that lasts less than `want_months`",
    "works, and is empty before; `dormouse battery` says why",
)
def battery_short(node: Node) -> Iterator[Finding]:
    wanted = (node["BATTERY"] or {}).get("want_months")
    if wanted:
        from dormouse.battery import life  # it reads settings itself

        months = life.months(cast("Any", node), node.root)
        if months < wanted:
            text = f"is {wanted}; by a model that nobody has measured it lasts {months:.1f} months: wake or upload less often"
            yield Finding("BATTERY", text, "want_months")


@rule("battery-stop", ERROR, "`stop_below_v` that a full battery does not reach", "never uploads")
def battery_stop(node: Node) -> Iterator[Finding]:
    stop = (node["BATTERY"] or {}).get("stop_below_v")
    if stop:
        full = curve(node)[1]
        if stop >= full:
            text = f"is {stop}: a full battery of this type has {full:g} V, the radio would never start; allowed: below that"
            yield Finding("BATTERY", text, "stop_below_v")


@rule(
    "battery-limits",
    WARNING,
    "limits of the battery that come too early, too late or in the wrong order",
    "works; one of the two has no effect",
)
def battery_limits(node: Node) -> Iterator[Finding]:
    battery = node["BATTERY"] or {}
    stretch, stop = battery.get("stretch_below_v"), battery.get("stop_below_v")
    if not battery:
        return
    empty, full = curve(node)
    if stretch and stretch >= full:
        yield Finding(
            "BATTERY", f"is {stretch}: below a full battery's {full:g} V it always wakes less often", "stretch_below_v"
        )
    elif stretch and stop and stretch <= stop:
        yield Finding(
            "BATTERY", f"is {stretch}, not above stop_below_v {stop}: it stops before it stretches", "stretch_below_v"
        )
    for name, limit in (("stretch_below_v", stretch), ("stop_below_v", stop)):
        if limit and limit < empty:
            yield Finding("BATTERY", f"is {limit}: at {empty:g} V a battery of this type is empty already", name)
