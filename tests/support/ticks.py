"""MicroPython's ticks for CPython's `time`, with a board's period: 2**30 (docs/library/time.rst, ticks_ms)."""

import time

_PERIOD = 1 << 30
_HALF = _PERIOD >> 1


def ticks_add(ticks, delta):
    """Return ticks moved by delta (either sign, below half the period), wrapped."""
    return (ticks + delta) & (_PERIOD - 1)


def ticks_diff(end, start):
    """Return end - start as a signed number of ticks, right across a wrap."""
    return ((end - start + _HALF) & (_PERIOD - 1)) - _HALF


def install():
    """Give CPython's `time` the functions that device modules import from it."""
    time.ticks_ms = lambda: time.monotonic_ns() // 1_000_000 & (_PERIOD - 1)
    time.ticks_us = lambda: time.monotonic_ns() // 1_000 & (_PERIOD - 1)
    time.ticks_add = ticks_add
    time.ticks_diff = ticks_diff
    time.sleep_ms = lambda ms: time.sleep(ms / 1000)
