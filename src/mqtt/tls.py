# TLS over a connected socket; loaded only when it is asked for.


async def secure(sock, until, ssl, host):
    """Return sock wrapped by the SSLContext `ssl`, which checks that the certificate carries the name `host` as far as it was
    told to check it.

    The handshake takes place in the first write, within that one's deadline; until: ticks_ms by when it must be over.
    """
    sock = ssl.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    sock.setblocking(False)
    return sock
