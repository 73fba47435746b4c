"""The awake budget: one deadline for the whole wake, from which every wait takes its share, and the marks that tell where the
time went.

The deadline stands outside the program, in two steps. A one-shot timer ends any loop in Python: its callback runs between two
bytecodes, and wherever the firmware waits and lets callbacks run. What is stuck deeper than that, half a second later the
board's backstop ends (power.on_*; docs/wake_deadline.md).
"""

import time

import machine

MS_PER_S = 1000  # of budget per second asked for; the virtual board's --speed lowers it
on_mark = None  # a trace: called with (phase, ticks_ms) at each mark

_started = 0  # ticks when the board began to boot
_end = None  # ticks at which the node must sleep; None: not armed
_keep_ms = 0
_timer = None
_backstop = None
board_name = ""
sleep_ms = 0  # of the sleep that the deadline ends in


def arm(config, board, on_expire, ms):
    """Start the budget of config.MAX_AWAKE_S.

    board: the profile. on_expire: the timer's callback, when the time is over; it must not return to the program. ms: how
    long the board sleeps then, board_name's and sleep_ms's for the callback. In test mode there is no backstop: it would end
    somebody's USB session.
    """
    global _started, _end, _timer, _backstop, board_name, sleep_ms
    now = time.ticks_ms()
    _started = time.ticks_add(now, -(board.BOOT_MS * MS_PER_S // 1000))
    _end = time.ticks_add(_started, config.MAX_AWAKE_S * MS_PER_S)
    left_ms = time.ticks_diff(_end, now)
    # Not the board itself: it would keep the profile in memory for the whole wake.
    board_name = config.BOARD
    sleep_ms = ms
    _timer = board.timer()
    _timer.init(mode=_timer.ONE_SHOT, period=left_ms, callback=on_expire)
    if board.backstop and not config.TEST_MODE:
        _backstop = board.backstop
        _backstop(left_ms + MS_PER_S // 2, ms)


def disarm(soft=True, hard=True):
    """Stop the deadline. Both: somebody is at the REPL. soft, the timer, alone: the node is about to sleep, and only being
    stuck may still come between. hard, the backstop, alone: the board waits for somebody to come to the REPL.
    """
    global _timer, _end, _backstop
    if hard and _backstop:
        _backstop(0, 0)
        _backstop = None
    if soft:
        if _timer:
            _timer.deinit()
        _timer = _end = None


def elapsed_ms():
    """Milliseconds since the board began to boot; 0 when the budget is not armed."""
    return 0 if _end is None else time.ticks_diff(time.ticks_ms(), _started)


def keep(ms):
    """Set milliseconds aside for what must happen at the end of the wake whatever the waits before it did."""
    global _keep_ms
    _keep_ms = ms


def left_ms():
    """Milliseconds of the budget that may still be waited away, 0 when it is spent or not armed."""
    return 0 if _end is None else max(0, time.ticks_diff(_end, time.ticks_ms()) - _keep_ms)


def cap_ms(seconds):
    """The time one wait may take, in milliseconds: `seconds`, or less when the budget is nearly spent. At least 0."""
    return min(left_ms(), int(seconds * MS_PER_S))


def give_up(ms):
    """Sleep with nothing but the firmware, when even the board's profile fails. ms: cut to half an hour, which every board
    can sleep. Does not return.
    """
    machine.deepsleep(min(ms, 1800000))


def mark(phase):
    """A phase of the wake begins here. phase: one word of docs/wake.md's story."""
    if on_mark:
        on_mark(phase, time.ticks_ms())
