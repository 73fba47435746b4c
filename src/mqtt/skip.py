# Passing over a PUBLISH that is longer than the parser's limit: its bytes are dropped as they come, but for the packet
# identifier. Loaded when one comes.
from micropython import const

from .parser import failure

_MALFORMED = const(0x81)


def skip(buf, start, end, flags, length):
    """A generator for parse(), which see: returns (start, end, pid) where the next packet begins.

    buf[start:end]: what has come of the packet behind its fixed header, the topic's length at least. length: of all that.
    pid: 0 with QoS 0. MQTTError: lengths that contradict each other, or pid 0 with QoS 1.
    """
    at = 2 + (buf[start] << 8 | buf[start + 1])  # where its pid is, counted from start
    if at + (flags & 2) > length:
        raise failure(_MALFORMED, -1)
    pid = 0
    while True:
        n = min(length, end - start)
        for i in (at, at + 1):
            if flags & 2 and 0 <= i < n:
                pid = pid << 8 | buf[start + i]
        at -= n
        length -= n
        start += n
        if not length:
            break
        start = 0
        end = yield memoryview(buf)
    if flags & 2 and not pid:
        raise failure(_MALFORMED, -1)
    return start, end, pid
