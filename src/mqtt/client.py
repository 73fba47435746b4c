# The always-on client: connects, publishes, subscribes, and stays connected until disconnect().
import asyncio
import sys
from errno import EALREADY, ENOTCONN
from time import ticks_diff, ticks_ms

from micropython import const

from . import packet
from .connection import Connection, cancel
from .errors import MQTTError
from .keep import interval_ms, keep, pause, timed
from .session import Request
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


def report(error):
    """Print the traceback of what the user's code raised."""
    try:
        sys.print_exception(error)
    except AttributeError:  # CPython
        sys.excepthook(type(error), error, error.__traceback__)


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
            self._keeper = asyncio.create_task(keep(self, interval_ms(self._c["keepalive"], self._c["ping_interval"])))
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
            self.lost(self._stream, "network down")
        return self._isconnected

    async def disconnect(self):
        """Wait for the acknowledgements still due (response_time at most), tell the broker (which drops the will), stop every task of the client.

        Calls that wait end with OSError(ENOTCONN), and so does every later one until connect().
        """
        self.closed = True
        stream = self._stream
        try:
            start = ticks_ms()
            while self._isconnected and (request := self._session.oldest()):
                left = self.response_ms - ticks_diff(ticks_ms(), start)
                if left <= 0:
                    break
                await pause(request.done, left)
            if self._isconnected:
                self._isconnected = False
                async with self.lock:
                    await stream.write(packet.DISCONNECT, self._until())
                # The broker closes now (3.14.4): then it has handled what was sent before, and the radio may go off.
                await pause(self.wake, min(self.response_ms, _GOODBYE_MS))
        except OSError:
            pass
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
        """Print msg % args if DEBUG is set. Made to be overridden."""
        if self.DEBUG:
            print(msg % args if args else msg)

    # -- for keep.py -------------------------------------------------------------------------------------------------------

    def went_down(self):
        """Close what is left of the link and tell the application."""
        self._drop()
        if self.queue:
            self.down.set()
        else:
            self._spawn(self._c["wifi_coro"], False)

    async def reopen(self):
        """Connect again after a loss."""
        await self._network(False)
        await self._open(self._c["clean"], self._c["will"])
        self._went_up()

    # -- private -----------------------------------------------------------------------------------------------------------

    async def _network(self, quick):
        if not self.link.isconnected():
            await self.link.connect(quick)

    async def _connect(self, quick):
        await self._network(quick)
        c = self._c
        clean = c["clean"]
        if self._first and c["clean_init"] and not clean:
            # A clean session ends with its connection (3.1.2.4): one to discard what the broker kept, then the real one.
            try:
                await self._greet(True, None)
                until = self._until()
                await self._stream.write(packet.DISCONNECT, until)
                try:
                    await self._event(self._stream, until)  # until the broker has closed it: nothing can overtake
                except OSError:
                    pass
            finally:
                self._drop()
        elif self._first:
            clean = c["clean_init"]
        await self._open(clean, c["will"])
        self._went_up()

    def _went_up(self):
        if self.queue:
            self.up.set()
        else:
            self._spawn(self._c["wifi_coro"], True)
            self._spawn(self._c["connect_coro"], self)

    async def _deliver(self, *message):
        if self.queue:
            self.queue.put(*message)
            await asyncio.sleep(0)  # a consumer that waits takes it before the next one comes
            return
        try:
            self._c["subs_cb"](*message)
        except Exception as e:  # the user's code may raise anything; the reader lives on
            report(e)

    async def _connection(self):
        while not self._isconnected:
            await self._ready.wait()
            if self.closed:
                raise OSError(ENOTCONN, "disconnected")

    async def _send(self, data, request=None):
        while True:
            if self.closed:
                raise OSError(ENOTCONN, "disconnected")
            await self._connection()
            if await self._write(self._stream, data, request):
                return

    async def _exchange(self, data, pid, answer):
        # Send, and with a pid wait for the answer: its codes.
        if not pid:
            return await self._send(data)
        request = Request(pid, answer, data, asyncio.Event())
        self._session.add(request)
        try:
            await self._send(data, request)
            while request.result is None:
                left = self.response_ms
                if self._isconnected:
                    left -= ticks_diff(ticks_ms(), request.sent_ms)
                    if left <= 0:
                        if answer == _PUBACK and request.tries < self._c["max_repubs"]:
                            request.tries += 1
                            self.REPUB_COUNT += 1
                            await self._write(self._stream, request.again(), request)
                        else:
                            self.lost("no acknowledgement")
                        continue
                await pause(request.done, left)
        finally:
            self._session.give_up(request)
        if isinstance(request.result, Exception):
            raise request.result
        return request.result

    def _spawn(self, function, argument):
        self._tasks = [t for t in self._tasks if not t.done()]
        self._tasks.append(asyncio.create_task(_guarded(function, argument)))

    def _stop(self):
        self.closed = True
        self._drop()
        if self._keeper and self._keeper is not True:
            cancel(self._keeper)
            self._keeper = None
        for task in self._tasks:
            cancel(task)
        self._tasks = []
        self._session.close(OSError(ENOTCONN, "disconnected"))
        self._ready.set()  # whoever waits for a connection sees that none will come


async def _guarded(function, argument):
    try:
        await function(argument)
    except Exception as e:  # the user's code
        report(e)
