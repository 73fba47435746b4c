# Loaded by CPython only; a board needs no copy of it. What MicroPython has and CPython has not, and transport.py for CPython's
# event loops: same functions, same meaning.
import asyncio
import base64
import os
import socket
import ssl as _ssl
import sys
import tempfile
import time
import types
from builtins import open as open_file
from errno import EINPROGRESS, ETIMEDOUT, EWOULDBLOCK

_PERIOD = 1 << 30  # a board's ticks wrap here (MicroPython's docs/library/time.rst)
_EOF = -0x7280  # MBEDTLS_ERR_SSL_CONN_EOF
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
    sys.modules["mqtt.waiting"] = package.waiting = sys.modules[__name__]
    try:
        import micropython  # noqa: F401  (a stand-in, as the tests have it)
    except ImportError:
        module = sys.modules["micropython"] = types.ModuleType("micropython")
        module.const = lambda value: value
    module = sys.modules["tls"] = types.ModuleType("tls")
    module.SSLContext = SSLContext
    if not hasattr(time, "ticks_ms"):
        time.ticks_ms = lambda: time.monotonic_ns() // 1_000_000 & (_PERIOD - 1)
        time.ticks_add = lambda ticks, delta: (ticks + delta) & (_PERIOD - 1)
        time.ticks_diff = lambda end, start: ((end - start + _PERIOD // 2) & (_PERIOD - 1)) - _PERIOD // 2


def _pem(data, *labels):
    # What the old ssl.wrap_socket() of MicroPython takes, bytes or text, DER or PEM, as the PEM texts that it may be.
    text = data if isinstance(data, str) else bytes(data).decode("latin-1")
    if "-----BEGIN" in text:
        return [text]
    body = base64.encodebytes(text.encode("latin-1")).decode()
    return [f"-----BEGIN {label}-----\n{body}-----END {label}-----\n" for label in labels]


class SSLContext(_ssl.SSLContext):
    """MicroPython's tls.SSLContext, for a client: it takes keys and certificates as data, and checks nothing before
    verify_mode says so."""

    def __new__(cls, _protocol):
        self = super().__new__(cls, _ssl.PROTOCOL_TLS_CLIENT)
        self.verify_mode = 0
        return self

    @property
    def verify_mode(self):
        """0 or ssl.CERT_REQUIRED, which checks the name too."""
        return super().verify_mode

    @verify_mode.setter
    def verify_mode(self, mode):
        self.check_hostname = False
        _ssl.SSLContext.verify_mode.__set__(self, mode)
        self.check_hostname = bool(mode)

    def load_verify_locations(self, cadata):
        """Trust these CA certificates; ValueError when they are none."""
        try:
            super().load_verify_locations(cadata=_pem(cadata, "CERTIFICATE")[0])
        except _ssl.SSLError as error:
            raise ValueError(f"invalid cert: {error}") from None

    def load_cert_chain(self, cert, key):
        """Show this certificate to the broker; ValueError when it and its key are not what they should be."""
        keys = _pem(key, "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY")
        folder = tempfile.mkdtemp()  # for its owner only; OpenSSL reads nothing but files
        path = os.path.join(folder, "chain")
        try:
            for text in keys:
                with open_file(path, "w") as file:
                    file.write(_pem(cert, "CERTIFICATE")[0] + text)
                try:
                    return super().load_cert_chain(path)
                except _ssl.SSLError as error:
                    reason = error
            raise ValueError(f"invalid cert or key: {reason}")
        finally:
            os.remove(path)
            os.rmdir(folder)


def _failure(error):
    # The TLSError for one of CPython's.
    from .tls import _ALERT, _VERIFY, TLSError

    if isinstance(error, _ssl.SSLCertVerificationError):
        return TLSError(_VERIFY, error.verify_message)
    reason = getattr(error, "reason", None) or str(error)
    if "ALERT" in reason:
        code = _ALERT
    elif isinstance(error, _ssl.SSLError):  # its numbers would look like the system's
        code = _EOF if isinstance(error, _ssl.SSLEOFError) else -1
    else:
        code = error.errno
    return TLSError(code, reason)


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
        except _ssl.SSLError as error:
            raise _failure(error) from error
        return None

    async def secure(self, until, context, host):
        """The TLS handshake; TLSError."""
        self.sock = sock = context.wrap_socket(self.sock, server_hostname=host, do_handshake_on_connect=False)
        try:
            while self._try(lambda _: sock.do_handshake() or True, None, True) is None:
                if not await ready(self, self.wants[True], until):
                    raise OSError(ETIMEDOUT, "TLS handshake")
        except ConnectionError as error:
            raise _failure(error) from error

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
    return socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)[0][-1]


_waiting = {}  # task: what ends its wait


def wake(task):
    """waiting.wake()."""
    stop = _waiting.pop(task, None)
    if stop:
        stop()


async def ready(sock, write, until=None):
    """transport.ready()."""
    write = sock.wants[write]
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def wake_up(on_time):
        if not future.done():
            future.set_result(on_time)

    timers = []
    if until is not None:
        timers.append(loop.call_later(max(0, time.ticks_diff(until, time.ticks_ms())) / 1000, wake_up, False))
    forget = loop.remove_writer if write else loop.remove_reader
    task = asyncio.current_task()

    def stop():
        if forget:
            forget(sock.sock)
        wake_up(True)

    _waiting[task] = stop
    try:
        try:
            (loop.add_writer if write else loop.add_reader)(sock.sock, wake_up, True)
        except NotImplementedError:
            timers.append(loop.call_later(_LOOK_S, wake_up, True))
            forget = None
        return await future
    finally:
        for timer in timers:
            timer.cancel()
        if _waiting.pop(task, None) and forget:
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
            await sock.secure(until, ssl, host)
        ok = True
        return sock
    finally:
        if not ok:
            sock.close()


_install()
