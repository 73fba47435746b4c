"""The start of a wake: what the node remembers, whether its configuration is right, how long it may be awake."""

import os

from micropython import const

from node import drop
from power import awake, rtc
from power.cause import cause

_WINDOW_S = const(8)  # after a power-up, for mpremote to take over
_END_MS = const(400)  # for the radio to go down and the state to be kept
_CUT_S = const(60)  # the first sleep after power failed amid a wake for the second time
_MOST_S = const(6 * 3600)
_BUDGET = const(8)  # of node.backoff.KINDS


def run(on_expire):
    """Read what was kept, check config.py when it is new, start the awake budget.

    on_expire: the timer's callback when the budget is spent.
    Returns a node.memory.Memory. Raises ValueError that names a wrong setting.
    """
    import config

    board = __import__("boards." + config.BOARD + ".profile", None, None, ("*",))
    from node import restore

    memory, last = restore.load(board, config)
    del restore
    state = memory.state
    mark = _config_mark()
    cold = not state.boot  # retained memory is absent, torn or another program's
    if cold or state.config_mark != mark:
        # A changed config.py is checked once, not in every wake.
        _check(config)
    every_s = state.wake_every_s or config.WAKE_EVERY_S
    # Before flash is written, which can hang too. No closure here: it would keep this module in memory for the whole wake.
    # Bit 7 of the flags is node.state's AWAKE.
    from power import deadline

    deadline.arm(config, board, on_expire, _longer_s(every_s, state.hung + (state.flags >> 7 & 1)) * 1000)
    del deadline
    drop("power.deadline")
    why = cause()
    rest_s = 0
    from node import restore

    restore.settle(memory, last)
    if cold and why == "power":
        from node import spread

        rest_s = spread.sleep_s(state, mark, every_s)
    if state.config_mark != mark:
        from node import files

        state.config_mark = mark
        files.commanded(state, config)
        # What was learned of another broker or board; and test mode may start anew.
        state.flags = state.test_s = state.hung = 0
        # Other fields, perhaps, and another pin; what the pin has counted goes on.
        state.news[:16] = bytes(16)
        state.news[-1] = 0
    if why != "deepsleep":
        # Somebody pressed a button or plugged a cable in: the rest of a long sleep is over.
        state.remaining_s = 0
    rest_s = rest_s or _unfinished(state, why, _longer_s(every_s, state.hung), board.MAX_SLEEP_MS // 1000)
    # A cold boot that spread itself owes the window still.
    memory.window_ms = _window_ms(config, why in ("power", "reset") or not (cold or state.seq or state.fails or state.hung))
    if memory.pin:
        from node import pin

        pin.woke(memory, board, why == "deepsleep", rtc.read())
    if rest_s and not config.TEST_MODE:
        # Before sensors, radio and window.
        state.remaining_s = rest_s
    elif not state.remaining_s and not getattr(board, "IN_FLASH", False):
        # That a wake is under way; where it would wear flash, the first ordinary save says so.
        memory.save()
    return memory


def _longer_s(every_s, hung):
    # Wakes that hang again and again come less and less often.
    return min(every_s << min(hung, 12), max(every_s, _MOST_S))


def _unfinished(state, why, hung_s, slept_s):
    """How the last wake ended, if not at its end. Returns the seconds to sleep first, 0 for none.

    hung_s: that the deadline should have slept: with a watchdog it did not, else it slept no more than slept_s.
    """
    from node import state as states

    flags = state.flags
    state.flags = flags & ~states.UNFINISHED | states.AWAKE
    if flags & states.UNFINISHED:
        state.fails = min(state.fails + 1, 255)
    cut = why in ("power", "reset") and flags & states.UNFINISHED
    if cut:
        # With the radio on: a battery that is too weak for it, or somebody at the button, who is let in the first time.
        rest_s = min(_CUT_S << min(state.hung, 12) >> 1, _MOST_S) if state.hung else 0
    elif why == "watchdog":
        rest_s = hung_s
    elif why == "deepsleep" and flags & states.AWAKE:
        # The deadline has slept, but not as planned: nothing can be learned of the sleep's clock.
        state.flags &= ~states.TIMED
        rest_s = max(0, hung_s - slept_s)
    else:
        return 0
    if not cut:
        state.failure = _BUDGET
    state.hung = min(state.hung + 1, 255)
    return rest_s


def _window_ms(config, wanted):
    """Milliseconds to stay awake at the end of a wake after a power-up, so that mpremote can take over; else 0.

    Set aside, not added: the first wake after a power-up is no longer than any other.
    """
    ms = 0
    if wanted and not config.TEST_MODE:
        ms = min(_WINDOW_S * awake.MS_PER_S, awake.left_ms() * 2 // 5)
    awake.keep(min(_END_MS, awake.left_ms() // 10) + ms)
    return ms


def _config_mark():
    try:
        found = os.stat("config.py")
    except OSError:
        return 1  # frozen: it changes with the firmware, which is a cold boot
    return (found[6] << 20 ^ found[8]) & 0xFFFFFFFF


def _check(config):
    # The schema is large.
    drop("node.restore", "node.fields", "node.record", "power.whole")
    from node import schema

    for name, message in schema.check(config.__dict__):
        raise ValueError("config.py: {} {}".format(name, message))
    drop("node.schema")
