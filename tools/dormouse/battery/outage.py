"""Days without a broker: how often a node still tries, by src/node/backoff.py after many failures in a row."""

from __future__ import annotations

from dataclasses import replace

from dormouse.battery.wakes import Kind

# src/node/backoff.py: _CAP_S, _LONG_S, _SHARE; from the tenth failure in a row on, nothing grows any more.
_CAP_S, _LONG_S, _SHARE = 7200, 6 * 3600, 10


def refused(upload: Kind) -> Kind:
    """The wake of a node whose broker refuses the connection: an upload without its exchange. A measured one is taken whole."""
    if upload.charge_mc is not None:
        return upload
    return replace(upload, phases=tuple(phase for phase in upload.phases if phase.name not in ("mqtt", "tls")))


def tries_a_day(awake_s: float, interval_s: float, upload_every: int = 1) -> float:
    """How many uploads a day tries when all of them fail, long after the first; only their sleeps are longer.

    awake_s: each. interval_s: WAKE_EVERY_S. upload_every: UPLOAD_EVERY.
    """
    return 86400.0 / (interval_s * upload_every + extra_s(awake_s, interval_s))


def extra_s(awake_s: float, interval_s: float) -> float:
    """Seconds by which the sleep is longer, on average: a random time up to a cap, and no less than the wake has to be paid
    for with.
    """
    most_s = min(_CAP_S, interval_s * 2**12)
    least_s = max(0.0, min(_LONG_S, awake_s * 2**_SHARE) - interval_s)
    if least_s >= most_s:
        return least_s
    return (most_s**2 + least_s**2) / (2 * most_s)
