"""What goes out in one burst of an upload, and what is left when it is over. Loaded around the burst, not during it."""

import gc

from micropython import const

from node import outbox
from node import state as states

_ROUND_BYTES = const(4000)  # the most of record bodies in one burst: about three TCP segments
_ROUND = const(32)  # and of records: aedes hangs up on more than 42 packets before its CONNACK
_SHARE = const(46)  # and the part of the free heap that they may take: they are needed as records and as packets
_FREE = const(19000)  # bytes of heap for a second round


def following(upload, more, came_to):
    """What the next burst carries: (records as outbox.pending() gives them, messages); messages None: the upload is over.

    upload: the memory, the service, config.UPLOAD_EVERY, all filters, options of burst.exchange() and MQTT 5's delay of the
    will. more: the messages of the burst before. came_to: its records, which were acknowledged, (what was granted, whether it
    was pipelined), and what done() gave; None before the first. Raises what node.grants does.
    """
    memory, service, every, filters, options, delay_s = upload
    if not came_to:
        batch = _pending(memory, service)
    else:
        batch, acked, (granted, pipelined), gone = came_to
        if not pipelined or memory.state.refused or granted.strip(b"\1") or gone < len(batch):
            from node import grants

            grants.note(memory.state, filters, options["subscribe"], granted, pipelined, acked[: len(batch)])
        # What the broker did not acknowledge goes again in the next wake, not for ever in this one.
        if gone < len(batch):
            return batch, None
        batch.clear()
        # And a heap in pieces has no room for a second round.
        if gone > 1 and gc.mem_free() > _FREE:
            batch = _pending(memory, service)
        if batch:
            more.clear()
        else:
            more = service.rest(memory, every, more, acked) if hasattr(service, "rest") else None
    if delay_s and more is not None:
        from mqtt.v5 import V5

        # Reason 4: the broker tells of the node that did not come back within the delay (MQTT 5 section 3.1.3.2.2).
        options["v5"] = V5({}, {0x18: delay_s}, 4)
    return batch, more


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
