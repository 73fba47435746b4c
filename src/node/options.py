"""The options that every sensor takes: one description for the board's check of config.py on a cold boot, for the PC's check
and for docs/sensors.md. Pure; on a board loaded for the check only, and only where a sensor has such an option.

A row is (name, kind, unit, low, high, default, note), as in node.schema.
"""

OPTIONS = (
    ("offset", "fields", "", -1000000, 1000000, None, "field: number that is added to it"),
    ("scale", "fields", "", 0.001, 1000, None, "field: factor, before the offset"),
    ("points", "points", "", -1000000, 1000000, None, "field: ((shown, true), (shown, true)), a line through two points"),
    ("samples", "int", "", 1, 9, 1, "conversions one after another; the median of each field counts"),
    ("range", "ranges", "", -1000000, 1000000, None, "field: (lowest, highest); outside it is left out and counted as error"),
    ("supply", "pin", "", None, None, None, "pin, or (pin, level that switches on): feeds the sensor while it measures"),
    ("settle_ms", "int", "ms", 0, 2000, None, "from supply or the board's rail to the start; default 10 with supply, else 0"),
    ("every", "int", "wakes", 1, 1000, 1, "measured every Nth wake, the first after a power-up among them"),
)


def check(sensors):
    """Compare the options in config.SENSORS with OPTIONS: a list of (sensor, message), empty when all is well."""
    wrong = []
    for name in sensors:
        options = sensors[name]
        for row in OPTIONS:
            if row[0] in options and not _fits(row, options[row[0]]):
                wrong.append((name, "has {} {!r}; allowed: {}".format(row[0], options[row[0]], allowed(row))))
    return wrong


def allowed(row):
    """The allowed values of a row in words."""
    kind = row[1]
    if kind == "pin":
        return "a pin such as 5 or \"X2\", or (pin, 0 or 1)"
    text = "{} to {} {}".format(row[3], row[4], row[2]).rstrip()
    if kind == "fields":
        return "{{\"temperature_c\": number}}, {}".format(text)
    if kind == "ranges":
        return "{{\"temperature_c\": (lowest, highest)}}, {}".format(text)
    if kind == "points":
        return "{{\"temperature_c\": ((shown, true), (shown, true))}}, two different, {}".format(text)
    return text


def _fits(row, value):
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


def _is_point(point, low, high):
    return isinstance(point, tuple) and len(point) == 2 and _both(point, low, high)


def _both(pair, low, high):
    return _is(pair[0], (int, float), low, high) and _is(pair[1], (int, float), low, high)


def _is(value, kind, low, high):
    return isinstance(value, kind) and not isinstance(value, bool) and low <= value <= high
