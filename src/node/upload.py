"""The network's part of a wake: what is stored goes out, what was sent meanwhile comes in, in one burst each round."""

import binascii

from micropython import const

from node import record
from node import state as states
from node.commands import Inbox
from power import awake

_ROUND_BYTES = const(1200)  # of record bodies in one burst: about one TCP segment
_EXCHANGE_S = const(8)


def identity(name, unique_id):
    """The node's name and its MQTT client id. The id always contains the chip's: a copied configuration cannot make two
    boards share a session.

    name: config.NAME or None. unique_id: bytes of machine.unique_id().
    """
    chip = binascii.hexlify(unique_id).decode()
    name = name or chip[-6:]
    return name, name + "-" + chip


async def run(memory, service, template, name, client_id, server, user, password):
    """Send everything in the outbox and apply what comes.

    memory: node.memory.Memory. service: module of node.services. template: config.TOPIC. name, client_id: of identity().
    server: "host" or "host:port". user, password: text or None.
    Returns the number of records delivered. Raises OSError (mqtt.errors.MQTTError for a refusal); what was acknowledged
    before it is out of the outbox all the same.
    """
    from mqtt import burst

    state = memory.state
    outbox = memory.outbox
    host, _, port = server.partition(":")
    filters = service.subscriptions(template, name)
    inbox = Inbox(state, [f for f, _ in filters], memory.keep_settings)
    results = service.topic(template, name, "result")
    readings = service.topic(template, name, "readings")

    def on_message(topic, payload, retain, dup):
        answer = inbox.take(topic, payload, retain, dup)
        if answer is None:
            return None
        return [(results, service.result(*answer), False, 1, 0, False)]

    delivered = 0
    while True:
        batch = outbox.pending(_ROUND_BYTES)
        publish = [(readings, _payload(service, state, rec), False, 1, rec[0] & 0xFFFF, rec[0] <= state.sent) for rec in batch]
        if batch and batch[-1][0] > state.sent:
            state.sent = batch[-1][0]
        acked = bytearray(len(batch))
        try:
            outcome = await burst.exchange(
                host,
                port=int(port or 1883),
                client_id=client_id,
                publish=publish,
                subscribe=filters,
                on_message=on_message,
                acked=acked,
                user=user,
                password=password,
                timeout_ms=awake.cap_ms(_EXCHANGE_S),
                pipeline=not state.flags & states.STEP_BY_STEP,
            )
        finally:
            outbox.ack(batch, acked)
            delivered += sum(acked)
        if not outcome[3]:
            state.flags |= states.STEP_BY_STEP
        # What the broker did not acknowledge goes again in the next wake, not for ever in this one.
        if sum(acked) < len(batch) or not outbox.pending(1):
            return delivered


def _payload(service, state, rec):
    key, when, flags, body = rec
    utc = flags & record.UTC
    if not utc and state.born_at and key >> 16 == state.boot:
        when += state.born_at
        utc = True
    return service.readings(key, when, utc, body)
