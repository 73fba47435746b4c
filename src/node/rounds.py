"""What goes out in one burst of an upload, and what is left when it is over. Loaded around the burst, not during it."""

import gc

from micropython import const

from node import outbox
from node import state as states

_ROUND_BYTES = const(4000)  # the most of record bodies in one burst: about three TCP segments
_ROUND = const(32)  # and of records: aedes hangs up on more than 42 packets before its CONNACK
_SHARE = const(50)  # and the part of the free heap that they may take: they are needed as records and as packets
_FREE = const(20000)  # bytes of heap for a second round


def following(memory, service, every, batch, more, acked, gone):
    """What the next burst carries: (records as outbox.pending() gives them, messages); messages None: the upload is over.

    service: the module. every: config.UPLOAD_EVERY. batch, more, acked, gone: of the burst before, gone that of done(); batch
    None before the first.
    """
    if batch is None:
        return _pending(memory, service), more
    # What the broker did not acknowledge goes again in the next wake, not for ever in this one.
    if gone < len(batch):
        return batch, None
    # And a heap in pieces has no room for a second round.
    found = gone > 1 and gc.mem_free() > _FREE and _pending(memory, service)
    if found:
        more.clear()
        return found, more
    return [], service.rest(memory, every, more, acked) if hasattr(service, "rest") else None


def _pending(memory, service):
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
    if hasattr(service, "most"):
        del found[service.most(memory, found) :]
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
