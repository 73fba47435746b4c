"""The start of a wake: what the node remembers, whether its configuration is right, how long it may be awake."""

import os

from micropython import const

from node import drop
from node import state as states
from node.memory import SECTIONS, Memory
from power import awake, retained, rtc
from power.cause import cause

_WINDOW_S = const(8)  # after a power-up, for mpremote to take over
_END_MS = const(400)  # for the radio to go down and the state to be kept


def run(on_expire):
    """Read what was kept, check config.py when it is new, start the awake budget.

    on_expire: called with the board's name and the milliseconds to sleep when the budget is spent.
    Returns a node.memory.Memory. Raises ValueError that names a wrong setting.
    """
    import config

    board = __import__("boards." + config.BOARD + ".profile", None, None, ("*",))
    payload, ram = retained.load(board.retained_read(), SECTIONS)
    state = states.load(payload)
    mark = _config_mark()
    if state is None or state.config_mark != mark:
        # A changed config.py is checked once, not in every wake.
        _check(config)
    if state is None:
        # A cold boot: retained memory is absent, torn or another program's.
        from node import files

        state = states.State()
        state.boot = files.count_boot()
        state.base_s = rtc.read()
    if state.config_mark != mark:
        from node import files

        state.config_mark = mark
        state.wake_every_s = files.commanded(config.WAKE_EVERY_S)
        # What was learned of another broker or board; and test mode may start anew.
        state.flags = state.test_s = 0
    if cause() != "deepsleep":
        # Somebody pressed a button or plugged a cable in: the rest of a long sleep is over.
        state.remaining_s = 0
    # No closure here: it would keep this module in memory for the whole wake.
    awake.arm(config.MAX_AWAKE_S, board.BOOT_MS, board.timer(), on_expire, config.BOARD, config.WAKE_EVERY_S * 1000)
    if state.flags & states.UNFINISHED:
        # The last wake never reached its end: deadline, brownout or reset.
        state.fails = min(state.fails + 1, 255)
        state.flags &= ~states.UNFINISHED
    memory = Memory(board, config, state, ram or b"")
    memory.window_ms = _window_ms(config)
    return memory


def _window_ms(config):
    """Milliseconds to stay awake at the end of a wake after a power-up, so that mpremote can take over; else 0.

    Set aside, not added: the first wake after a power-up is no longer than any other.
    """
    ms = 0
    if not config.TEST_MODE and cause() in ("power", "reset"):
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
    from node import schema

    for name, message in schema.check(config.__dict__):
        raise ValueError("config.py: {} {}".format(name, message))
    drop("node.schema")
