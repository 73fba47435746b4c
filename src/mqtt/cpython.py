# Loaded by CPython only: what MicroPython has and it has not. A board needs no copy of this file.
import asyncio
import ssl
import sys
import time
import types

_LOOK_S = 0.005
_PERIOD = 1 << 30  # a board's ticks wrap here (MicroPython's docs/library/time.rst)


def _install():
    if "micropython" not in sys.modules:
        module = types.ModuleType("micropython")
        module.const = lambda value: value
        sys.modules["micropython"] = module
    if not hasattr(time, "ticks_ms"):
        time.ticks_ms = lambda: time.monotonic_ns() // 1_000_000 & (_PERIOD - 1)
        time.ticks_add = lambda ticks, delta: (ticks + delta) & (_PERIOD - 1)
        time.ticks_diff = lambda end, start: ((end - start + _PERIOD // 2) & (_PERIOD - 1)) - _PERIOD // 2


_install()


class _Stream:
    # A non-blocking socket, TLS or plain, with MicroPython's stream methods: None, not an exception, when it would block.
    def __init__(self, sock):
        self.sock = sock
        self.wants = [False, True]  # to read, to write: wait until it can be written? TLS may answer yes and no

    def _try(self, function, data, write):
        self.wants[write] = write
        try:
            return function(data)
        except ssl.SSLWantReadError:
            self.wants[write] = False
        except ssl.SSLWantWriteError:
            self.wants[write] = True
        except BlockingIOError:
            pass
        return None

    def readinto(self, buf):
        return self._try(self.sock.recv_into, buf, False)

    def write(self, data):
        return self._try(self.sock.send, data, True)

    def close(self):
        self.sock.close()


def stream(sock):
    """The socket as transport.read() and write() want it."""
    return _Stream(sock)


async def ready(sock, write, until=None):
    """transport.ready() on CPython's event loops."""
    if isinstance(sock, _Stream):
        write = sock.wants[write]
        sock = sock.sock
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def wake(on_time):
        if not future.done():
            future.set_result(on_time)

    timers = []
    if until is not None:
        timers.append(loop.call_later(max(0, time.ticks_diff(until, time.ticks_ms())) / 1000, wake, False))
    forget = loop.remove_writer if write else loop.remove_reader
    try:
        try:
            (loop.add_writer if write else loop.add_reader)(sock, wake, True)
        except NotImplementedError:  # Windows' proactor loop: look every now and then
            timers.append(loop.call_later(_LOOK_S, wake, True))
            forget = None
        return await future
    finally:
        for timer in timers:
            timer.cancel()
        if forget:
            forget(sock)
