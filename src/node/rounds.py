"""What goes out in one burst of an upload, and what is left when it is over. Loaded around the burst, not during it."""

import gc

from micropython import const

from node import outbox
from node import state as states

_ROUND_BYTES = const(4000)  # the most of record bodies in one burst: about three TCP segments
_ROUND = const(32)  # and of records: aedes hangs up on more than 42 packets before its CONNACK
_SHARE = const(50)  # and the part of the free heap that they may take: they are needed as records and as packets


def pending(memory):
    """The records of the next burst, as outbox.pending() gives them."""
    gc.collect()
    share = gc.mem_free() // (4 * _SHARE if memory.state.flags & states.SMALL_HEAP else _SHARE)
    found = outbox.pending(memory, min(_ROUND_BYTES, share))[:_ROUND]
    # A power cut starts a new count, and two packets of one burst cannot share an identifier: boots are far apart (4099), but
    # not for ever. node.upload has the same formula.
    pids = [((rec[0] & 0xFFFF) - 1 + ((rec[0] >> 16) - 1) * 4099) % 0xFFFF + 1 for rec in found]
    for i in range(1, len(pids)):
        if pids[i] in pids[:i]:
            del found[i:]
            break
    return found


def done(memory, batch, acked):
    """Take what the broker has out of the store. batch: of pending(). acked: for each of them 1 when it was acknowledged, then
    the same for the messages that went along. Returns the number of records that are gone.
    """
    state = memory.state
    if batch:
        state.sent = max(state.sent, batch[-1][0])
    if len(acked) > len(batch) and acked[-1]:
        state.told[14] |= 8  # the last message is a traceback, taken or refused: node.tally
    # MQTT 5: from 128 on it is a refusal, and the record stays.
    acked = bytes([code == 1 for code in acked[: len(batch)]])
    outbox.ack(memory, batch, acked)
    return sum(acked)
