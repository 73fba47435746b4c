"""The network's part of a wake: what is stored goes out, what was sent meanwhile comes in, in one burst each round."""

import binascii
import gc

from micropython import const

from node import drop
from node import state as states
from power import awake

_ROUND_BYTES = const(4000)  # the most of record bodies in one burst: about three TCP segments
_ROUND = const(32)  # and of records: aedes hangs up on more than 42 packets before its CONNACK
_SHARE = const(50)  # and the part of the free heap that they may take: they are needed as records and as packets
_ROUND_FREE = const(20000)  # bytes of heap
_EXCHANGE_S = const(8)


def identity(name, unique_id):
    """The node's name and its MQTT client id. The id always contains the chip's: a copied configuration cannot make two
    boards share a session.

    name: config.NAME or None. unique_id: bytes of machine.unique_id().
    """
    chip = binascii.hexlify(unique_id).decode()
    name = name or chip[-6:]
    return name, name + "-" + chip


def run(memory, service_name, unique_id, template, name, broker, user, password):
    """Send everything that is stored and apply what comes.

    memory: node.memory.Memory. service_name: a module of node.services. unique_id: the chip's. template: config.TOPIC.
    name: config.NAME. broker: "host" or "host:port". user, password: text or None.
    Prints the number of records delivered. Raises OSError (mqtt.errors.MQTTError for a refusal); what was acknowledged
    before it is out of the store all the same.
    """
    awake.mark("mqtt")
    service = __import__("node.services." + service_name, None, None, ("*",))
    name, client_id = identity(name, unique_id)
    host, _, port = broker.partition(":")
    filters = service.subscriptions(template, name)
    topic = service.topic(template, name, "readings")
    state = memory.state
    heard = []

    def on_message(*message):
        # The readings are on their way: their place is for the command now. A second try would have nothing to send.
        batch[:] = [rec[:1] for rec in batch]
        publish.batch = ()
        if message[0].rsplit(b"/", 1)[-1] in b"throttle errors":
            from node import throttle

            return throttle.take(state, *message)
        from node import commands

        answer = commands.take(memory, filters, heard, *message)
        return answer and [(service.topic(template, name, "result"), service.result(*answer), False, 1, 0, False)]

    asked = filters
    if state.refused:
        from node import grants

        asked = grants.ask(state, filters)
        del grants
        drop("node.grants")
    options = {
        "port": int(port or 1883),
        "client_id": client_id,
        "subscribe": asked,
        "on_message": on_message,
        "user": user,
        "password": password,
        "pipeline": not state.flags & states.STEP_BY_STEP,
    }
    delivered = 0
    while True:
        batch = _pending(memory)
        acked = bytearray(len(batch))
        publish = Batch(service, topic, state, batch)
        try:
            granted, pipelined = _exchange(host, publish, acked, options)
        finally:
            # The client makes room for the store.
            drop("mqtt", "node.commands", "node.throttle")
            _ack(memory, batch, acked)
            delivered += sum(acked)
        if not pipelined:
            state.flags |= states.STEP_BY_STEP
        if state.refused or max(granted or b"\0") >= 0x80:
            from node import grants

            grants.note(state, filters, asked, granted)
            del grants
            drop("node.grants")
        # What the broker did not acknowledge goes again in the next wake, not for ever in this one. And a heap in pieces has no
        # room for a second round.
        if sum(acked) < len(batch) or len(batch) < 2 or gc.mem_free() < _ROUND_FREE or not _pending(memory):
            print("delivered", delivered)
            return


def _exchange(host, publish, acked, options):
    from mqtt import blocking, burst

    timeout_ms = awake.cap_ms(_EXCHANGE_S)
    _, granted, _, pipelined = blocking.run(
        burst.exchange(host, publish=publish, acked=acked, timeout_ms=timeout_ms, **options)
    )
    return granted, pipelined


class Batch:
    """The messages of one burst, each made when it is asked for: ten records are not in memory twice."""

    def __init__(self, service, topic, state, batch):
        self._service = service
        self._topic = topic
        self._state = state
        self.batch = batch

    def __len__(self):
        return len(self.batch)

    def __getitem__(self, i):
        """(topic, payload, retain, qos, pid, dup): the packet id is the sequence number, so that a session which the broker
        kept knows the record again (MQTT 3.1.1, MQTT-4.4.0-1).
        """
        key, when, flags, body = self.batch[i]
        state = self._state
        if not flags and state.born_at and key >> 16 == state.boot:
            # Taken before the clock was set in this boot: now it can be dated.
            when += state.born_at
            flags = 1
        payload = self._service.readings(key, when, flags, body)
        return self._topic, payload, False, 1, key & 0xFFFF, key <= state.sent


def _pending(memory):
    from node import outbox

    gc.collect()
    share = gc.mem_free() // (4 * _SHARE if memory.state.flags & states.SMALL_HEAP else _SHARE)
    found = outbox.pending(memory, min(_ROUND_BYTES, share))[:_ROUND]
    seqs = [rec[0] & 0xFFFF for rec in found]
    for i in range(1, len(seqs)):
        if seqs[i] in seqs[:i]:
            # A power cut starts a new count: two packets of one burst cannot share an identifier.
            del found[i:]
            break
    del outbox
    drop("node.outbox", "node.record")
    return found


def _ack(memory, batch, acked):
    from node import outbox

    if batch:
        memory.state.sent = max(memory.state.sent, batch[-1][0])
    outbox.ack(memory, batch, acked)
    del outbox
    drop("node.outbox", "node.record")
