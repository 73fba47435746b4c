"""The node's time to the millisecond, and how wrong the clock is that counts in deep sleep: up to 6 % on an ESP8266.

Two time fixes and the sleep between them show the error; from then on sleeps are planned with it, and the real-time clock is
put right before each sleep for what that sleep will really last. Integers only: floats have 30 bits on some boards.
"""

import time

from micropython import const

_SHIFT = const(18)  # drift is kept in units of 2**-18: 3.8 ppm, and +-12.5 % in 16 bits
_ONE = const(0x40000)
_MOST = const(26214)  # 10 %
VOID = const(0xFFFFFFFF)  # of state.slept_ms: a sleep of unknown length came between, nothing can be learned
_LEAST_MS = const(30000)  # of sleep, to learn from
_MOST_STEP = const(11)


def asked_ms(drift, ms):
    """What to ask of a sleep clock so that the sleep lasts `ms`. drift: in 2**-18, positive sleeps too long."""
    return (ms << _SHIFT) // (_ONE + drift)


def lasts_ms(drift, ms):
    """How long a sleep lasts in truth when `ms` is asked of the sleep clock. drift: in 2**-18."""
    return ms + (ms * drift >> _SHIFT)


def learn(state, error_ms, interval_s):
    """Learn from a time fix: the drift, and how long the clock can be trusted now.

    state: node.state.State. error_ms: true time less the node's own. interval_s: the node's; the clock may be wrong by a
    hundredth of it.
    """
    slept = state.slept_ms
    if not _LEAST_MS <= slept < VOID or abs(error_ms) > slept >> 3:
        return
    found = (error_ms << _SHIFT) // slept
    if state.clock_step:
        # The clock's own noise and the network's: half the news.
        found = (found + 1) // 2
    state.drift = min(_MOST, max(-_MOST, state.drift + found))
    error_ms = abs(error_ms)
    limit_ms = max(100, interval_s * 10)
    if error_ms > limit_ms:
        state.clock_step = max(0, state.clock_step - 2)
    elif error_ms <= limit_ms // 2:
        state.clock_step = min(_MOST_STEP, state.clock_step + (2 if error_ms <= limit_ms // 4 else 1))


def now_ms(state):
    """Milliseconds since 1970; meaningless until the clock is set."""
    from power import rtc

    while True:
        seconds = rtc.read()
        # The fraction only: ports differ in the year from which time_ns() counts.
        part = time.time_ns() // 1000000 % 1000
        if rtc.read() == seconds:
            return seconds * 1000 + part + state.lag_ms


def put(state, ms):
    """Set the clock. ms: since 1970. The real-time clock takes whole seconds; the state keeps what it lacks."""
    from power import rtc

    seconds = (ms + 500) // 1000
    rtc.write(seconds)
    state.lag_ms = ms - seconds * 1000


def before(state, ms):
    """The node is about to sleep. ms: asked of the sleep clock, which will believe that they have passed when it wakes."""
    state.slept_ms = min(VOID, state.slept_ms + ms)
    more_ms = ms * state.drift >> _SHIFT  # more, perhaps, than the state's 16 bits
    if abs(state.lag_ms + more_ms) < 1000:
        state.lag_ms += more_ms
    else:
        put(state, now_ms(state) + more_ms)
