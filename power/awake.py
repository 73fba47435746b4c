"""The awake budget: one deadline for the whole wake, from which every wait takes its share, and the marks that tell where the
time went.

power.deadline arms it; this part stays in memory for the whole wake.
"""

import time

import machine

MS_PER_S = 1000  # of budget per second asked for; the virtual board's --speed lowers it
on_mark = None  # a trace: called with (phase, ticks_ms) at each mark
trail = bytearray()  # of this wake's phases: a letter, and when it began in units of 8 ms, two bytes (node.tally)

# What power.deadline arms.
started = 0  # ticks when the board began to boot
end = None  # ticks at which the node must sleep; None: not armed
timer = None
backstop = None
board_name = ""
sleep_ms = 0  # of the sleep that the deadline ends in
_keep_ms = 0


def disarm(soft=True, hard=True):
    """Stop the deadline. Both: somebody is at the REPL. soft, the timer, alone: the node is about to sleep, and only being
    stuck may still come between. hard, the backstop, alone: the board waits for somebody to come to the REPL.
    """
    global timer, end, backstop
    if hard and backstop:
        backstop(0, 0)
        backstop = None
    if soft:
        if timer:
            timer.deinit()
        timer = end = None


def elapsed_ms():
    """Milliseconds since the board began to boot; 0 when the budget is not armed."""
    return 0 if end is None else time.ticks_diff(time.ticks_ms(), started)


def keep(ms):
    """Set milliseconds aside for what must happen at the end of the wake whatever the waits before it did."""
    global _keep_ms
    _keep_ms = ms


def left_ms():
    """Milliseconds of the budget that may still be waited away, 0 when it is spent or not armed."""
    return 0 if end is None else max(0, time.ticks_diff(end, time.ticks_ms()) - _keep_ms)


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
    since = min(elapsed_ms() >> 3, 0xFFFF)
    trail.extend(bytes((ord(phase[0]), since >> 8, since & 255)))
    if on_mark:
        on_mark(phase, time.ticks_ms())
