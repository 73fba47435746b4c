# The always-on client: connects, publishes, subscribes, and stays connected until disconnect().
import asyncio
from errno import EALREADY, ENOTCONN
from time import ticks_diff, ticks_ms

from micropython import const

from . import packet
from .connection import Connection, cancel
from .errors import MQTTError
from .keep import keep, pause, timed
from .transport import read, write
from .unsubscribe import unsubscribe

_GOODBYE_MS = const(1000)
_PUBACK = const(0x40)
_SUBACK = const(0x90)
_UNSUBACK = const(0xB0)


async def eliza(*_):
    """Does nothing: the default of wifi_coro and connect_coro."""


def defaults():
    """A new configuration with every key at its default. Source: mqtt_as, section 3.1; the keys marked + are new.

    client_id: bytes or str. server: host name or address. port: 0 means 1883, with ssl 8883. user, password: "" for none.
    keepalive: s, 0 to 65535. ping_interval: s between pings, 0 means a quarter of keepalive. response_time: s.
    clean_init, clean: clean session on the first connection, on the others. max_repubs: QoS 1 transmissions again before the link counts as dead.
    will: (topic, msg, retain, qos). queue_len: messages held for the event interface, 0 for callbacks.
    subs_cb(topic, msg, retained); wifi_coro(up) and connect_coro(client): coroutine functions. ssid, wifi_pw, ifconfig: for Wi-Fi.
    max_packet+: bytes; a longer message is passed over and acknowledged.
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

    config: a dictionary, see defaults(); keys left out take their default. link: brings the network up, see wlan.Wlan; None: Wi-Fi as configured.
    Nothing happens before connect(). ValueError names a setting that is wrong or not supported.

    queue (iterate over it for messages), up, down (asyncio.Event): with queue_len above 0. session_present: the broker's answer to the last connect.
    address: the broker's resolved address, or None; may be kept and given in again.
    """

    DEBUG = False
    REPUB_COUNT = 0

    def __init__(self, config, link=None):
        c = defaults()
        c.update(config)
        self._c = c
        super().__init__()
        if not c["server"]:
            raise ValueError("no server specified.")
        for name in ("gateway", "mqttv5"):
            if c[name]:
                raise ValueError(name + ": not supported yet")
        self._hello(True, c["will"])  # so that a wrong setting raises here
        self.server = c["server"]
        self.port = c["port"] or (8883 if c["ssl"] else 1883)
        if link is None:
            from .wlan import Wlan

            link = Wlan(c["ssid"], c["wifi_pw"], c["ifconfig"])
        self.link = link
        self.response_ms = int(c["response_time"] * 1000)
        self.max_repubs = c["max_repubs"]
        self.max_packet = c["max_packet"]
        self._first = True
        self._keeper = None
        self._tasks = []  # the user's coroutines
        self.queue = None
        if c["queue_len"]:
            from .queue import MsgQueue

            self.queue = MsgQueue(c["queue_len"])
            self.up = asyncio.Event()
            self.down = asyncio.Event()

    # -- the public API ------------------------------------------------------------------------------------------------

    async def connect(self, *, quick=False, timeout=None):
        """Bring the network up and connect; from then on the client reconnects by itself until disconnect() or close().

        quick: skip the 5 s check of a Wi-Fi link just made. timeout: seconds for all of it.
        Raises OSError when the network or the broker cannot be reached (ETIMEDOUT, ECONNREFUSED...), MQTTError when the broker refuses:
        args (0x2002, return code), MQTT 3.1.1 section 3.2.2.3. OSError(EALREADY) when connected or connecting.
        """
        if self._keeper:
            raise OSError(EALREADY, "connected")
        self._keeper = True
        self.closed = False
        try:
            await timed(self._connect(quick), timeout)
            self._first = False
            ms = self._c["keepalive"] * 250 or 20000  # four pings in each keepalive
            self._keeper = asyncio.create_task(keep(self, min(ms, int(self._c["ping_interval"] * 1000) or ms)))
        finally:
            if self._keeper is True:
                self._keeper = None
                self._drop()

    async def publish(self, topic, msg, retain=False, qos=0, properties=None, timeout=None):
        """Publish; waits while the link is down, and with qos 1 for the broker's acknowledgement.

        topic, msg: str or bytes. qos: 0 or 1. timeout: seconds for all of it.
        Raises ValueError, TypeError before anything is sent, OSError(ETIMEDOUT), OSError(ENOTCONN) after disconnect().
        """
        pid = self._session.new_pid() if qos else 0
        out = bytearray()
        packet.publish(out, topic, msg, retain, qos, pid)
        await timed(self._exchange(out, pid, _PUBACK), timeout)

    async def subscribe(self, topic, qos=0, properties=None, timeout=None):
        """Subscribe to a topic filter. Returns the QoS that the broker grants, 0 or 1.

        Raises MQTTError with code 0x80 when the broker refuses, else as publish().
        """
        pid = self._session.new_pid()
        out = bytearray()
        packet.subscribe(out, pid, ((topic, qos),))
        code = (await timed(self._exchange(out, pid, _SUBACK), timeout))[0]
        if code & 0x80:
            raise MQTTError(code, _SUBACK)
        return code

    async def unsubscribe(self, topic, properties=None, timeout=None):
        """Drop a subscription; it is no error if there was none (3.10.4). Raises as publish()."""
        pid = self._session.new_pid()
        out = bytearray()
        unsubscribe(out, pid, (topic,))
        await timed(self._exchange(out, pid, _UNSUBACK), timeout)

    def isconnected(self):
        """True if the link to the broker is up. Where the network has just gone, False, and reconnecting starts."""
        if self._isconnected and not self.link.isconnected():
            self.lost("network down")
        return self._isconnected

    async def disconnect(self):
        """Wait for the acknowledgements still due (response_time at most), tell the broker (which drops the will), stop every task of the client.

        Calls that wait end with OSError(ENOTCONN), and so does every later one until connect().
        """
        self.closed = True
        try:
            until = self._until()
            for r in self._session.requests[:]:
                while self._isconnected and r.packet and r.result is None and (left := ticks_diff(until, ticks_ms())) > 0:
                    await pause(r.done, left)
            if await self._write(self._stream, packet.DISCONNECT):
                # The broker closes now (3.14.4): then it has handled all that was sent, and the radio may go off.
                self._isconnected = False
                await pause(self.wake, min(self.response_ms, _GOODBYE_MS))
        finally:
            self._stop()
        await asyncio.sleep(0)  # the cancelled tasks end here

    def close(self):
        """Close the connection without a word (the broker publishes the will) and turn the radio off, if connect() turned it on."""
        self._stop()
        self.link.close()

    async def broker_up(self):
        """True if the broker answered something in the last second, or a ping now, within response_time."""
        if not self.isconnected():
            return False
        last = self.heard_ms
        if ticks_diff(ticks_ms(), last) < 1000:
            return True
        await self.ping()
        if self.heard_ms == last:
            await pause(self.heard, self.response_ms)
        return self.heard_ms != last

    async def wan_ok(self, packet=None):
        """True if a name server on the internet (8.8.8.8) answers. packet: a DNS query (bytes), None: one for www.google.com."""
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

    # -- for keep.py and connection.py ----------------------------------------------------------------------------------------

    def went(self, up):
        """The link is up: start the reader. It is down: close what is left of it. Tell the application."""
        if up:
            self._isconnected = True
            self._reader = asyncio.create_task(self._read(self._stream))
            self._ready.set()
        else:
            self._drop()
        if self.queue:
            (self.up if up else self.down).set()
            return
        while self._tasks and self._tasks[0].done():
            self._tasks.pop(0)
        self._tasks.append(asyncio.create_task(self._c["wifi_coro"](up)))
        if up:
            self._tasks.append(asyncio.create_task(self._c["connect_coro"](self)))

    async def reopen(self):
        """Connect again after a loss."""
        await self._network(False)
        await self._open(self._c["clean"], self._c["will"])
        self.went(True)

    def _hello(self, clean, will):
        c = self._c
        out = bytearray()
        packet.connect(out, c["client_id"], c["user"] or None, c["password"] or None, c["keepalive"], clean, will)
        return out

    async def _network(self, quick):
        if not self.link.isconnected():
            await self.link.connect(quick)

    async def _connect(self, quick):
        await self._network(quick)
        c = self._c
        clean = c["clean"]
        if self._first and c["clean_init"] != clean:
            if clean:
                clean = False
            else:
                # A clean session ends with its connection (3.1.2.4): one to discard what the broker kept, then the real one.
                await self._open(True, None)
                try:
                    await write(self._stream, packet.DISCONNECT, self._until())
                    await read(self._stream, bytearray(1), self._until())  # once the broker has closed it, nothing can overtake
                finally:
                    self._drop()
        await self._open(clean, c["will"])
        self.went(True)

    async def _deliver(self, *message):
        if self.queue:
            self.queue.put(*message)
            await asyncio.sleep(0)  # a consumer that waits takes it before the next one comes
            return
        try:
            self._c["subs_cb"](*message)
        except Exception as e:  # the user's code may raise anything: it goes where a task's exception goes, and the reader lives on
            context = {"message": "subs_cb", "exception": e, "future": asyncio.current_task()}
            asyncio.get_event_loop().call_exception_handler(context)

    def _stop(self):
        self.closed = True
        self._drop()
        if self._keeper and self._keeper is not True:
            self._tasks.append(self._keeper)
            self._keeper = None
        while self._tasks:
            cancel(self._tasks.pop())
        self._session.close(OSError(ENOTCONN, "disconnected"))
        self._ready.set()  # whoever waits for a connection sees that none will come
