# The always-on client: connects, publishes, subscribes, and stays connected until disconnect().
import asyncio

from micropython import const

from . import packet
from .connection import Connection
from .keep import timed

_PUBACK = const(0x40)
_SUBACK = const(0x90)
_UNSUBACK = const(0xB0)


async def eliza(*_):
    """Does nothing: the default of wifi_coro and connect_coro."""


def defaults():
    """A new configuration with every key at its default. Source: mqtt_as, section 3.1; the keys marked + are new.

    client_id: bytes or str. server: host name or address. port: 0 means 1883, with ssl 8883. user, password: "" for none.
    keepalive: s, 0 to 65535. ping_interval: s between pings, 0 means a quarter of keepalive. response_time: s.
    clean_init, clean: clean session on the first connection, on the others.
    max_repubs: QoS 1 transmissions again before the link counts as dead. will: (topic, msg, retain, qos).
    queue_len: messages held for the event interface, 0 for callbacks.
    subs_cb(topic, msg, retained); wifi_coro(up) and connect_coro(client): coroutine functions.
    ssl: True, or an SSLContext. ssl_params: for True, see tls.context().
    ssid, wifi_pw, ifconfig: for Wi-Fi, see wlan.Wlan.
    max_packet+: bytes; a longer message is passed over and acknowledged.
    mqttv5: speak MQTT 5. mqttv5_con_props, will_properties+: see always5.install().
    """
    return {
        "client_id": b"",
        "server": None,
        "port": 0,
        "user": "",
        "password": "",
        "keepalive": 60,
        "ping_interval": 0,
        "ssl": False,
        "ssl_params": {},
        "response_time": 10,
        "clean_init": True,
        "clean": True,
        "max_repubs": 4,
        "will": None,
        "subs_cb": lambda *_: None,
        "wifi_coro": eliza,
        "connect_coro": eliza,
        "ssid": None,
        "wifi_pw": None,
        "ifconfig": None,
        "queue_len": 0,
        "gateway": False,
        "mqttv5": False,
        "mqttv5_con_props": None,
        "max_packet": 4096,
    }


class MQTTClient(Connection):
    """One connection to one broker, kept up from connect() to disconnect(). Every method may be cancelled at any await.

    config: a dictionary, see defaults(); keys left out take their default.
    link: brings the network up, see wlan.Wlan; None: Wi-Fi as configured.
    Nothing happens before connect(). ValueError names a setting that is wrong or not supported.

    queue (iterate over it for messages), up, down (asyncio.Event): with queue_len above 0.
    skipped: messages passed over since construction, being longer than max_packet.
    session_present: the broker's answer to the last connect. last_rx: ticks_ms when it was last heard.
    address: the broker's resolved address (text), or None; may be kept and given in again.
    """

    DEBUG = False
    REPUB_COUNT = 0

    def __init__(self, config, link=None):
        c = defaults()
        c.update(config)
        self._c = c
        self._codec = packet
        super().__init__()
        if not c["server"]:
            raise ValueError("no server specified.")
        if c["gateway"]:
            raise ValueError("gateway: run aioespnow beside the client")
        if c["mqttv5"]:
            from .always5 import install

            install(self, c)
        self._hello(True)  # so that a wrong setting raises here
        self.server = c["server"]
        self.port = c["port"] or (8883 if c["ssl"] else 1883)
        if c["ssl"]:
            from .tls import context

            self._tls = context(c["ssl"], c["ssl_params"], self.server)
        if link is None:
            from .wlan import Wlan

            link = Wlan(c["ssid"], c["wifi_pw"], c["ifconfig"])
        self.link = link
        self._response_ms = int(c["response_time"] * 1000)
        self._ping_ms = int(c["ping_interval"] * 1000)
        self.queue = None
        if c["queue_len"]:
            from .queue import MsgQueue

            self.queue = MsgQueue(c["queue_len"])
            self.up = asyncio.Event()
            self.down = asyncio.Event()

    async def publish(self, topic, msg, retain=False, qos=0, properties=None, timeout=None):
        """Publish; waits while the link is down, and with qos 1 for the broker's acknowledgement.

        topic, msg: str or bytes. qos: 0 or 1. properties: MQTT 5 only. timeout: seconds for all of it.
        Raises ValueError, TypeError before anything is sent, OSError(ETIMEDOUT), OSError(ENOTCONN) after disconnect().
        """
        await timed(self._publish(topic, msg, retain, qos, properties), timeout)

    async def subscribe(self, topic, qos=0, properties=None, timeout=None):
        """Subscribe to a topic filter. Returns the QoS that the broker grants, 0 or 1.

        Raises MQTTError with code 0x80 when the broker refuses, else as publish().
        """
        pid = self._session.new_pid()
        out = bytearray()
        self._codec.subscribe(out, pid, ((topic, qos),), *self._extra(properties))
        return (await timed(self._exchange(out, pid, _SUBACK), timeout))[0]

    async def unsubscribe(self, topic, properties=None, timeout=None):
        """Drop a subscription; it is no error if there was none (3.10.4). Raises as publish()."""
        pid = self._session.new_pid()
        out = bytearray()
        from .unsubscribe import unsubscribe

        unsubscribe(out, pid, (topic,), *self._extra(properties))
        await timed(self._exchange(out, pid, _UNSUBACK), timeout)

    async def wan_ok(self, packet=None):
        """True if a name server on the internet (8.8.8.8) answers. packet: a DNS query, None: for www.google.com."""
        if not await self.broker_up():
            return False
        from .wan import dns_ok

        return await dns_ok(packet)

    def dprint(self, msg, *args):
        """With DEBUG set, print msg % args, or the arguments as print() does. Made to be overridden."""
        if self.DEBUG:
            if "%" in msg and args:
                msg %= args
                args = ()
            print(msg, *args)

    def _hello(self, clean, will=True):
        c = self._c
        out = bytearray()
        will = will and c["will"]
        self._codec.connect(out, c["client_id"], c["user"] or None, c["password"] or None, c["keepalive"], clean, will)
        return out

    def _extra(self, properties):
        # What the codec's functions take besides: nothing, in 3.1.1.
        if properties:
            raise ValueError("MQTT 5 only")
        return ()

    async def _publish(self, topic, msg, retain, qos, properties):
        pid = self._session.new_pid() if qos else 0
        out = bytearray()
        self._codec.publish(out, topic, msg, retain, qos, pid, False, *self._extra(properties))
        await self._exchange(out, pid, _PUBACK)

    async def _network(self, quick):
        if not self.link.isconnected():
            await self.link.connect(quick)

    def _tell(self, up):
        # The application learns of a new link, or of the loss of one.
        if self.queue:
            (self.up if up else self.down).set()
            return
        tasks = self._tasks
        while tasks and tasks[0].done():
            tasks.pop(0)
        tasks.append(asyncio.create_task(self._c["wifi_coro"](up)))
        if up:
            tasks.append(asyncio.create_task(self._c["connect_coro"](self)))

    async def _call(self, *message):
        self._c["subs_cb"](*message)

    async def _deliver(self, *message):
        if self.queue:
            self.queue.put(*message)
        else:  # a task of its own: what the user's code raises is reported as any task's exception, and the reader lives on
            asyncio.create_task(self._call(*message))  # noqa: RUF006  (it is over when the next line is)
        await asyncio.sleep(0)  # it runs now, or the consumer that waits; a flood of messages leaves time for others
