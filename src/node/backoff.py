"""Failures decide the sleep, not the awake time: how much longer the node sleeps after each kind of failure. Pure."""

from micropython import const

# What can end an upload, in the words of the report. Positions are kept in retained memory: append, never reorder.
KINDS = ("", "link", "clock", "network", "config", "throttled", "banned", "crash", "budget")
LINK = const(1)
CLOCK = const(2)
NETWORK = const(3)
CONFIG = const(4)
THROTTLED = const(5)
BANNED = const(6)
CRASH = const(7)
BUDGET = const(8)

_CAP_S = const(7200)
_CONFIG_S = const(6 * 3600)
_MINUTE_S = const(60)
_BAN_S = const(3600)


def kind_of(code):
    """The kind of failure that a refused connection means. code: the CONNACK return code (MQTT 3.1.1 table 3.1; 6 and 7 are
    Adafruit IO's).
    """
    if code == 6:
        return THROTTLED
    if code == 7:
        return BANNED
    return CONFIG if code in (1, 2, 4, 5) else NETWORK


def extra_s(kind, fails, interval_s, draw):
    """Seconds to sleep beyond the interval.

    kind: of the last failure, 0 for none. fails: failures in a row, from 1. interval_s: the node's interval.
    draw: a random number below 2**24, so that a fleet does not come back in one moment (full jitter: AWS architecture blog,
    "Exponential Backoff And Jitter").
    """
    if not kind or not fails:
        return 0
    step = min(fails, 12)
    if kind == CONFIG:
        return _CONFIG_S
    if kind == THROTTLED:
        return max(0, min(_MINUTE_S << step, _CAP_S) - interval_s)
    if kind == BANNED:
        return max(0, _BAN_S - interval_s)
    return min(_CAP_S, interval_s << step) * draw >> 24
