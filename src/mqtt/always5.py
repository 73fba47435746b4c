# What MQTT 5 adds to the always-on client. Nothing in client.py or connection.py asks which version it speaks: they call the
# codec and four small methods of their own, and install() puts others in the place of these.
import asyncio

from micropython import const

from .keep import pause
from .v5 import V5, MQTT5Error

_CONNACK = const(0x20)
_PUBACK = const(0x40)
_SUBACK = const(0x90)
_UNSUBACK = const(0xB0)

_EXPIRY = const(0x11)
_CLIENT_ID = const(0x12)
_KEEPALIVE = const(0x13)
_RECEIVE_MAXIMUM = const(0x21)
_ALIASES = const(0x22)
_ALIAS = const(0x23)
_PACKET_SIZE = const(0x27)
_BAD_ALIAS = const(0x94)

_NEVER = const(0xFFFFFFFF)
_LOOK_MS = const(1000)


def install(client, config):
    """Make a client that is being built speak MQTT 5.

    Of its configuration (see client.defaults()): mqttv5_con_props and will_properties, as for v5.V5. Without 0x11 in the
    former, the session of a client with `clean` False never expires, else it ends with its connection.
    The client gets `topic_alias_maximum`, the server's (0 before it said so); messages have the properties as a fourth item.
    """
    client._codec = codec = Always5(client, config)
    client._body = (codec.body,)
    client._extra = codec.extra
    client._publish = codec.send
    client._deliver = codec.deliver
    client.topic_alias_maximum = 0


class Always5(V5):
    """The codec of an always-on client, which it also tells what the server's CONNACK has set."""

    def __init__(self, client, config):
        own = dict(config["mqttv5_con_props"] or {})
        if _EXPIRY not in own and not config["clean"]:
            own[_EXPIRY] = _NEVER
        if own.get(_ALIASES):
            own.setdefault(_PACKET_SIZE, config["max_packet"])
        super().__init__(own, config.get("will_properties"))
        self._client = client
        self._config = config  # the client's own: it obeys what is written here
        self._keepalive = config["keepalive"]
        self._plain = client._deliver
        self._answered = asyncio.Event()
        self._one = asyncio.Lock()  # packets with an alias leave in the order in which they were made
        self._topics = {}  # what the program's aliases stand for
        self._told = {}  # of these, what the server knows: on this connection only

    def extra(self, properties):
        """What this codec's functions take besides packet.py's arguments: MQTTClient._extra()."""
        return (properties or {},)

    async def deliver(self, topic, msg, retained):
        """MQTTClient._deliver() with the properties of the message just taken."""
        await self._plain(topic, msg, retained, self.properties)

    async def send(self, topic, msg, retain, qos, properties):
        """MQTTClient._publish(): no more unacknowledged at a time than the server's receive maximum (4.9).

        Topic aliases (3.3.2.3.4) hold for one connection, which the program cannot see: it gives topic and alias, then the
        alias and an empty topic, or both again. What is sent shorter for it is what QoS 0 allows: a packet with QoS 1 may have
        to be sent on another connection, and carries its topic.
        """
        client = self._client
        alias = (properties or {}).get(_ALIAS)
        if alias:
            topic = topic or self._topics.get(alias)
            if not topic or not 0 < alias <= (client.topic_alias_maximum or 65535):
                raise MQTT5Error(_BAD_ALIAS)
            self._topics[alias] = topic
            if not qos:
                return await self._short(alias, topic, msg, retain, properties)
            properties = properties.copy()
            del properties[_ALIAS]
        pid = 0
        if qos:
            while sum(r.answer == _PUBACK for r in client._session.requests) >= self.connack.get(_RECEIVE_MAXIMUM, 65535):
                await client._connection()
                await pause(self._answered, _LOOK_MS)
            pid = client._session.new_pid()
        out = bytearray()
        self.publish(out, topic, msg, retain, qos, pid, False, properties)
        await client._exchange(out, pid, _PUBACK)

    async def _short(self, alias, topic, msg, retain, properties):
        client = self._client
        async with self._one:
            while True:
                await client._connection()
                if alias > client.topic_alias_maximum:  # of this server, which may be another one than before
                    properties = properties.copy()
                    del properties[_ALIAS]
                    return await self.send(topic, msg, retain, 0, properties)
                known = self._told.get(alias) == topic
                out = bytearray()
                self.publish(out, b"" if known else topic, msg, retain, 0, 0, False, properties)
                if await client._write(client._stream, out):
                    self._told[alias] = topic
                    return None

    def body(self, kind, flags, part):
        """V5.body(). Refusals come as exceptions, for the caller whose request was refused."""
        kind, flags, pid, first, second = super().body(kind, flags, part)
        if kind == _CONNACK:
            allows = self.connack
            client = self._client
            self._config["keepalive"] = allows.get(_KEEPALIVE, self._keepalive)
            client.topic_alias_maximum = allows.get(_ALIASES, 0)
            if _CLIENT_ID in allows and not self._config["client_id"]:  # kept, so that the session is found again
                self._config["client_id"] = allows[_CLIENT_ID]
            self._told = {}
        elif kind in (_PUBACK, _SUBACK, _UNSUBACK):
            self._answered.set()
            if first and first[0] > 127:
                first = MQTT5Error(first[0], kind, self.properties)
        return kind, flags, pid, first, second
