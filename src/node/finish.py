"""The end of a wake: what it came to, the service window, and how long to sleep."""

import os
import sys

from micropython import const

from node import backoff, drift, schedule
from node import state as states
from power import awake, rtc, sleep
from power.cause import cause
from power.retained import check

_STRETCH = const(4)  # times the interval while the battery is low
_WINDOW_S = const(8)
_EARLY_S = const(2)  # that clocks of whole seconds may differ
_WINDOW_END_MS = const(200)  # to keep the state and fall asleep after the window


def run(memory, error, attempt):
    """Switch the radio off and sleep as long as the wake's outcome says. Does not return.

    memory: node.memory.Memory. error: the exception that ended the wake, or None. attempt: see node.cycle.
    """
    board = memory.board()
    if memory.uploads:
        awake.mark("finish")
        attempt(_radio_off, board)
    state = memory.state
    if state.slept_ms and cause() != "deepsleep":
        # The sleep before was cut short: nothing can be learned of its clock.
        state.slept_ms = drift.VOID
    if state.remaining_s:
        _sleep(memory, board, max(1000, state.remaining_s * 1000 - awake.elapsed_ms()), attempt)
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
    if memory.window_ms:
        awake.mark("window")
        awake.keep(_WINDOW_END_MS * awake.MS_PER_S // 1000)
        attempt(memory.save)
        awake.disarm(False)
        sleep.wait(min(memory.window_ms, awake.left_ms()))
    ms = _until_next_ms(state, board, interval_s, extra_s)
    delivered = not error and state.acked >= state.boot << 16 | state.seq
    if delivered and memory.news:
        state.news[: len(memory.news)] = memory.news
    if memory.pin:
        from node import pin

        left_ms = pin.left_ms(state, delivered, awake.elapsed_ms())
        if left_ms > 1000:
            # The pin ended a sleep early: the rest of it is slept now, and the reading at its end is not late.
            ms = left_ms + (extra_s or 0) * 1000
    if noted:
        ms = attempt(chores.last, memory, board, noted, ms)[0] or ms
    _sleep(memory, board, ms, attempt)


def _radio_off(board):
    board.radio().off()


def _let_in(memory):
    # A mistake in the program that comes again: once a day the board waits for somebody with mpremote, as after a power-up.
    state = memory.state
    hour = rtc.read() // 3600 & 0xFFFF
    if state.fails > 1 and not state.flags & states.EMPTY and (hour - state.window_h & 0xFFFF) > 24:
        state.window_h = hour
        memory.window_ms = max(memory.window_ms, _WINDOW_S * awake.MS_PER_S)


def _until_next_ms(state, board, interval_s, extra_s):
    awake_ms = awake.elapsed_ms()
    if not state.fixed_at or extra_s is not None:
        # Backoff is random on purpose: a slot would bring a fleet together again, and may be too soon.
        return schedule.sleep_ms(interval_s, awake_ms, extra_s or 0)
    now_ms = drift.now_ms(state)
    offset_ms = schedule.offset_ms(int.from_bytes(check(board.unique_id()), "little"), interval_s)
    return schedule.slot_ms(now_ms - awake_ms, now_ms, interval_s, offset_ms) - now_ms


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
    awake.mark("sleep")
    awake.disarm(True, False)
    state.flags &= ~states.AWAKE
    if memory.test_mode and state.test_s < sleep.TEST_MODE_MAX_S:
        state.test_s += ms // 1000
        state.remaining_s = 0
        attempt(memory.save)
        sleep.pretend(board, ms)
    limit_ms = drift.lasts_ms(state.drift, board.MAX_SLEEP_MS)
    if memory.pin:
        from node import pin

        limit_ms = pin.limit_ms(memory, limit_ms)
    now_ms, state.remaining_s = schedule.parts(ms, limit_ms)
    # It makes up for time that the node was told to stay awake (node.chores): 4 s each.
    state.chores -= min(state.chores >> 14, now_ms // 4000) << 14
    asked_ms = drift.asked_ms(state.drift, now_ms)
    attempt(drift.before, state, asked_ms)
    if memory.pin:
        attempt(pin.arm, memory, board, rtc.read() + asked_ms // 1000)
    state.flags |= states.TIMED
    attempt(memory.save)
    sleep.deep(board, asked_ms)
