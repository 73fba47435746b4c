"""What the broker refuses. Loaded when it did: refused subscriptions are asked for again only now and then, refused records in
the next upload.

In state.refused: a bit for each of at most two filters; above them, how many uploads pass before all is asked for again.
"""

from micropython import const

from node.state import STEP_BY_STEP

_UPLOADS = const(63)


def ask(state, filters):
    """What to subscribe to in this upload. state: node.state.State. filters: of the service. Returns a list."""
    if state.refused < 4:
        return filters
    state.refused -= 4
    return [filters[i] for i in range(len(filters)) if not state.refused >> i & 1]


def note(state, filters, asked, granted, pipelined, acked):
    """Keep what the broker refused. asked: what ask() gave. granted: the codes for it (MQTT 3.1.1 section 3.9.3, MQTT 5
    section 3.9.3: from 0x80 on a refusal). pipelined: whether it took the burst in one write. acked: for each record 1, or
    the reason why it was refused.

    Raises mqtt.v5.MQTT5Error when a record was refused: it decides the sleep (node.backoff).
    """
    if not pipelined:
        state.flags |= STEP_BY_STEP
    for i in range(min(len(granted), len(asked))):
        if asked[i] not in filters:
            continue  # of the service's own (adapt)
        bit = 1 << filters.index(asked[i])
        state.refused &= ~bit
        if granted[i] >= 0x80:
            state.refused |= bit | _UPLOADS << 2
    if not state.refused & 3:
        state.refused = 0
    if acked.strip(b"\1"):
        from mqtt.v5 import MQTT5Error

        raise MQTT5Error(max(acked), 0x40)
