"""A reading is kept before the network's fate is known."""

from micropython import const

from node import outbox, record
from power import rtc

_LOST_S = const(7 * 86400)


def add(memory, body, sensor_errors):
    """Store a reading. memory: node.memory.Memory. body: the sensors' JSON text. sensor_errors: how many sensors failed."""
    state = memory.state
    state.sensor_errors = min(state.sensor_errors + sensor_errors, 0xFFFF)
    now_s = rtc.read()
    if state.seq == 0xFFFF:
        from node import files

        # The next reading would have this boot's first key again.
        files.count_boot(state)
        state.seq = state.born_at = 0
        state.base_s = now_s
    state.seq += 1
    # A fix that is kept and a clock far behind it: a reset came between the two.
    utc = 0 < state.fixed_at < now_s + _LOST_S
    when = max(0, now_s - (0 if utc else state.base_s)) & 0xFFFFFFFF
    outbox.append(memory, record.pack(state.boot << 16 | state.seq, when, record.UTC if utc else 0, body.encode()))
    memory.save()
