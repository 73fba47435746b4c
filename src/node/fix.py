"""A time fix: ask the servers, believe or not, set the clock. Loaded by node.clock in the few wakes that need it."""

import errno
import os
import select
import socket
import time

from micropython import const

from node import sntp
from power import awake, rtc
from power.cause import cause

_PORT = const(123)
_WAIT_S = const(1)  # for each server
_MOST_SKIPS = const(64)
_JUMP_MS = const(60000)
_LOST_S = const(7 * 86400)  # more than a clock put right for a long sleep can be behind its fix
_AGREE_MS = const(10000)
_SERVERS = const(4)  # a byte of state.shunned for each
_DENIED = const(0xFF)
_VOID = const(0xFFFFFFFF)  # node.drift.VOID


def run(state, servers, save):
    """Ask the servers in turn and set the clock: see node.clock.sync().

    save: keeps the state. A clock that is set does not jump at one server's word: another must say the same, or it be said in
    three attempts.
    """
    if cause() != "deepsleep":
        state.slept_ms = _VOID
    silent = []
    first = None
    done = False
    for i, server in enumerate(servers[:_SERVERS]):
        shunned = state.shunned >> 8 * i & 0xFF
        if shunned & 31:
            if shunned != _DENIED:
                state.shunned -= 1 << 8 * i
            continue
        try:
            utc_ms = _ask(server)
        except (OSError, ValueError) as error:
            code = error.args and error.args[-1]
            if code in (b"DENY", b"RSTR"):
                state.shunned |= _DENIED << 8 * i
            elif code == b"RATE":
                _shun(state, i)
            else:
                silent.append(i)
            continue
        from node import drift

        error_ms = utc_ms - drift.now_ms(state)
        if not _believable(state, error_ms) and (first is None or abs(error_ms - first) > _AGREE_MS):
            first = error_ms
            continue
        if not state.born_at:
            # Records taken before this moment carry seconds since the cold boot: this is what dates them.
            state.born_at = (utc_ms + 500) // 1000 - max(0, rtc.read() - state.base_s)
        if state.fixed_at:
            import config

            drift.learn(state, error_ms, state.wake_every_s or config.WAKE_EVERY_S)
        state.fixed_at = utc_ms // 1000
        save()  # before the clock shows UTC: after a reset in between nobody would know since when it does
        drift.put(state, utc_ms)
        state.slept_ms = state.clock_tries = state.clock_skips = 0
        state.shunned &= ~(0xFF << 8 * i)
        for other in silent:
            # It can be spared: this one answers.
            _shun(state, other)
        done = True
        break
    if not done:
        state.clock_tries = min(state.clock_tries + 1, 6)
        state.clock_skips = min(_MOST_SKIPS, 1 << state.clock_tries) - 1
    return bool(state.fixed_at)


def _believable(state, error_ms):
    age_s = rtc.read() - state.fixed_at
    # Never set, or lost since; or nobody else was there to ask in two attempts.
    if not state.fixed_at or age_s < -_LOST_S or state.clock_tries >= 2:
        return True
    return abs(error_ms) <= _JUMP_MS + abs(age_s) * 1000 // 8


def _shun(state, i):
    # In its byte: above, how often in a row, at most 6; below, how many attempts it sits out, 1, 3, 7, 15, 31 (RFC 4330
    # section 10: back off exponentially).
    row = min((state.shunned >> 8 * i + 5 & 7) + 1, 6)
    state.shunned = state.shunned & ~(0xFF << 8 * i) | (row << 5 | (1 << min(row, 5)) - 1) << 8 * i


def _ask(server):
    host, _, port = server.partition(":")
    nonce = os.urandom(8)
    # One name takes one blocking look-up: ports have no other.
    address = socket.getaddrinfo(host, int(port or _PORT), 0, socket.SOCK_DGRAM)[0][-1]
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.connect(address)
        asked = time.ticks_ms()
        sock.send(sntp.request(nonce))
        until = time.ticks_add(asked, awake.cap_ms(_WAIT_S))
        packet = b""
        poller = select.poll()
        poller.register(sock, select.POLLIN)
        # What answers another question is ignored, not believed to be the end of this one.
        while not sntp.mine(packet, nonce):
            if not poller.poll(max(0, time.ticks_diff(until, time.ticks_ms()))):
                raise OSError(errno.ETIMEDOUT)
            packet = sock.recv(48)
        return sntp.answer(packet, time.ticks_diff(time.ticks_ms(), asked))
    finally:
        sock.close()
