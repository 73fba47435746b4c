"""The bits of state.flags. Pure. The record itself, its fields and their layout are in node.fields."""

from micropython import const

UNFINISHED = const(1)  # the radio was started, the wake did not end
STEP_BY_STEP = const(2)  # the broker dropped a pipelined burst
STRETCHED = const(4)  # the battery is low: longer sleeps
EMPTY = const(8)  # the battery is nearly empty: the radio stays off
SMALL_HEAP = const(16)  # the last upload ran out of memory: fewer records at once
TIMED = const(32)  # the last sleep was planned by node.finish, which counted it
UPLOAD = const(64)  # commanded: the next wake uploads, whatever UPLOAD_EVERY says
AWAKE = const(128)  # a wake has begun and not come to its end (node.begin)
FULL = const(256)  # the flash ring is about to drop readings: upload at once (node.outbox)


def __getattr__(name):
    # State, size, VERSION...: needed at the start of a wake only.
    from node import fields

    return getattr(fields, name)
