"""The network's part of a wake: what is stored goes out, what was sent meanwhile comes in, in one burst each round."""

import gc
import sys

from micropython import const

from node import drop
from power import awake

_EXCHANGE_S = const(8)


def run(memory, service_name, template, name, host, options, filters, said):
    """Send everything that is stored and apply what comes. What it is given node.session has made.

    memory: node.memory.Memory. service_name: a module of node.services. template: config.TOPIC, {user} put in. name: the
    node's. host: the broker. options: of burst.exchange(), "v5" the delay of MQTT 5's will in seconds or None. filters: all
    that the node listens to. said: what the status is made from (node.status). Prints the number of records delivered.
    Raises OSError (mqtt.errors.MQTTError for a refusal); what was acknowledged before it is out of the store all the same.
    """
    awake.mark("mqtt")
    service = __import__("node.services." + service_name, None, None, ("*",))
    # The messages that go along; the last alone may have an acknowledgement that counts.
    more, said = _step("node.report", "messages", memory, service, template, name, options, said)
    state = memory.state
    heard = []

    def on_message(*message):
        # The readings are on their way: their place is for the command now. A second try would have nothing to send.
        batch[:] = [rec[:1] for rec in batch]
        publish.batch = ()
        more.clear()
        if hasattr(service, "heard"):
            message = service.heard(memory, *message)
            if not message:
                return None
        if message[1].startswith(b'{"chip":'):
            from node import twin

            return twin.greeted(state, options["client_id"], message[1])
        gc.collect()  # small pieces of what comes now would else lie wherever there is room
        from node import commands

        answer = commands.take(memory, filters, heard, *message)
        if not answer:
            return None
        results = [(service.topic(template, name, "result"), service.result(*answer), False, 1, 0, False)]
        if not answer[1]:
            # Now it sleeps until another time. The client has left no room for both, nor for a list of what is loaded.
            del commands, sys.modules["node.commands"]
            delattr(sys.modules["node"], "commands")
            gc.collect()
            from node import status

            results.append(status.message(memory, *said))
            codec = options["v5"]
            if codec:
                # The will's delay is too short, perhaps: it is taken back, until the next upload.
                codec.goodbye = codec.disconnect()
        if hasattr(service, "adapt"):
            service.adapt(memory, template, name, results, None)
        return results

    delivered = 0
    came_to = None
    upload = memory, service, said[4], filters, options, options["v5"]
    topics = service.topic(template, name, "history"), service.topic(template, name, "readings")
    while True:
        batch, more = _step("node.rounds", "following", upload, more, came_to)
        if more is None:
            print("delivered", delivered)
            return
        publish = Batch(service, topics, state, batch, more)
        acked = bytearray(len(batch) + len(more))
        granted = b"", True
        try:
            granted = _exchange(host, publish, acked, on_message, options)
        except (OSError, MemoryError):
            # What a service says beside the readings is worth no backoff.
            if batch or not delivered:
                raise
        finally:
            if state.told[14] & 4:
                # For the next report (node.about), since this wake has one: now all that it needed is still there.
                gc.collect()
                state.told[10] = min(gc.mem_free() >> 8, 255)
            # The client makes room for the store.
            options["v5"] = None
            drop("mqtt", "node.commands", "node.status", "node.twin")
            came_to = batch, acked, granted, _step("node.rounds", "done", memory, batch, acked)
            delivered += came_to[3]


def _step(module, function, *args):
    # Not there while the client is.
    try:
        return getattr(__import__(module, None, None, ("*",)), function)(*args)
    finally:
        drop(module, "node.outbox", "node.record", "node.status", "node.log", "node.grants")


def _exchange(host, publish, acked, on_message, options):
    from mqtt import blocking, burst

    timeout_ms = awake.cap_ms(_EXCHANGE_S)
    # Not one of the options: whoever has them would keep this module in memory.
    _, granted, _, pipelined = blocking.run(
        burst.exchange(host, publish=publish, acked=acked, on_message=on_message, timeout_ms=timeout_ms, **options)
    )
    return granted, pipelined


class Batch:
    """The messages of one burst, each made when it is asked for: ten records are not in memory twice."""

    def __init__(self, service, topics, state, batch, more):
        self._service = service
        self._topics = topics
        self._state = state
        self._more = more
        self.batch = batch

    def __len__(self):
        # By it the client makes its room, 192 bytes for each: it must not grow, and what it need not have others may need.
        size = sum([len(rec[3]) + len(self._topics[0]) + 52 for rec in self.batch])
        return (size + sum([len(message[0]) + len(message[1]) + 9 for message in self._more])) // 192 + 2

    def __getitem__(self, i):
        """(topic, payload, retain, qos, pid, dup): the packet id comes from sequence number and boot (see node.rounds), so that
        a session which the broker kept knows the record again (MQTT 3.1.1, MQTT-4.4.0-1).
        """
        if i >= len(self.batch):
            return self._more[i - len(self.batch)]
        key, when, flags, body = self.batch[i]
        state = self._state
        if not flags and state.born_at and key >> 16 == state.boot:
            # Taken before the clock was set in this boot: now it can be dated.
            when += state.born_at
            flags = 1
        payload = self._service.readings(key, when, flags, body)
        pid = ((key & 0xFFFF) - 1 + ((key >> 16) - 1) * 4099) % 0xFFFF + 1
        # Whoever stamps readings with the time at which they come must get no old one: those go elsewhere, and say how old.
        topic = self._topics[key == state.boot << 16 | state.seq]
        return topic, payload, False, 1, pid, key <= state.sent
