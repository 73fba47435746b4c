"""Numbers as text without floats."""

from node import measure


def test_decimal():
    assert measure.decimal(2142, 2) == "21.42"
    assert measure.decimal(-2050, 2) == "-20.50"
    assert measure.decimal(-5, 2) == "-0.05"
    assert measure.decimal(7, 0) == "7"
    assert measure.decimal(0, 3) == "0.000"
