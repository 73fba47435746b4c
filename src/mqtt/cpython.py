# Loaded by CPython only; a board needs no copy of it. What MicroPython has and CPython has not, and transport.py for CPython's
# event loops: same functions, same meaning.
import asyncio
import socket
import ssl as _ssl
import sys
import time
import types
from errno import EINPROGRESS, ETIMEDOUT, EWOULDBLOCK

_PERIOD = 1 << 30  # a board's ticks wrap here (MicroPython's docs/library/time.rst)
_LOOK_S = 0.005  # between two looks where an event loop cannot watch sockets (Windows' proactor)


def _getattr(name):
    # mqtt.__getattr__ with the exceptions that CPython's tools count on.
    if name.startswith("_"):
        raise AttributeError(name)
    try:
        return _getattr.plain(name)
    except ModuleNotFoundError as error:
        if error.name != "mqtt." + name:
            raise
        raise AttributeError(name) from None


def _install():
    package = sys.modules["mqtt"]
    _getattr.plain = package.__getattr__
    package.__getattr__ = _getattr
    sys.modules["mqtt.transport"] = package.transport = sys.modules[__name__]
    try:
        import micropython  # noqa: F401  (a stand-in, as the tests have it)
    except ImportError:
        module = sys.modules["micropython"] = types.ModuleType("micropython")
        module.const = lambda value: value
    if not hasattr(time, "ticks_ms"):
        time.ticks_ms = lambda: time.monotonic_ns() // 1_000_000 & (_PERIOD - 1)
        time.ticks_add = lambda ticks, delta: (ticks + delta) & (_PERIOD - 1)
        time.ticks_diff = lambda end, start: ((end - start + _PERIOD // 2) & (_PERIOD - 1)) - _PERIOD // 2


class _Socket:
    # A non-blocking socket, TLS or plain, with MicroPython's stream methods: None, not an exception, when it would block.
    def __init__(self, sock):
        self.sock = sock
        self.wants = [False, True]  # to read, to write: does it wait for room to write? TLS may turn either round

    def _try(self, function, data, write):
        self.wants[write] = write
        try:
            return function(data)
        except _ssl.SSLWantReadError:
            self.wants[write] = False
        except _ssl.SSLWantWriteError:
            self.wants[write] = True
        except BlockingIOError:
            pass
        return None

    def readinto(self, buf):
        return self._try(self.sock.recv_into, buf, False)

    def write(self, data):
        return self._try(self.sock.send, data, True)

    def setblocking(self, flag):
        self.sock.setblocking(flag)

    def fileno(self):
        return self.sock.fileno()

    def close(self):
        self.sock.close()


def resolve(host, port):
    """transport.resolve()."""
    address = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)[0][-1]
    return address, address[0]


async def ready(sock, write, until=None):
    """transport.ready()."""
    write = sock.wants[write]
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
            (loop.add_writer if write else loop.add_reader)(sock.sock, wake, True)
        except NotImplementedError:
            timers.append(loop.call_later(_LOOK_S, wake, True))
            forget = None
        return await future
    finally:
        for timer in timers:
            timer.cancel()
        if forget:
            forget(sock.sock)


async def read(sock, buf, until=None):
    """transport.read()."""
    while True:
        n = sock.readinto(buf)
        if n is not None or not await ready(sock, False, until):
            return n


async def write(sock, data, until=None):
    """transport.write()."""
    data = memoryview(data)
    while data:
        n = sock.write(data)
        if n:
            data = data[n:]
        elif not await ready(sock, True, until):
            raise OSError(ETIMEDOUT, "write")


async def open(address, until=None, ssl=None, host=None):
    """transport.open()."""
    sock = _Socket(socket.socket())
    ok = False
    try:
        sock.setblocking(False)
        sock.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        error = sock.sock.connect_ex(address)
        if error not in (0, EINPROGRESS, EWOULDBLOCK):
            raise OSError(error, "connect")
        if not await ready(sock, True, until):
            raise OSError(ETIMEDOUT, "connect")
        error = sock.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, "connect")
        if ssl:
            sock.sock = ssl.wrap_socket(sock.sock, server_hostname=host, do_handshake_on_connect=False)
        ok = True
        return sock
    finally:
        if not ok:
            sock.close()


_install()
