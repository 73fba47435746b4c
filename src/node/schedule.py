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
