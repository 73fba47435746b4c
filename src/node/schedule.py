"""When to wake next. Pure."""

from micropython import const

_SPREAD_S = const(900)  # the most that two nodes of one interval are apart


def sleep_ms(interval_s, awake_ms, extra_s=0):
    """Milliseconds from now to the next wake.

    interval_s: from one wake to the next. awake_ms: already spent awake in this one. extra_s: of backoff.
    At least one second: a node that is awake longer than its interval still sleeps.
    """
    return max(1000, (interval_s + extra_s) * 1000 - awake_ms)


def offset_ms(mark, interval_s):
    """Milliseconds by which a node's slots lie behind the round times, always the same, so that a fleet spreads.

    mark: 32 bits made of the chip's id. Returns at least 0, less than the interval and than 15 minutes.
    """
    return min(interval_s, _SPREAD_S) * 1000 * mark >> 32


def slot_ms(began_ms, now_ms, interval_s, offset):
    """The next wake by a clock that is set: slots count from 1970, so that an hour's are at the hour of UTC.

    began_ms: when this wake began, now_ms: milliseconds since 1970. offset: of offset_ms(). Returns milliseconds since 1970.
    The slot that this wake was for is the nearest: a wake that came early does not come again.
    """
    interval_ms = interval_s * 1000
    slot = (began_ms + interval_ms // 2 - offset) // interval_ms
    # A wake longer than the interval has missed some.
    return max(slot + 1, (now_ms + 999 - offset) // interval_ms + 1) * interval_ms + offset


def parts(ms, limit_ms):
    """Split a sleep that may exceed what the board can sleep at once.

    ms, limit_ms: milliseconds. Returns (ms to sleep now, seconds left to sleep after that).
    """
    if ms <= limit_ms:
        return ms, 0
    # Such that the rest, which is kept in seconds, is exact.
    now = limit_ms // 1000 * 1000 - 1000 + ms % 1000
    return now, (ms - now) // 1000
