"""Numbers as text without floats."""

from node import measure


def test_decimal():
    for value, places, text in ((2142, 2, "21.42"), (-2050, 2, "-20.50"), (-5, 2, "-0.05"), (7, 0, "7"), (0, 3, "0.000"), (3912, 3, "3.912")):
        assert measure.decimal(value, places) == text
