"""When to wake next. Pure."""


def sleep_ms(interval_s, awake_ms, extra_s=0):
    """Milliseconds from now to the next wake.

    interval_s: from one wake to the next. awake_ms: already spent awake in this one. extra_s: of backoff.
    At least one second: a node that is awake longer than its interval still sleeps.
    """
    return max(1000, (interval_s + extra_s) * 1000 - awake_ms)


def uploads(seq, every):
    """Whether the wake that takes record number `seq` (from 1) uploads, when one in `every` does: the first one does, so that
    a new node is heard at once.
    """
    return (seq - 1) % every == 0


def parts(ms, limit_ms):
    """Split a sleep that may exceed what the board can sleep at once.

    ms, limit_ms: milliseconds. Returns (ms to sleep now, seconds left to sleep after that).
    """
    if ms <= limit_ms:
        return ms, 0
    # Whole seconds, so that the rest is exact when it is kept in seconds.
    now = limit_ms // 1000 * 1000
    return now, (ms - now + 999) // 1000
