"""The end of a wake: what it came to, the service window, and how long to sleep."""

import os
import sys

from micropython import const

from node import backoff, schedule
from node import state as states
from power import awake, sleep

_STRETCH = const(4)  # times the interval while the battery is low
_WINDOW_END_MS = const(200)  # to keep the state and fall asleep after the window


def run(memory, board, error, window_ms, attempt):
    """Sleep as long as the wake's outcome says. Does not return.

    memory: node.memory.Memory. board: the profile. error: the exception that ended the wake, or None.
    window_ms: of the service window. attempt: see node.cycle.
    """
    state = memory.state
    if state.remaining_s:
        _sleep(memory, board, state.remaining_s * 1000, attempt)
    if memory.commanded:
        from node import files

        # In retained memory it is since before it was acknowledged; here it outlives a power cut.
        files.keep_commanded(state.wake_every_s, memory.config_every_s)
    interval_s = memory.interval_s()
    extra_s = 0
    if error:
        _report(error)
        state.failure = _kind(error)
        if isinstance(error, MemoryError):
            state.flags |= states.SMALL_HEAP
        state.fails = min(state.fails + 1, 255)
        extra_s = backoff.extra_s(state.failure, state.fails, interval_s, int.from_bytes(os.urandom(3), "little"))
    elif state.flags & states.UNFINISHED:
        state.failure = state.fails = 0
    state.flags &= ~states.UNFINISHED
    if state.flags & states.STRETCHED:
        interval_s *= _STRETCH
    if window_ms:
        awake.mark("window")
        awake.keep(_WINDOW_END_MS * awake.MS_PER_S // 1000)
        attempt(memory.save)
        sleep.wait(min(window_ms, awake.left_ms()))
    _sleep(memory, board, schedule.sleep_ms(interval_s, awake.elapsed_ms(), extra_s), attempt)


def _report(error):
    # A network that is down is news in one line; anything else is a mistake that needs its place.
    if isinstance(error, OSError):
        print("upload failed:", type(error).__name__, error)
    else:
        sys.print_exception(error)


def _kind(error):
    if isinstance(error, OSError):
        # A refusal has a code (mqtt.errors); a link that did not come up has a word (node.link).
        code = getattr(error, "code", None)
        if code is not None:
            return backoff.kind_of(code)
        return backoff.LINK if error.args and isinstance(error.args[0], str) else backoff.NETWORK
    return backoff.CRASH


def _sleep(memory, board, ms, attempt):
    state = memory.state
    now_ms, state.remaining_s = schedule.parts(ms, board.MAX_SLEEP_MS)
    awake.mark("sleep")
    awake.disarm()
    if memory.test_mode and state.test_s < sleep.TEST_MODE_MAX_S:
        state.test_s += ms // 1000
        state.remaining_s = 0
        attempt(memory.save)
        sleep.pretend(board, ms)
    attempt(memory.save)
    sleep.deep(board, now_ms)
