"""The node's clock: UTC from SNTP, kept by the board's RTC across sleeps. An unset clock is never used for a date."""

import errno
import os
import socket
import time

from micropython import const

from mqtt import blocking
from node import sntp
from power import awake, rtc

_PORT = const(123)
_WAIT_S = const(1)
_FRESH_S = const(24 * 3600)
_MOST_SKIPS = const(64)


def uptime(state):
    """Seconds since the cold boot, sleep included; for a clock that is not set yet."""
    return max(0, rtc.read() - state.base_s)


def due(state):
    """Whether to ask for the time in this wake: never set, or a day old; after failures less and less often."""
    if state.fixed_at and rtc.read() - state.fixed_at < _FRESH_S:
        return False
    if state.clock_skips:
        state.clock_skips -= 1
        return False
    return True


def sync(state, servers):
    """Ask the servers in turn and set the clock.

    state: node.state.State, whose clock fields it keeps. servers: host names or addresses.
    Returns whether the clock is set now. Never raises for what a network does.
    """
    for server in servers:
        try:
            seconds, ms = _ask(server)
        except (OSError, ValueError):
            continue
        seconds += ms >= 500
        if not state.born_at:
            # Records taken before this moment carry seconds since the cold boot: this is what dates them.
            state.born_at = seconds - uptime(state)
        rtc.write(seconds)
        state.fixed_at = seconds
        state.clock_tries = state.clock_skips = 0
        return True
    state.clock_tries = min(state.clock_tries + 1, 6)
    state.clock_skips = min(_MOST_SKIPS, 1 << state.clock_tries) - 1
    return bool(state.fixed_at)


def _ask(server):
    nonce = os.urandom(8)
    # One name takes one blocking look-up: ports have no other.
    address = socket.getaddrinfo(server, _PORT, 0, socket.SOCK_DGRAM)[0][-1]
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.connect(address)
        sock.send(sntp.request(nonce))
        until = time.ticks_add(time.ticks_ms(), awake.cap_ms(_WAIT_S))
        if not blocking.wait(sock, False, until):
            raise OSError(errno.ETIMEDOUT)
        packet = sock.recv(48)
    finally:
        sock.close()
    return sntp.answer(packet, nonce)

