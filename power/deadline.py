"""The awake deadline, outside the program, in two steps.

A one-shot timer ends any loop in Python: its callback runs between two bytecodes, and wherever the firmware waits and lets
callbacks run. What is stuck deeper than that, half a second later the board's backstop ends (power.on_*;
docs/wake_deadline.md).
"""

import time

from power import awake


def arm(config, board, on_expire, ms):
    """Start the budget of config.MAX_AWAKE_S.

    board: the profile. on_expire: the timer's callback, when the time is over; it must not return to the program. ms: how
    long the board sleeps then; awake.board_name and awake.sleep_ms tell the callback. In test mode there is no backstop: it
    would end somebody's USB session.
    """
    now = time.ticks_ms()
    awake.started = time.ticks_add(now, -(board.BOOT_MS * awake.MS_PER_S // 1000))
    awake.end = time.ticks_add(awake.started, config.MAX_AWAKE_S * awake.MS_PER_S)
    left_ms = time.ticks_diff(awake.end, now)
    # Not the board itself: it would keep the profile in memory for the whole wake.
    awake.board_name = config.BOARD
    awake.sleep_ms = ms
    try:
        timer = board.timer()
        timer.init(mode=timer.ONE_SHOT, period=left_ms, callback=on_expire)
        awake.timer = timer
    except OSError:
        pass  # the port has none free: the waits end by themselves, and the backstop is behind them
    if board.backstop and not config.TEST_MODE:
        awake.backstop = board.backstop
        board.backstop(left_ms + awake.MS_PER_S // 2, ms)
