"""The end of a wake: the service window, when to wake next, and sleep."""

from micropython import const

from node import drift, schedule
from node import state as states
from power import awake, rtc, sleep
from power.cause import cause
from power.retained import check

_WINDOW_END_MS = const(200)  # to keep the state and fall asleep after the window


def run(memory, error, came_to, attempt):
    """Sleep until the next wake. Does not return.

    memory: node.memory.Memory. error: the exception that ended the wake, or None. came_to: what outcome.run() returned; None
    when it did not run. attempt: see node.cycle.
    """
    board = memory.board()
    state = memory.state
    noted, interval_s, extra_s = came_to or (0, memory.interval_s(), None)
    if state.slept_ms and cause() != "deepsleep":
        # The sleep before was cut short: nothing can be learned of its clock.
        state.slept_ms = drift.VOID
    if state.remaining_s:
        _sleep(memory, board, max(1000, state.remaining_s * 1000 - awake.elapsed_ms()), attempt)
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
        from node import chores

        ms = attempt(chores.last, memory, board, noted, ms)[0] or ms
    _sleep(memory, board, ms, attempt, error)


def _until_next_ms(state, board, interval_s, extra_s):
    awake_ms = awake.elapsed_ms()
    if not state.fixed_at or extra_s is not None:
        # Backoff is random on purpose: a slot would bring a fleet together again, and may be too soon.
        return schedule.sleep_ms(interval_s, awake_ms, extra_s or 0)
    now_ms = drift.now_ms(state)
    offset_ms = schedule.offset_ms(int.from_bytes(check(board.unique_id()), "little"), interval_s)
    return schedule.slot_ms(now_ms - awake_ms, now_ms, interval_s, offset_ms) - now_ms


def _sleep(memory, board, ms, attempt, error=None):
    state = memory.state
    awake.mark("sleep")
    attempt(awake.disarm, True, False)
    state.flags &= ~states.AWAKE
    if memory.test_mode and state.test_s < sleep.TEST_MODE_MAX_S:
        state.test_s += ms // 1000
        state.remaining_s = 0
        attempt(memory.save)
        from node import lamp

        sleep.pretend(board, ms, attempt(lamp.sign, memory, error)[0])
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
