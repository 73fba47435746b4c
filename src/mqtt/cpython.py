# Loaded by CPython only: what MicroPython has and it has not. A board needs no copy of this file.
import asyncio
import sys
import time
import types
from errno import EAGAIN, EWOULDBLOCK

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


class Stream:
    """A socket with MicroPython's stream methods: None, not an exception, when it would block. sock: a non-blocking socket, TLS or plain."""

    def __init__(self, sock):
        self.sock = sock
        self.wants_write = False  # what a TLS connection waits for is not always what was asked of it

    def _try(self, function, argument, wants_write):
        import ssl

        self.wants_write = wants_write
        try:
            return function(argument)
        except ssl.SSLWantReadError:
            self.wants_write = False
        except ssl.SSLWantWriteError:
            self.wants_write = True
        except OSError as error:
            if error.errno not in (EAGAIN, EWOULDBLOCK):
                raise
        return None

    def readinto(self, buf):
        return self._try(self.sock.recv_into, buf, False)

    def write(self, buf):
        return self._try(self.sock.send, buf, True)

    def close(self):
        self.sock.close()


async def ready(stream, write, ms):
    """Wait until the stream can be read (or, with write, written), or ms milliseconds have passed: the caller tries again and sees which."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    sock = stream
    if isinstance(stream, Stream):
        sock = stream.sock
        write = stream.wants_write
        pending = getattr(sock, "pending", None)
        if pending and pending():
            return

    def wake():
        if not future.done():
            future.set_result(None)

    timer = loop.call_later(max(ms, 0) / 1000, wake)
    try:
        if write:
            loop.add_writer(sock, wake)
        else:
            loop.add_reader(sock, wake)
    except NotImplementedError:  # Windows' proactor loop
        timer.cancel()
        timer = loop.call_later(min(max(ms, 0), 5) / 1000, wake)
    try:
        await future
    finally:
        timer.cancel()
        try:
            (loop.remove_writer if write else loop.remove_reader)(sock)
        except NotImplementedError:
            pass
