"""The board's real-time clock, which runs on through deep sleep: seconds since 1970 whatever the port's own epoch is."""

import time

import machine


def read():
    """Seconds since 1970 on the board's clock; meaningless until it is set."""
    return time.time() + _epoch()


def write(seconds):
    """Set the clock. seconds: since 1970, UTC."""
    year, month, day, hour, minute, second, weekday = time.gmtime(seconds - _epoch())[:7]
    machine.RTC().datetime((year, month, day, weekday, hour, minute, second, 0))


def _epoch():
    # The boards count from 2000, the unix port from 1970.
    return 946684800 if time.gmtime(0)[0] == 2000 else 0
