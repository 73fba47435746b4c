"""What a wake came to: what was asked of it, how it failed, and how much longer to sleep for that."""

import os
import sys

from micropython import const

from node import backoff
from node import state as states
from power import awake, rtc

_STRETCH = const(4)  # times the interval while the battery is low
_WINDOW_S = const(8)
_EARLY_S = const(2)  # that clocks of whole seconds may differ


def run(memory, error, attempt):
    """Keep what the next wakes and the report need. memory: node.memory.Memory. error: the exception that ended the wake, or
    None. attempt: see node.cycle.

    Returns (what is noted to be done last, the interval in seconds, seconds beyond it or None): see node.finish.
    """
    state = memory.state
    noted = state.chores & 0x3FFF
    if noted:
        from node import chores

        noted = attempt(chores.run, memory)[0]
    interval_s = memory.interval_s()
    extra_s = None
    # A broker may deliver and say in the same breath that it was too much (node.throttle).
    told_s = max(0, state.not_before - rtc.read()) if memory.uploads else 0
    if error or told_s:
        state.failure = backoff.THROTTLED
        if error:
            _report(error)
            state.failure = _kind(error)
            if isinstance(error, MemoryError):
                state.flags |= states.SMALL_HEAP
        state.fails = state.fails + 1 if state.fails < 255 else 252  # power.lease counts by fours
        draw = int.from_bytes(os.urandom(3), "little")
        awake_ms = awake.elapsed_ms() * 1000 // awake.MS_PER_S
        extra_s = backoff.extra_s(state.failure, state.fails, interval_s, draw, awake_ms, told_s)
        if state.failure in (backoff.THROTTLED, backoff.BANNED):
            # Whatever ends this sleep early, a button say: before that the radio stays off (node.plan).
            state.not_before = rtc.read() + min(interval_s + extra_s, 7200) - awake_ms // 1000 - _EARLY_S
        elif state.failure == backoff.CRASH:
            _let_in(memory)
    elif state.flags & states.UNFINISHED:
        state.failure = state.fails = state.hung = 0
        state.flags &= ~states.UPLOAD
    state.flags &= ~states.UNFINISHED
    if error or memory.uploads:
        from node import tally

        attempt(tally.run, state, error)
    if state.flags & states.STRETCHED:
        interval_s *= _STRETCH
    return noted, interval_s, extra_s


def _let_in(memory):
    # A mistake in the program that comes again: once a day the board waits for somebody with mpremote, as after a power-up.
    state = memory.state
    hour = rtc.read() // 3600 & 0xFFFF
    if state.fails > 1 and not state.flags & states.EMPTY and (hour - state.window_h & 0xFFFF) > 24:
        state.window_h = hour
        memory.window_ms = max(memory.window_ms, _WINDOW_S * awake.MS_PER_S)


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
        if code is not None and not 0 <= code < 256:
            # A number of the TLS library's (mqtt.tls).
            return backoff.NETWORK if getattr(error, "retry", True) else backoff.CONFIG
        if code is not None:
            return backoff.kind_of(code)
        word = error.args and error.args[0]
        if word == "clock":
            return backoff.CLOCK
        return backoff.LINK if isinstance(word, str) else backoff.NETWORK
    return backoff.CRASH
