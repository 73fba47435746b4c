# Is the other end there? The broker: one ping. The internet: one DNS query over UDP. Loaded only by broker_up() and wan_ok().
import asyncio
import socket
from time import ticks_diff, ticks_ms

from .keep import PINGREQ, pause

# RFC 1035, 4.1: an A record, recursion desired
_QUERY = b"\x1a\x24\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x06google\x03com\x00\x00\x01\x00\x01"


async def dns_ok(query=None, server="8.8.8.8", port=53, timeout_ms=3000):
    """True if the name server answers the query (bytes, RFC 1035) within timeout_ms."""
    query = query or _QUERY
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.setblocking(False)
        s.connect(socket.getaddrinfo(server, port)[0][-1])
        s.send(query)
        for _ in range(timeout_ms // 50):
            await asyncio.sleep(0.05)
            try:
                answer = s.recv(32)
            except OSError:
                continue
            if len(answer) > 2 and answer[:2] == query[:2] and answer[2] & 0x80:  # RFC 1035, 4.1.1: id, QR
                return True
    except OSError:
        pass
    finally:
        s.close()
    return False


async def answers(c):
    """True if the broker of the client c answered something in the last second, or a ping now, within response_time."""
    last = c.last_rx
    if c.isconnected() and ticks_diff(ticks_ms(), last) >= 1000:
        await c._write(c._stream, PINGREQ)
        if c.last_rx == last:
            await pause(c._heard, c._response_ms)
        return c.last_rx != last
    return c._isconnected
