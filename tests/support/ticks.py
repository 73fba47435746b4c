"""MicroPython's ticks for CPython's `time`, with a board's period: 2**30 (docs/library/time.rst, ticks_ms)."""

import time

_PERIOD = 1 << 30
_HALF = _PERIOD >> 1


def ticks_add(ticks: int, delta: int) -> int:
    """Return ticks moved by delta (either sign, below half the period), wrapped."""
    return (ticks + delta) & (_PERIOD - 1)


def ticks_diff(end: int, start: int) -> int:
    """Return end - start as a signed number of ticks, right across a wrap."""
    return ((end - start + _HALF) & (_PERIOD - 1)) - _HALF


def install() -> None:
    """Give CPython's `time` the functions that device modules import from it."""
    functions = {
        "ticks_ms": lambda: time.monotonic_ns() // 1_000_000 & (_PERIOD - 1),
        "ticks_us": lambda: time.monotonic_ns() // 1_000 & (_PERIOD - 1),
        "ticks_add": ticks_add,
        "ticks_diff": ticks_diff,
        "sleep_ms": lambda ms: time.sleep(ms / 1000),
    }
    for name, function in functions.items():
        setattr(time, name, function)
