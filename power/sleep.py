"""The way to sleep, the same for every board: deep sleep, or in test mode a plain wait that leaves USB
alone.
"""

import time

from micropython import const

import machine

TEST_MODE_MAX_S = const(2 * 3600)  # test mode ends by itself: a forgotten one must not flatten the battery
_SLICE_MS = const(100)


def deep(board, ms):
    """Deep sleep. board: the profile. ms: at most board.MAX_SLEEP_MS. Does not return on hardware."""
    board.rails(False)
    board.deepsleep(max(1, ms))


def wait(ms, each=None):
    """Wait awake in short slices, so that Ctrl-C reaches the program on every port. ms: milliseconds. each: called before each
    slice.
    """
    end = time.ticks_add(time.ticks_ms(), ms)
    while True:
        left = time.ticks_diff(end, time.ticks_ms())
        if left <= 0:
            return
        if each:
            each()
        time.sleep_ms(min(left, _SLICE_MS))


def pretend(board, ms, each=None):
    """Test mode: wait as long as the sleep would take, then start again without losing USB. each: of wait()."""
    board.rails(False)
    # ticks_diff is only good for half its period (2**29 ms, six days): longer waits are made of hours.
    while ms > 3600000:
        wait(3600000, each)
        ms -= 3600000
    wait(ms, each)
    machine.soft_reset()


def restart(board):
    """Start anew as after the reset button: retained memory is kept, and a service window follows. Does not return."""
    board.rails(False)
    machine.reset()
