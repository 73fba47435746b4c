# One link to the broker: opened, read, written whole, lost. The client above it makes a new one when this one is gone.
import asyncio
from errno import ECONNRESET, ENOTCONN, ETIMEDOUT
from time import ticks_add, ticks_diff, ticks_ms

from micropython import const

from . import packet
from .errors import MQTTError
from .keep import pause
from .parser import parse
from .session import Request, Session
from .transport import open, read, resolve, write

_CONNACK = const(0x20)
_PUBLISH = const(0x30)
_PUBACK = const(0x40)
_PROTOCOL = const(0x82)


def cancel(task):
    """Cancel a task, unless it is the caller's, which ends by itself."""
    try:
        if not task.done() and task is not asyncio.current_task():
            task.cancel()
    except RuntimeError:  # no loop runs any more
        pass


class Connection:
    """What MQTTClient is built on; its public attributes are described there. The names below that begin with _ are for mqtt/ alone."""

    def __init__(self):
        self.lock = asyncio.Lock()  # held while a packet is written
        self.heard = asyncio.Event()  # something came in
        self.wake = asyncio.Event()  # the keeper has something to do
        self.heard_ms = self.sent_ms = 0
        self.session_present = self.closed = self._isconnected = False
        self.address = self._stream = self._reader = None
        self._ready = asyncio.Event()  # connected, or never again
        self._session = Session()

    def lost(self, why):
        """The link is dead: nothing more is sent on it, the keeper makes a new one."""
        if self._isconnected:
            self._isconnected = False
            self._ready.clear()
            self.dprint("link lost: %s", why)
        self.wake.set()

    async def ping(self):
        """Send a PINGREQ (3.12)."""
        await self._write(self._stream, packet.PINGREQ)

    def _until(self):
        return ticks_add(ticks_ms(), self.response_ms)

    async def _open(self, clean, will):
        # A new connection, up to the broker's greeting and what the session still owes.
        ok = False
        try:
            until = self._until()
            address, self.address = resolve(self.address or self.server, self.port)
            self._stream = stream = await open(address, until)
            await write(stream, self._hello(clean, will), until)
            self._steps = parse(self.max_packet)
            self._acks = bytearray()
            kind, flags, code, _, _ = await self._event(stream, until)
            if kind != _CONNACK:
                raise MQTTError(_PROTOCOL, -1)
            if code:
                raise MQTTError(code)
            self.session_present = bool(flags) and not clean
            for data in self._session.resume(self.session_present, ticks_ms()):
                await write(stream, data, until)
            if self.closed:
                raise OSError(ENOTCONN, "disconnected")
            self.sent_ms = ticks_ms()
            ok = True
        finally:
            if not ok:
                self.address = None  # resolved again the next time
                self._drop()

    async def _event(self, stream, until=None):
        item = next(self._steps)
        while not isinstance(item, tuple):  # a buffer: all that has come is used up
            if self._acks:
                acks = self._acks
                self._acks = bytearray()
                await self._write(stream, acks)
            n = await read(stream, item, until)
            if not n:
                raise OSError(ETIMEDOUT if n is None else ECONNRESET, "broker")
            self.heard_ms = ticks_ms()
            self.heard.set()
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
                        packet.puback(self._acks, pid)
                elif kind == _CONNACK:
                    raise MQTTError(_PROTOCOL, -1)
                else:
                    self._session.answer(kind, pid, first or b"\0")
        except (OSError, MemoryError) as e:
            why = e
        if stream is self._stream:
            self.lost(why)

    async def _write(self, stream, data, request=None):
        # Send on this connection, whole or not at all. True: sent, or in the session's care.
        async with self.lock:
            if not self._isconnected or stream is not self._stream:
                return False
            self.sent_ms = ticks_ms()
            if request:
                request.sent_ms = self.sent_ms
            whole = False
            try:
                await write(stream, data, self._until())
                whole = True
            except OSError:
                pass
            finally:
                if not whole and stream is self._stream:  # failed or cancelled: the broker may have got half a packet
                    self.lost("unfinished write")
        return whole or request is not None

    async def _send(self, data, request=None):
        while True:
            if self.closed:
                raise OSError(ENOTCONN, "disconnected")
            if not self._isconnected:
                await self._ready.wait()
            elif await self._write(self._stream, data, request):
                return

    async def _exchange(self, data, pid, answer):
        # Send, and with a pid wait for the answer: its codes.
        if not pid:
            return await self._send(data)
        request = Request(pid, answer, data, asyncio.Event())
        self._session.requests.append(request)
        try:
            await self._send(data, request)
            while request.result is None:
                left = self.response_ms
                if self._isconnected:
                    left -= ticks_diff(ticks_ms(), request.sent_ms)
                if left > 0:
                    await pause(request.done, left)
                elif answer == _PUBACK and request.tries < self.max_repubs:
                    request.tries += 1
                    self.REPUB_COUNT += 1
                    await self._write(self._stream, request.again(), request)
                else:
                    self.lost("no acknowledgement")
        finally:
            self._session.give_up(request)
        if isinstance(request.result, OSError):
            raise request.result
        return request.result

    def _drop(self):
        self._isconnected = False
        self._ready.clear()
        if self._reader:
            cancel(self._reader)
            self._reader = None
        if self._stream:
            self._stream.close()
            self._stream = None
