"""The time as a service tells it, for want of a time server's: to a second, and only where node.fix got no answer."""

from micropython import const

from node import drift
from power import rtc

_OLDEST = const(1767225600)  # 2026-01-01: no answer can be older than this program
_JUMP_MS = const(60000)
_VOID = const(0xFFFFFFFF)  # node.drift.VOID: of a clock that is right to a second no drift is to be learned


def take(memory, payload):
    """Set the clock, as node.fix would. memory: node.memory.Memory. payload: bytes, seconds since 1970 in decimal digits.

    What is far from a clock that was set is not believed until the time servers were silent twice.
    """
    state = memory.state
    if not payload.isdigit() or not _OLDEST <= int(payload[:11]) < 1 << 32:
        return
    utc_ms = int(payload) * 1000 + 500
    age_s = rtc.read() - state.fixed_at
    if state.fixed_at and state.clock_tries < 2 and abs(utc_ms - drift.now_ms(state)) > _JUMP_MS + abs(age_s) * 125:
        return
    if not state.born_at:
        state.born_at = utc_ms // 1000 - max(0, rtc.read() - state.base_s)
    state.fixed_at = utc_ms // 1000
    memory.save()  # before the clock shows UTC: see node.fix
    drift.put(state, utc_ms)
    state.slept_ms = _VOID
    state.clock_tries = state.clock_skips = 0
