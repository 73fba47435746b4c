# One TCP connection, TLS or plain, without threads and without polling: whoever waits sleeps until the
# socket is ready or a deadline has passed.
import socket
from errno import EINPROGRESS, ETIMEDOUT

ready = None  # how to wait for a socket: as waiting.py does it, with asyncio, unless blocking.py has put in its own


def resolve(host, port):
    """The address (IPv4) for open(). Asking a name server blocks everything else, for as long as the port lets it.

    OSError: no such name, or no network.
    """
    return socket.getaddrinfo(host, port, 2)[0][-1]  # AF_INET is 2 on every port


async def read(sock, buf, until=None):
    """Bytes read into buf, one at least; 0 at the end of the stream; None when `until` came first. OSError: the connection
    is gone.
    """
    while True:
        n = sock.readinto(buf)
        if n is not None or not await ready(sock, False, until):
            return n


async def write(sock, data, until=None):
    """Write all of data, in one piece where the network takes it. OSError: ETIMEDOUT, or the connection is gone; part of it
    may have been sent.
    """
    data = memoryview(data)
    while data:
        n = sock.write(data)
        if n:
            data = data[n:]
        elif not await ready(sock, True, until):
            raise OSError(ETIMEDOUT)


async def open(address, until=None, ssl=None, host=None):
    """Connect to an address of resolve(); returns the socket, which does not block: for read(), write() and its own close().

    until: ticks_ms by when it must be connected. ssl: an SSLContext; host: the name that the certificate must carry.
    OSError: ETIMEDOUT, or refused: most ports only say so in the first write.
    """
    global ready
    if not ready:
        from .waiting import ready
    sock = socket.socket()
    try:
        sock.setblocking(False)
        # 6 is IPPROTO_TCP. What TCP_NODELAY's number is, lwIP's own or everybody's, the port knows; the unix port names none.
        sock.setsockopt(6, getattr(socket, "TCP_NODELAY", 1), 1)
        try:
            sock.connect(address)
        except OSError as error:
            if error.errno != EINPROGRESS:
                raise
        if not await ready(sock, True, until):
            raise OSError(ETIMEDOUT)
        if ssl:
            from .tls import secure

            sock = await secure(sock, until, ssl, host)
        address = None  # all is well
        return sock
    finally:
        if address:
            sock.close()
