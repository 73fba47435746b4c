# The life of the link to the broker: opened, read, written whole, lost, closed. keep.py opens it again.
import asyncio
from errno import EALREADY, ECONNRESET, ENOTCONN, ETIMEDOUT
from time import ticks_add, ticks_diff, ticks_ms

from micropython import const

from .keep import cancel, keep, pause, timed
from .parser import failure, parse
from .session import Request, Session
from .transport import open, read, resolve, write
from .waiting import wake

_CONNACK = const(0x20)
_PUBLISH = const(0x30)
_PUBACK = const(0x40)
_PROTOCOL = const(0x82)
_GOODBYE_MS = const(1000)


class Connection:
    """What MQTTClient is built on; its public attributes are described there."""

    def __init__(self):
        self.lock = asyncio.Lock()  # held while a packet is written
        self._heard = asyncio.Event()  # something came in
        self._wake = asyncio.Event()  # the keeper has something to do
        self._ready = asyncio.Event()  # connected, or never again
        self.last_rx = self._sent_ms = self.skipped = 0
        self.session_present = self._closed = self._isconnected = False
        self.address = self._stream = self._reader = self._keeper = self._writer = None
        self._first = True
        self._body = ()  # for parse(): MQTT 5's
        self._tls = ()  # for open(): an SSLContext and the name in the certificate
        self._tasks = []  # the user's coroutines
        self._session = Session()

    async def connect(self, *, quick=False, timeout=None):
        """Bring the network up and connect; from then on the client reconnects by itself until disconnect() or close().

        quick: skip the 5 s check of a Wi-Fi link just made. timeout: seconds for all of it.
        Raises OSError when the network or the broker cannot be reached (ETIMEDOUT, ECONNREFUSED...),
        MQTTError when the broker refuses: args (0x2002, return code), MQTT 3.1.1 section 3.2.2.3.
        OSError(EALREADY) when connected or connecting.
        """
        if self._keeper:
            raise OSError(EALREADY)
        self._keeper = True
        self._closed = False
        self._ready.clear()
        try:
            await timed(self._join(quick), timeout)
            self._first = False
            self._keeper = asyncio.create_task(keep(self))
        finally:
            if self._keeper is True:
                self._keeper = None
                self._drop(True)

    async def disconnect(self, reason=0):
        """Wait for acknowledgements still due (response_time at most), tell the broker (which drops the will), end every task.

        reason: MQTT 5 only: 4, the will is published all the same, or 0x80 and above (3.14.2.1).
        Calls that wait end with OSError(ENOTCONN), and so does every later one until connect().
        """
        codec = self._codec
        goodbye = codec.goodbye
        if reason:
            reason = self._extra(reason)
            goodbye = codec.disconnect(*reason)
        self._closed = True
        try:
            until = self._until()
            for r in self._session.requests[:]:
                while self._isconnected and r.packet and r.result is None:
                    left = ticks_diff(until, ticks_ms())
                    if left <= 0:
                        break
                    await pause(r.done, left)
            if await self._write(self._stream, goodbye):
                # The broker closes now (3.14.4): then it has handled all that was sent, and the radio may go off.
                self._isconnected = False
                await pause(self._wake, min(self._response_ms, _GOODBYE_MS))
        finally:
            self._stop()
        await asyncio.sleep(0)  # the cancelled tasks end here

    def close(self):
        """Close the connection without a word (the broker publishes the will); radio off, if connect() turned it on."""
        self._stop()
        self.link.close()

    def isconnected(self):
        """True if the link to the broker is up. Where the network has just gone, False, and reconnecting starts."""
        if self._isconnected and not self.link.isconnected():
            self._lost("network down")
        return self._isconnected

    async def broker_up(self):
        """True if the broker answered something in the last second, or a ping now, within response_time."""
        from .wan import answers

        return await answers(self)

    def _lost(self, why):
        """The link is dead: nothing more is sent on it, the keeper makes a new one."""
        if self._isconnected:
            self._isconnected = False
            self._ready.clear()
            self.dprint("link lost: %s", why)
        self._wake.set()

    async def _join(self, quick=False):
        """Bring the network up and connect, as connect() does and the keeper after a loss."""
        await self._network(quick)
        clean = self._c["clean"]
        if self._first and self._c["clean_init"] != clean:
            first = not clean
            clean = first and self._body  # MQTT 5 has a clean start for a session that lasts
            if first and not clean:
                from .discard import discard

                await discard(self)
        await self._open(clean)
        self._isconnected = True
        self._reader = asyncio.create_task(self._read(self._stream))
        self._ready.set()
        self._tell(True)

    def _until(self):
        return ticks_add(ticks_ms(), self._response_ms)

    async def _open(self, clean, will=True):
        # A new connection, up to the broker's greeting and what the session still owes.
        ok = False
        try:
            until = self._until()
            address = resolve(self.address or self.server, self.port)
            # the unix port's is a struct sockaddr_in
            self.address = address[0] if isinstance(address, tuple) else "%d.%d.%d.%d" % tuple(address[4:8])
            self._stream = stream = await open(address, until, *self._tls)
            await write(stream, self._hello(clean, will), until)
            self._steps = parse(self._c["max_packet"], *self._body)
            self._acks = bytearray()
            kind, flags, code, _, _ = await self._event(stream, until)
            if kind != _CONNACK:
                raise failure(_PROTOCOL, -1)
            if code:
                raise failure(code)
            self.session_present = bool(flags) and not clean
            for data in self._session.resume(self.session_present, ticks_ms()):
                await write(stream, data, until)
            if self._closed:
                raise OSError(ENOTCONN, "disconnected")
            self._sent_ms = ticks_ms()
            ok = True
        finally:
            if not ok:
                self.address = None  # resolved again the next time
                self._drop()

    async def _event(self, stream, until=None):
        item = next(self._steps)
        while not isinstance(item, tuple):  # a buffer: all that has come is used up
            acks = self._acks
            if acks:
                self._acks = bytearray()
                await self._write(stream, acks)
            n = await read(stream, item, until)
            if not n:
                raise OSError(ETIMEDOUT if n is None else ECONNRESET)
            self.last_rx = ticks_ms()
            self._heard.set()
            item = self._steps.send(n)
        return item

    async def _read(self, stream):
        why = None
        try:
            while stream is self._stream:
                kind, flags, pid, first, second = await self._event(stream)
                if kind == _PUBLISH:
                    if first is None:
                        self.skipped += 1
                    else:
                        await self._deliver(first, second, bool(flags & 1))
                    if flags & 2:
                        self._acks += b"\x40\2" + pid.to_bytes(2, "big")  # PUBACK (3.4)
                elif kind == _CONNACK:
                    raise failure(_PROTOCOL, -1)
                else:
                    self._session.answer(kind, pid, first or b"\0")
        except (OSError, MemoryError) as e:
            why = e
        if stream is self._stream:
            self._lost(why)

    async def _write(self, stream, data, request=None):
        # Send on this connection, whole or not at all. True: sent, or in the session's care.
        async with self.lock:
            if not self._isconnected or stream is not self._stream:
                return False
            self._sent_ms = ticks_ms()
            if request:
                request.sent_ms = self._sent_ms
                request.tries += 1
            whole = False
            self._writer = asyncio.current_task()
            try:
                await write(stream, data, self._until())
                whole = True
            except OSError:
                pass
            finally:
                self._writer = None
                if not whole and stream is self._stream:  # failed or cancelled: the broker may have got half a packet
                    self._lost("unfinished write")
        return whole or request is not None

    async def _connection(self):
        """Wait until connected, however long the link is down. OSError(ENOTCONN) after disconnect()."""
        while True:
            if self._closed:
                raise OSError(ENOTCONN, "disconnected")
            if self._isconnected:
                return
            await self._ready.wait()

    async def _exchange(self, data, pid, answer):
        """Send a packet, on this connection or a later one, and wait for its answer (its first byte); returns the answer's
        codes (bytes). pid 0: there is none. Raises what refuses it, and as _connection().
        """
        request = None
        if pid:
            request = Request(pid, answer, data, asyncio.Event())
            self._session.requests.append(request)
        try:
            sent = False
            while not sent:
                await self._connection()
                sent = await self._write(self._stream, data, request)
            if not pid:
                return
            while request.result is None:
                left = self._response_ms
                if self._isconnected:
                    left -= ticks_diff(ticks_ms(), request.sent_ms)
                if left > 0:
                    await pause(request.done, left)
                elif answer == _PUBACK and request.tries <= self._c["max_repubs"]:
                    self.REPUB_COUNT += 1
                    await self._write(self._stream, request.again(), request)
                else:
                    self._lost("no acknowledgement")
        finally:
            if pid:
                self._session.give_up(request)
        result = request.result
        if isinstance(result, OSError):
            raise result
        if result[0] & 0x80:
            raise failure(result[0], answer)
        return result

    def _drop(self, stop=False):
        # Close the connection; with stop, end the user's coroutines too.
        self._isconnected = False
        self._ready.clear()
        if self._writer:  # his next write fails, instead of waiting for the time limit
            wake(self._writer)
        if self._reader:
            cancel(self._reader)
            self._reader = None
        if self._stream:
            self._stream.close()
            self._stream = None
        while stop and self._tasks:
            cancel(self._tasks.pop())

    def _stop(self):
        self._closed = True
        if self._keeper and self._keeper is not True:
            self._tasks.append(self._keeper)
            self._keeper = None
        self._drop(True)
        self._session.close(OSError(ENOTCONN, "disconnected"))
        self._ready.set()  # whoever waits for a connection sees that none will come
