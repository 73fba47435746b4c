# One link to the broker: opened, read, written whole, lost. The client above it makes a new one when this one is gone.
import asyncio
from errno import ECONNRESET, ENOTCONN, ETIMEDOUT
from time import ticks_add, ticks_ms

from micropython import const

from . import packet, transport
from .errors import MQTTError
from .parser import parse
from .session import Session

_CONNACK = const(0x20)
_PUBLISH = const(0x30)
_PROTOCOL = const(0x82)


def cancel(task):
    """Cancel a task, unless it is the caller's."""
    try:
        if task is not asyncio.current_task():
            task.cancel()
    except RuntimeError:  # no loop runs any more
        pass


class Connection:
    """What MQTTClient is built on. Its public attributes are described there."""

    def __init__(self):
        self.lock = asyncio.Lock()  # held while a packet is written
        self.heard = asyncio.Event()  # something came in
        self.wake = asyncio.Event()  # the keeper has something to do
        self.heard_ms = self.sent_ms = 0
        self.session_present = False
        self.address = None
        self.closed = False
        self._ready = asyncio.Event()  # connected, or never again
        self._isconnected = False
        self._stream = self._steps = self._reader = None
        self._acks = bytearray()
        self._session = Session()

    def lost(self, why, stream=None):
        """The link is dead: nothing more is sent on it, the keeper makes a new one."""
        if stream is None or stream is self._stream:
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

    def _hello(self, clean, will):
        c = self._c
        out = bytearray()
        packet.connect(out, c["client_id"], c["user"] or None, c["password"] or None, c["keepalive"], clean, will)
        return out

    async def _greet(self, clean, will):
        # A new connection, up to the broker's greeting.
        until = self._until()
        address, self.address = transport.resolve(self.address or self.server, self.port)
        self._stream = stream = await transport.open(address, until)
        await stream.write(self._hello(clean, will), until)
        self._steps = parse(self._c["max_packet"])
        kind, flags, code, _, _ = await self._event(stream, until)
        if kind != _CONNACK:
            raise MQTTError(_PROTOCOL, -1)
        if code:
            raise MQTTError(code)
        self.session_present = bool(flags) and not clean
        for data in self._session.resume(self.session_present, ticks_ms()):
            await stream.write(data, until)

    async def _open(self, clean, will):
        try:
            await self._greet(clean, will)
            if self.closed:
                raise OSError(ENOTCONN, "disconnected")
            self._isconnected = True
        finally:
            if not self._isconnected:
                self.address = None  # resolved again the next time
                self._drop()
        self.sent_ms = ticks_ms()
        self._reader = asyncio.create_task(self._read(self._stream))
        self._ready.set()

    async def _event(self, stream, until=None):
        item = next(self._steps)
        while not isinstance(item, tuple):  # a buffer: all that has come is used up
            if self._acks:
                acks = self._acks
                self._acks = bytearray()
                await self._write(stream, acks)
            n = await stream.readinto(item, until)
            if not n:
                raise OSError(ETIMEDOUT if n is None else ECONNRESET, "broker")
            self.heard_ms = ticks_ms()
            self.heard.set()
            item = self._steps.send(n)
        return item

    async def _read(self, stream):
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
            self.lost(e, stream)

    async def _write(self, stream, data, request=None):
        # Send on this connection, whole or not at all. True: sent, or in the session's care.
        async with self.lock:
            if not self._isconnected or stream is not self._stream:
                return False
            if request:
                request.sent_ms = ticks_ms()
            whole = False
            try:
                await stream.write(data, self._until())
                whole = True
                self.sent_ms = ticks_ms()
            except OSError as e:
                self.lost(e, stream)
            finally:
                if not whole:  # cancelled: the broker may have got half a packet
                    self.lost("unfinished write", stream)
        return whole or request is not None

    def _drop(self):
        self._isconnected = False
        self._ready.clear()
        self._acks = bytearray()
        if self._reader:
            cancel(self._reader)
            self._reader = None
        if self._stream:
            self._stream.close()
            self._stream = None
