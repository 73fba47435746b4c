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
_LONG_S = const(6 * 3600)
_MINUTE_S = const(60)
_BAN_S = const(3600)
_SHARE = const(10)  # from the tenth failure in a row on awake for 1/1024 of the time, 84 s a day


def kind_of(code):
    """The kind of failure that a refused connection means.

    code: CONNACK's return code (MQTT 3.1.1 table 3.1; 6 and 7 are Adafruit IO's), or reason code (MQTT 5 section 3.2.2.2).
    """
    if code in b"\x06\x97\x9f":  # quota, connection rate exceeded
        return THROTTLED
    if code in b"\x07\x8a":
        return BANNED
    # Version, client id, password, permission, authentication method, topic name.
    return CONFIG if code in b"\x01\x02\x04\x05\x84\x85\x86\x87\x8c\x90" else NETWORK


def extra_s(kind, fails, interval_s, draw, awake_ms=0, told_s=0):
    """Seconds to sleep beyond the interval.

    kind: of the last failure, 0 for none. fails: failures in a row, from 1. interval_s: the node's interval.
    draw: a random number below 2**24, so that a fleet does not come back in one moment (full jitter: AWS architecture blog,
    "Exponential Backoff And Jitter"). awake_ms: what the failed wake took: one that waited long is paid for with a long
    sleep, so that no failure that stays costs more than 1/1024 of the time awake, or a wake in six hours.
    told_s: seconds that the broker asked for, of THROTTLED.
    """
    if not kind or not fails:
        return 0
    step = min(fails, 12)
    if kind == CONFIG:
        return _LONG_S
    if kind in (THROTTLED, BANNED):
        wait_s = _BAN_S if kind == BANNED else max(told_s, min(_MINUTE_S << step, _CAP_S))
        # From the broker's word on, not from the wake's beginning.
        return max(0, wait_s - -awake_ms // 1000 - interval_s)
    paid_s = min(_LONG_S, (awake_ms << min(step, _SHARE)) // 1000)
    return max(min(_CAP_S, interval_s << step) * draw >> 24, paid_s - interval_s)
