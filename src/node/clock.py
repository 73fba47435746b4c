"""The node's clock: UTC from SNTP, kept by the board's RTC across sleeps. An unset clock is never used for a date."""

from micropython import const

from node import drop
from power import rtc

_FRESH_S = const(52)  # doubled by each step of trust: 30 hours at most


def due(state):
    """Whether to ask for the time in this wake: never set, or stale; after failures less and less often."""
    # Either way: a clock that lost its time is years behind its last fix.
    if state.fixed_at and abs(rtc.read() - state.fixed_at) < _FRESH_S << state.clock_step:
        return False
    if state.clock_skips:
        state.clock_skips -= 1
        return False
    return True


def sync(state, servers, save=lambda: None):
    """Ask the servers in turn and set the clock.

    state: node.state.State, whose clock fields it keeps. servers: at most four "host" or "host:port". save: keeps the state.
    Returns whether the clock is set now. Never raises for what a network does.
    """
    from node import fix

    done = fix.run(state, servers, save)
    del fix
    drop("node.fix", "node.sntp", "node.drift", "power.cause")
    return done
