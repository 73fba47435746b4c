# One TCP connection, TLS or plain, without threads and without polling: the task sleeps until the socket is ready or a deadline has passed.
import socket
from errno import EINPROGRESS, ETIMEDOUT
from time import ticks_diff, ticks_ms

try:
    from asyncio import core
except ImportError:
    core = None


def resolve(host, port):
    """(address, ip): what open() takes, and the IPv4 address as text. Asking a name server blocks everything else, for as long as the port lets it.

    OSError: no such name, or no network.
    """
    address = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)[0][-1]
    if isinstance(address, tuple):
        return address, address[0]
    return address, "%d.%d.%d.%d" % tuple(address[4:8])  # the unix port's is a struct sockaddr_in


async def _late(task, ms):
    await core.sleep_ms(ms)
    queue = core._io_queue
    if task.data is queue:  # it still waits there: let it run, and see for itself
        queue.remove(task)
        core._task_queue.push(task)


def ready(sock, write, until=None):
    """Await it: wait until sock can be read (written, with write); False when `until` (ticks_ms, None for ever) came first.

    One task may wait to read while another waits to write; once one of them was cancelled or came too late, close the socket.
    """
    late = until is not None and core.create_task(_late(core.cur_task, max(0, ticks_diff(until, ticks_ms()))))
    try:
        queue = core._io_queue
        (queue.queue_write if write else queue.queue_read)(sock)
        yield
        return not (late and late.done())
    finally:
        if late:
            late.cancel()


if core is None:
    from .cpython import ready, stream


async def read(sock, buf, until=None):
    """Bytes read into buf, one at least; 0 at the end of the stream; None when `until` came first. OSError: the connection is gone."""
    while True:
        n = sock.readinto(buf)
        if n is not None or not await ready(sock, False, until):
            return n


async def write(sock, data, until=None):
    """Write all of data, in one piece where the network takes it. OSError: ETIMEDOUT, or the connection is gone; part of it may have been sent."""
    data = memoryview(data)
    while len(data):
        n = sock.write(data)
        if n:
            data = data[n:]
        elif not await ready(sock, True, until):
            raise OSError(ETIMEDOUT)


async def open(address, until=None, ssl=None, host=None):
    """Connect to an address of resolve(); returns the socket, which does not block: for read(), write() and its own close().

    until: ticks_ms by when it must be connected. ssl: an SSLContext; host: the name that the certificate must carry. The handshake takes place
    in the first write, within its deadline. OSError: ETIMEDOUT, or refused: most ports only say so in the first write.
    """
    sock = socket.socket()
    opened = None
    try:
        sock.setblocking(False)
        try:
            sock.setsockopt(6, 1, 1)  # IPPROTO_TCP, TCP_NODELAY: not every port names them, all number them so
        except OSError:
            pass
        try:
            sock.connect(address)
        except OSError as error:
            if error.errno != EINPROGRESS:
                raise
        if not await ready(sock, True, until):
            raise OSError(ETIMEDOUT)
        if ssl:
            sock = ssl.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
            sock.setblocking(False)
        opened = sock if core else stream(sock)
        return opened
    finally:
        if not opened:
            sock.close()
