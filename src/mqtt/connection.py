# The life of the link to the broker: opened, read, written whole, lost, closed. keep.py opens it again.
import asyncio
from errno import EALREADY, ECONNRESET, ENOTCONN, ETIMEDOUT
from time import ticks_add, ticks_diff, ticks_ms

from micropython import const

from .errors import MQTTError
from .keep import keep, pause, timed
from .parser import parse
from .session import Request, Session
from .transport import open, read, resolve, write

_CONNACK = const(0x20)
_PUBLISH = const(0x30)
_PUBACK = const(0x40)
_PROTOCOL = const(0x82)
_GOODBYE_MS = const(1000)
_PINGREQ = b"\xc0\0"
_DISCONNECT = b"\xe0\0"


def _cancel(task):
    # Not the caller's own task: it ends by itself.
    try:
        if not task.done() and task is not asyncio.current_task():
            task.cancel()
    except RuntimeError:  # no loop runs any more
        pass


class Connection:
    """What MQTTClient is built on; its public attributes are described there."""

    def __init__(self):
        self.lock = asyncio.Lock()  # held while a packet is written
        self._heard = asyncio.Event()  # something came in
        self._wake = asyncio.Event()  # the keeper has something to do
        self._ready = asyncio.Event()  # connected, or never again
        self.last_rx = self._sent_ms = 0
        self.session_present = self._closed = self._isconnected = False
        self.address = self._stream = self._reader = self._keeper = None
        self._first = True
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
        try:
            await timed(self._join(quick), timeout)
            self._first = False
            self._keeper = asyncio.create_task(keep(self))
        finally:
            if self._keeper is True:
                self._keeper = None
                self._drop()

    async def disconnect(self):
        """Wait for acknowledgements still due (response_time at most), tell the broker (which drops the will), end every task.

        Calls that wait end with OSError(ENOTCONN), and so does every later one until connect().
        """
        self._closed = True
        try:
            until = self._until()
            for r in self._session.requests[:]:
                while self._isconnected and r.packet and r.result is None:
                    left = ticks_diff(until, ticks_ms())
                    if left <= 0:
                        break
                    await pause(r.done, left)
            if await self._write(self._stream, _DISCONNECT):
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
        last = self.last_rx
        if self.isconnected() and ticks_diff(ticks_ms(), last) >= 1000:
            await self._ping()
            if self.last_rx == last:
                await pause(self._heard, self._response_ms)
            return self.last_rx != last
        return self._isconnected

    async def _ping(self):
        """Send a PINGREQ (3.12)."""
        await self._write(self._stream, _PINGREQ)

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
        clean = self._clean
        if self._first and self._clean_init != clean:
            clean = False
            if self._clean_init:
                # A clean session ends with its connection (3.1.2.4): one to discard what the broker kept, then the real one.
                await self._open(True, False)
                try:
                    await write(self._stream, _DISCONNECT, self._until())
                    await read(self._stream, bytearray(1), self._until())  # once the broker has closed it, nothing can overtake
                finally:
                    self._drop()
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
            address, self.address = resolve(self.address or self.server, self.port)
            self._stream = stream = await open(address, until)
            await write(stream, self._hello(clean, will), until)
            self._steps = parse(self._max_packet)
            self._acks = bytearray()
            kind, flags, code, _, _ = await self._event(stream, until)
            if kind != _CONNACK:
                raise MQTTError(_PROTOCOL, -1)
            if code:
                raise MQTTError(code)
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
                    if first is not None:
                        await self._deliver(first, second, bool(flags & 1))
                    if flags & 2:
                        self._acks += b"\x40\2" + pid.to_bytes(2, "big")  # PUBACK (3.4)
                elif kind == _CONNACK:
                    raise MQTTError(_PROTOCOL, -1)
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
            try:
                await write(stream, data, self._until())
                whole = True
            except OSError:
                pass
            finally:
                if not whole and stream is self._stream:  # failed or cancelled: the broker may have got half a packet
                    self._lost("unfinished write")
        return whole or request is not None

    async def _send(self, data, request=None):
        """Send a packet, however long the link is down. OSError(ENOTCONN) after disconnect()."""
        while True:
            if self._closed:
                raise OSError(ENOTCONN, "disconnected")
            if not self._isconnected:
                await self._ready.wait()
            elif await self._write(self._stream, data, request):
                return

    async def _exchange(self, data, pid, answer):
        """Send a packet and wait for its answer (its first byte); returns the answer's codes (bytes). pid 0: only send()."""
        if not pid:
            return await self._send(data)
        request = Request(pid, answer, data, asyncio.Event())
        self._session.requests.append(request)
        try:
            await self._send(data, request)
            while request.result is None:
                left = self._response_ms
                if self._isconnected:
                    left -= ticks_diff(ticks_ms(), request.sent_ms)
                if left > 0:
                    await pause(request.done, left)
                elif answer == _PUBACK and request.tries <= self._max_repubs:
                    self.REPUB_COUNT += 1
                    await self._write(self._stream, request.again(), request)
                else:
                    self._lost("no acknowledgement")
        finally:
            self._session.give_up(request)
        if isinstance(request.result, OSError):
            raise request.result
        return request.result

    def _drop(self):
        self._isconnected = False
        self._ready.clear()
        if self._reader:
            _cancel(self._reader)
            self._reader = None
        if self._stream:
            self._stream.close()
            self._stream = None

    def _stop(self):
        self._closed = True
        self._drop()
        if self._keeper and self._keeper is not True:
            self._tasks.append(self._keeper)
            self._keeper = None
        while self._tasks:
            _cancel(self._tasks.pop())
        self._session.close(OSError(ENOTCONN, "disconnected"))
        self._ready.set()  # whoever waits for a connection sees that none will come
