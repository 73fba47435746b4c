"""What a sensor's entry in config.py makes of its numbers: median, calibration, range. Pure. Only some nodes load it."""

_PARTS = 1000000  # of a factor: a float of an ESP8266 has six digits, and so no more are lost


def middle(found):
    """The median of each field, of several tuples of integers or None; None where no tuple has a value. The middle two of an
    even number are averaged.
    """
    numbers = []
    for i in range(len(found[0])):
        values = sorted([numbers[i] for numbers in found if numbers[i] is not None])
        n = len(values)
        numbers.append((values[(n - 1) // 2] + values[n // 2]) // 2 if n else None)
    return numbers


def adjusted(options, field, value, places, wrong):
    """A field's value as it is published, and whether it is out of range.

    options: the sensor's. value: an integer in units of 10**-places. wrong: whether the driver's own range leaves it out,
    which "range" takes the place of. Integers, for a calibrated value shall not lose its last digit.
    """
    unit = 10**places
    points = _of(options, "points", field)
    if points:
        (shown, true), (shown_2, true_2) = points
        shown = round(shown * unit)
        true = round(true * unit)
        value = true + _ratio((value - shown) * (round(true_2 * unit) - true), round(shown_2 * unit) - shown)
    factor = _of(options, "scale", field)
    if factor is not None:
        value = _ratio(value * round(factor * _PARTS), _PARTS)
    value += round((_of(options, "offset", field) or 0) * unit)
    limits = _of(options, "range", field)
    if limits:
        wrong = not round(limits[0] * unit) <= value <= round(limits[1] * unit)
    return value, wrong


def _of(options, name, field):
    return options.get(name, {}).get(field)


def _ratio(a, b):
    # Rounded to nearest, also below zero.
    if b < 0:
        a, b = -a, -b
    return (2 * a + b) // (2 * b)
