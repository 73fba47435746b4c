"""The awake budget: one deadline for the whole wake, from which every wait takes its share, and the marks that tell where the
time went.

The deadline is a one-shot timer outside the event loop, so that a loop that never yields still ends in sleep. Its callback
runs between two bytecodes (esp32, esp8266: scheduled, soft): a call that blocks inside the firmware delays it.
"""

import time

import machine

MS_PER_S = 1000  # of budget per second asked for; the virtual board's --speed lowers it
on_mark = None  # a trace: called with (phase, ticks_ms) at each mark

_started = 0  # ticks when the board began to boot
_end = None  # ticks at which the node must sleep; None: not armed
_keep_ms = 0
_timer = None


def arm(seconds, boot_ms, timer, on_expire, *args):
    """Start the budget.

    seconds: of awake time, 5 to 60. boot_ms: what the board has been awake before this call. timer: a machine.Timer.
    on_expire: called with args when the time is over; it must not return to the program.
    """
    global _started, _end, _timer
    now = time.ticks_ms()
    _started = time.ticks_add(now, -(boot_ms * MS_PER_S // 1000))
    _end = time.ticks_add(_started, seconds * MS_PER_S)
    _timer = timer
    timer.init(mode=timer.ONE_SHOT, period=time.ticks_diff(_end, now), callback=lambda _: on_expire(*args))


def disarm():
    """Stop the deadline: somebody is at the REPL, or the node is about to sleep."""
    global _timer, _end
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
