"""How full a battery is, from its voltage, by chemistry; and what the node does about it. Pure.

Resting voltages at room temperature under the light load of a node. The curves are coarse on purpose: a voltage says no
more than that. Sources: lipo and lifepo4, typical 0.2 C discharge curves; alkaline, Energizer E91 datasheet, 25 mA curve.
"""

# (millivolts, percent), falling; between two points a straight line.
_LIPO = ((4150, 100), (3950, 75), (3800, 50), (3700, 25), (3600, 10), (3400, 2), (3200, 0))
_LIFEPO4 = ((3400, 100), (3320, 80), (3280, 50), (3220, 25), (3150, 12), (3000, 4), (2800, 0))
_ALKALINE = ((1550, 100), (1350, 75), (1240, 50), (1150, 25), (1080, 10), (1000, 4), (900, 0))


def percent(kind, mv):
    """Charge left, 0 to 100 percent.

    kind: "lipo", "lifepo4", "2xaa" or "3xaa". mv: millivolts at the battery. ValueError for another kind.
    """
    if kind == "lipo":
        curve = _LIPO
    elif kind == "lifepo4":
        curve = _LIFEPO4
    elif kind in ("2xaa", "3xaa"):
        curve = _ALKALINE
        mv = mv // int(kind[0])
    else:
        raise ValueError("BATTERY.type")
    above_mv, above = curve[0]
    if mv >= above_mv:
        return above
    for at_mv, at in curve:
        if mv >= at_mv:
            return at + (above - at) * (mv - at_mv) // (above_mv - at_mv)
        above_mv, above = at_mv, at
    return 0


def below(battery, name, mv):
    """Whether the voltage is under a limit of the BATTERY block.

    battery: the block or None. name: "stretch_below_v" or "stop_below_v". mv: millivolts, None when unknown (then False:
    a broken divider must not silence the node).
    """
    limit = battery.get(name) if battery else None
    return bool(limit) and mv is not None and mv < limit * 1000
