"""The battery's voltage, through a divider on an ADC pin.

Which pin and what divider: VBAT of the profile; how to wire it: board.toml, [[wiring]]. Measured in start(), before the radio
runs: under its load a battery shows less than it has.
"""

import errno
from micropython import const

FIELDS = (("voltage_v", 3),)
OPTIONS = ("pin", "ratio")
_ACTIVE_UA = const(0)  # the divider's own current flows always, and is the board's: board.toml, [[wiring]]
_IDLE_NA = const(0)
_TIME_MS = const(0)
_ALLOWED = const((
    ("pin", "analogue pin", "", None, "the board's battery pin"),
    ("ratio", "pair 1 to 10000", "", None, "battery voltage to pin voltage, the board's"),
))  # fmt: skip

# From a nearly empty alkaline pair under a boost converter to USB's 5 V with some tolerance. Outside it there is no battery
# at the divider, or another divider than the one configured.
_LOW_MV = const(1500)
_HIGH_MV = const(6000)


def start(board, options):
    """Measure now.

    options: "pin", the ADC pin as the profile's adc_mv() takes it; "ratio", (numerator, denominator) of battery voltage to pin
    voltage, such as (2, 1) for two equal resistors. Default: the profile's. Returns (0, millivolts).
    Raises OSError(ENODEV) where the profile has no battery pin and the options name none.
    """
    pin, numerator, denominator = board.VBAT or (None, 1, 1)
    pin = options.get("pin", pin)
    if "ratio" in options:
        numerator, denominator = options["ratio"]
    if pin is None:
        raise OSError(errno.ENODEV)
    # The middle four of eight: a spike on either side does not count.
    middle = sorted([board.adc_mv(pin) for _ in range(8)])[2:6]
    return 0, (sum(middle) * numerator + 2 * denominator) // (4 * denominator)


def read(handle):
    """(millivolts,) at the battery. Raises OSError(EIO) outside 1.5 to 6.0 V, which no battery of a node has."""
    if not _LOW_MV <= handle <= _HIGH_MV:
        raise OSError(errno.EIO)
    return (handle,)
