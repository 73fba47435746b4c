"""The options that every sensor takes: one description for the check of config.py and for docs/sensors.md.

On a board a wrong value is that sensor's failure, which says so, and costs the others nothing (node.measure): to check it
there too would take memory in each cold boot, of which a small heap has none to spare.

A row is (name, kind, unit, low, high, default, note), as in node.schema.
"""

from __future__ import annotations

from typing import Any

Row = tuple[str, str, str, Any, Any, Any, str]

OPTIONS: tuple[Row, ...] = (
    ("offset", "fields", "", -1000000, 1000000, None, "field: number that is added to it"),
    ("scale", "fields", "", 0.001, 1000, None, "field: factor, before the offset"),
    ("points", "points", "", -1000000, 1000000, None, "field: ((shown, true), (shown, true)), a line through two points"),
    ("samples", "int", "", 1, 9, 1, "conversions one after another; the median of each field counts"),
    ("range", "ranges", "", -1000000, 1000000, None, "field: (lowest, highest); outside it is left out and counted as error"),
    ("supply", "pin", "", None, None, None, "pin, or (pin, level that switches on): feeds the sensor while it measures"),
    ("settle_ms", "int", "ms", 0, 2000, None, "from supply or the board's rail to the start; default 10 with supply, else 0"),
    ("every", "int", "wakes", 1, 1000, 1, "measured every Nth wake, the first after a power-up among them"),
)


def check(options: dict[str, Any]) -> list[str]:
    """Compare a sensor's entry in config.py with OPTIONS: what is wrong, empty when all is well."""
    return [
        f"has {row[0]} {options[row[0]]!r}; allowed: {allowed(row)}"
        for row in OPTIONS
        if row[0] in options and not _fits(row, options[row[0]])
    ]


def allowed(row: Row) -> str:
    """The allowed values of a row in words."""
    kind = row[1]
    if kind == "pin":
        return 'a pin such as 5 or "X2", or (pin, 0 or 1)'
    text = f"{row[3]} to {row[4]} {row[2]}".rstrip()
    if kind == "fields":
        return f'{{"temperature_c": number}}, {text}'
    if kind == "ranges":
        return f'{{"temperature_c": (lowest, highest)}}, {text}'
    if kind == "points":
        return f'{{"temperature_c": ((shown, true), (shown, true))}}, two different, {text}'
    return text


def _fits(row: Row, value: Any) -> bool:
    kind, low, high = row[1], row[3], row[4]
    if kind == "int":
        return _is(value, int, low, high)
    if kind == "pin":
        if isinstance(value, tuple):
            value = value[0] if len(value) == 2 and _is(value[1], int, 0, 1) else None
        return _is(value, int, 0, 99) or (isinstance(value, str) and 0 < len(value) <= 16)
    if not isinstance(value, dict) or not value:
        return False
    for field in value:
        entry = value[field]
        if kind == "fields":
            if not _is(entry, (int, float), low, high):
                return False
        elif not isinstance(entry, tuple) or len(entry) != 2:
            return False
        elif kind == "ranges":
            if not (_both(entry, low, high) and entry[0] < entry[1]):
                return False
        elif not (_is_point(entry[0], low, high) and _is_point(entry[1], low, high)):
            return False
        elif entry[0][0] == entry[1][0] or entry[0][1] == entry[1][1]:
            # No line, or a flat one.
            return False
    return True


def _is_point(point: Any, low: float, high: float) -> bool:
    return isinstance(point, tuple) and len(point) == 2 and _both(point, low, high)


def _both(pair: Any, low: float, high: float) -> bool:
    return _is(pair[0], (int, float), low, high) and _is(pair[1], (int, float), low, high)


def _is(value: Any, kind: Any, low: float, high: float) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and low <= value <= high
