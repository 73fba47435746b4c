"""What the node remembers across a deep sleep: a small fixed record. Pure.

Its place in retained memory is node.restore's and node.memory's. What stays in memory for a wake is the record and a table of
its places, by which the firmware reads and writes it as attributes (extmod/moductypes.c); this module is forgotten, and so
the flags have one of their own (node.state).
"""

import struct
import uctypes

from micropython import const

VERSION = const(4)
_FORMAT = const("<HHIIIIHBBHBIIIIIIIIIhhB24s30sIHB25s25sIBBI")
_FIELDS = (
    "boot",  # cold boots of this board, kept in flash too
    "seq",  # records taken since the cold boot
    "acked",  # every record with a key up to this one is delivered
    "sent",  # every record with a key up to this one was sent at least once
    "dropped",  # records lost to a full store in the node's life
    "wake_every_s",  # as commanded; 0: config.py's
    "sensor_errors",
    "fails",  # failed uploads in a row
    "failure",  # the last failure, an index of node.backoff.KINDS
    "flags",
    "clock_skips",  # wakes to wait before the next attempt to set the clock
    "remaining_s",  # of a sleep longer than the board's limit
    "fixed_at",  # seconds since 1970 of the last clock fix; 0: the clock is not set
    "born_at",  # seconds since 1970 of the cold boot; 0: not known yet
    "test_s",  # seconds spent in test mode
    "base_s",  # what the clock read at the cold boot
    "clock_tries",
    "config_mark",  # of the config.py that was checked last
    "slept_ms",  # asked of the sleep clock since the last fix (node.drift)
    "shunned",  # a byte for each time server (node.clock)
    "drift",  # of the sleep clock, in 2**-18; positive sleeps too long
    "lag_ms",  # what the clock, which is set in whole seconds, is behind the time
    "clock_step",  # of trust in the clock, 0 to 11: how long until the next fix
    # Bytes that only one part of the node reads, which knows their layout; all zero on a cold boot.
    "heard",  # node.commands
    "link",  # node.link
    "not_before",  # seconds of the clock: the broker wants no upload before it (node.throttle, CONNACK 6 and 7)
    "window_h",  # hour of the clock of the last service window after repeated crashes
    "refused",  # of the subscriptions: node.grants
    "news",  # bytes again: node.changes has the first 16, node.pin the last 9
    "told",  # bytes again: node.report, the last 4 node.discovery
    "chores",  # node.chores: commands to obey at the end of the wake
    "upload_every",  # as commanded; 0: config.py's
    "hung",  # wakes that did not come to their end, since the last good upload (node.begin)
    "flash_writes",  # files written in the node's life, as far as it is known
)


def size():
    """Bytes of the record."""
    return struct.calcsize(_FORMAT)


def State(kept=None):
    """The fields above as attributes of a bytearray, which they change: all 0 in a new one, a cold boot.

    Integers are cut to their field, as in C. Bytes are written into, state.link[:] = ..., never replaced.
    kept: a bytearray of size(), which must be kept as long as the State: that knows only where it lies.
    """
    kept = bytearray(size()) if kept is None else kept
    kinds = {
        "B": uctypes.UINT8, "b": uctypes.INT8, "H": uctypes.UINT16, "h": uctypes.INT16, "I": uctypes.UINT32, "i": uctypes.INT32
    }  # fmt: skip
    layout = {}
    names = iter(_FIELDS)
    at = count = 0
    for letter in _FORMAT[1:]:
        if letter < "A":
            count = count * 10 + int(letter)
        elif letter == "s":
            layout[next(names)] = (uctypes.ARRAY | at, uctypes.UINT8 | count)
            at += count
            count = 0
        else:
            layout[next(names)] = kinds[letter] | at
            at += struct.calcsize("<" + letter)
    return uctypes.struct(uctypes.addressof(kept), layout, uctypes.LITTLE_ENDIAN)


def load(payload):
    """A State from the bytes of dump(); None when they are not that."""
    return State(bytearray(payload)) if payload is not None and len(payload) == size() else None


def dump(state):
    """The State as bytes, always of the same length."""
    return bytes(state)
