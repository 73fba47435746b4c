"""What the node remembers across a deep sleep: a small fixed record. Pure.

Its place in retained memory, and the check that it is whole, are power/retained.py's.
"""

import struct

from micropython import const

VERSION = const(3)
_FORMAT = const("<HHIIIIHBBBBIIIIIIIIIhhB24s30sIHB25s21sIBB")
_FIELDS = (
    "boot",  # cold boots of this board, kept in flash too
    "seq",  # records taken since the cold boot
    "acked",  # every record with a key up to this one is delivered
    "sent",  # every record with a key up to this one was sent at least once
    "dropped",  # records lost to a full store since the cold boot
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
    "told",  # bytes again: node.report
    "chores",  # node.chores: commands to obey at the end of the wake
    "upload_every",  # as commanded; 0: config.py's
    "hung",  # wakes that did not come to their end, since the last good upload (node.begin)
)

UNFINISHED = const(1)  # the radio was started, the wake did not end
STEP_BY_STEP = const(2)  # the broker dropped a pipelined burst
STRETCHED = const(4)  # the battery is low: longer sleeps
EMPTY = const(8)  # the battery is nearly empty: the radio stays off
SMALL_HEAP = const(16)  # the last upload ran out of memory: fewer records at once
TIMED = const(32)  # the last sleep was planned by node.finish, which counted it
UPLOAD = const(64)  # commanded: the next wake uploads, whatever UPLOAD_EVERY says
AWAKE = const(128)  # a wake has begun and not come to its end (node.begin)


class State:
    """The fields above: integers, all 0 on a cold boot, and bytearrays of one part's own."""

    def __init__(self, payload=b""):
        payload = payload or bytes(struct.calcsize(_FORMAT))
        for name, value in zip(_FIELDS, struct.unpack(_FORMAT, payload)):
            setattr(self, name, value if isinstance(value, int) else bytearray(value))


def load(payload):
    """A State from the bytes of dump(); None when they are not that."""
    if payload is None or len(payload) != struct.calcsize(_FORMAT):
        return None
    return State(payload)


def dump(state):
    """The State as bytes, always of the same length."""
    return struct.pack(_FORMAT, *[getattr(state, name) for name in _FIELDS])
