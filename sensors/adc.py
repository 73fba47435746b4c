"""Any analogue voltage: what an ADC pin sees, or what is in front of its divider.

How true it is, the profile's adc_mv() says: ESP32 is calibrated in the factory, a Pyboard counts by its chip's reference, an
ESP8266 by nothing, and up to 1 V only. A voltage above the converter's end reads as that end: choose the divider for the
highest, or give "range".
"""

from micropython import const

FIELDS = (("voltage_v", 3),)
OPTIONS = ("pin", "ratio")
_ACTIVE_UA = const(0)  # what hangs on the pin is not known
_IDLE_NA = const(0)
_TIME_MS = const(0)
_ALLOWED = const((
    ("pin", "analogue pin", "", None, "must be named"),
    ("ratio", "pair 1 to 10000", "", (1, 1), "voltage to pin voltage: (2, 1) for two equal resistors"),
))  # fmt: skip


def start(board, options):
    """Nothing to begin: the pin is read in read(). Returns (0, handle).

    options: "pin", as the profile's adc_mv() takes it; "ratio", (numerator, denominator) of voltage to pin voltage.
    Raises ValueError(option).
    """
    if "pin" not in options:
        raise ValueError("pin")
    return 0, (board, options["pin"], options.get("ratio", (1, 1)))


def read(handle):
    """(millivolts,): the mean of eight samples, times the divider. Raises ValueError for a pin without a converter."""
    board, pin, (numerator, denominator) = handle
    total = sum([board.adc_mv(pin) for _ in range(8)])
    return ((total * numerator + 4 * denominator) // (8 * denominator),)
