"""Capacitive soil moisture probe, analogue: percent between a dry and a wet point.

Each probe differs: note its millivolts (driver "adc") in dry soil and in soaked soil, and give both. Beyond a point it is as
dry, or as wet, as can be; far beyond it is no soil: the probe is not connected, or has no supply. It draws its current all the
time: give it a switched supply and a "settle_ms", since its output is smoothed.
Source: DFRobot, SEN0193 (Capacitive Soil Moisture Sensor), specification: 3.3 to 5.5 V, 5 mA, output 0 to 3.0 V, less in wet
soil. An ESP8266 needs a divider to 1 V, the Feather S2's converter ends at about 2.5 V.
"""

import errno

from micropython import const

FIELDS = (("moisture_pct", 0),)
OPTIONS = ("pin", "dry_mv", "wet_mv")
_ACTIVE_UA = const(5000)  # SEN0193, specification
_IDLE_NA = const(5000000)  # the same, unless its supply is switched
_TIME_MS = const(0)
_ALLOWED = const((
    ("pin", "analogue pin", "", None, "must be named"),
    ("dry_mv", "0 to 5000", "mV", None, "must be given: at the pin, in dry soil"),
    ("wet_mv", "0 to 5000", "mV", None, "must be given: at the pin, in soaked soil"),
))  # fmt: skip


def start(board, options):
    """Nothing to begin: the probe runs as long as it has a supply. Returns (0, handle).

    options: "pin", as the profile's adc_mv() takes it; "dry_mv" and "wet_mv", millivolts at the pin. Raises ValueError(option).
    """
    for option in OPTIONS:
        if option not in options:
            raise ValueError(option)
    if options["dry_mv"] == options["wet_mv"]:
        raise ValueError("wet_mv")
    return 0, (board, options)


def read(handle):
    """(percent,), from the mean of eight samples. Raises OSError(EIO) far beyond the points."""
    board, options = handle
    mv = (sum([board.adc_mv(options["pin"]) for _ in range(8)]) + 4) // 8
    return (percent(mv, options["dry_mv"], options["wet_mv"]),)


def percent(mv, dry_mv, wet_mv):
    """0 (dry) to 100 (wet) from millivolts; which of the points is the higher does not matter.

    Raises OSError(EIO) more than 30 % of the way between the points beyond one of them.
    """
    span = dry_mv - wet_mv
    part = dry_mv - mv
    if span < 0:
        span, part = -span, -part
    if not -3 * span <= 10 * part <= 13 * span:
        raise OSError(errno.EIO)
    return min(100, max(0, (200 * part + span) // (2 * span)))
