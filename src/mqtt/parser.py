# Server to client, MQTT 3.1.1: bytes in, events out. However long a header says that its packet is, no more than `limit`
# bytes of it are held.
from micropython import const

from .packet import text

_CONNACK = const(0x20)
_PUBLISH = const(0x30)
_PUBACK = const(0x40)
_SUBACK = const(0x90)
_UNSUBACK = const(0xB0)
_PINGRESP = const(0xD0)

_MALFORMED = const(0x81)
_TOO_LARGE = const(0x95)

_SIZE = const(128)


def failure(code, first=0x2002):
    """An errors.MQTTError. Most programs never see one, and none is loaded before."""
    from .errors import MQTTError

    return MQTTError(code, first)


def body(kind, flags, part):
    """The event of a whole 3.1.1 packet: see parse(). part: a memoryview of what follows its fixed header."""
    try:
        n = len(part)
        if kind == _PINGRESP and not n:
            return kind, 0, 0, None, None
        pid = part[0] << 8 | part[1]
        if kind == _PUBLISH:
            i = pid + 2
            name = text(part[2:i], False)
            pid = 0
            if flags & 2:
                pid = part[i] << 8 | part[i + 1]
                i += 2
            if i <= n and (pid or not flags & 2):
                return kind, flags, pid, name, bytes(part[i:])
        elif kind == _CONNACK:
            if n == 2 and pid <= 256:  # a session is present only with code 0: 3.2.2-4
                return kind, pid > 255, pid & 255, None, None
        elif pid:
            codes = bytes(part[2:])
            if kind in (_PUBACK, _SUBACK, _UNSUBACK) and (kind == _SUBACK) == bool(codes) and not codes.strip(b"\0\1\2\x80"):
                return kind, 0, pid, codes, None
    except (IndexError, ValueError):
        pass  # shorter than its own lengths say, or no topic
    raise failure(_MALFORMED, -1)


def parse(limit=1024, body=body):
    """A generator that takes the bytes of one connection, in any pieces:

        steps = parse()
        item = next(steps)
        while True:
            if isinstance(item, tuple):
                ...  # an event
                item = next(steps)
            else:  # a memoryview: it wants bytes there, one at least
                item = steps.send(how_many_were_put_there)

    limit: longest packet held, in bytes after its fixed header; a longer PUBLISH is passed over. The buffer has 128 bytes,
    more only while a packet needs more. body: what makes events of packets; MQTT 5 has its own,
        v5.V5.body.

    Events are (kind, flags, pid, first, second), kind being the packet's first byte without its flags:
    0x20 CONNACK: flags True if the session is present, pid the return code.
    0x30 PUBLISH: flags the first byte's (1 retain, 2 QoS 1, 8 DUP), pid 0 with QoS 0, first the topic, second the payload
        (bytes). Both are None for one that was passed over: acknowledge it too.
    0x40 PUBACK, 0xB0 UNSUBACK: pid, first b"". 0x90 SUBACK: pid, first the codes (bytes). 0xD0 PINGRESP: nothing.

    Raises MQTTError for what 3.1.1 forbids (then the connection must be closed, 4.8), and MemoryError when there is no room
    for a packet within the limit.
    """
    buf = bytearray(_SIZE)
    start = end = 0
    while True:
        head = 2
        while head <= end - start and buf[start + head - 1] & 128:
            head += 1
        if head > 5:  # remaining length: 1 to 4 bytes (2.2.3)
            raise failure(_MALFORMED, -1)
        need = head
        if head <= end - start:
            kind = buf[start] & 0xF0
            flags = buf[start] & 15
            if flags and (kind != _PUBLISH or flags & 4 or flags & 10 == 8):  # 2.2.2, QoS 2 (not asked for) or 3, 3.3.1-2
                raise failure(_MALFORMED, -1)
            length = 0
            for i in range(start + head - 1, start, -1):
                length = length << 7 | buf[i] & 127
            if length > limit and kind != _PUBLISH:
                raise failure(_TOO_LARGE, -1)
            need += length if length <= limit else 2
        if need > end - start:
            rest = buf[start:end]
            need = max(need, _SIZE)
            if len(buf) != need:
                buf = bytearray(need)
            start = 0
            end = len(rest)
            buf[:end] = rest
            end += yield memoryview(buf)[end:]
            continue
        start += head
        if length > limit:
            from .skip import skip  # rare

            start, end, pid = yield from skip(buf, start, end, flags, length)
            yield kind, flags, pid, None, None
        else:
            yield body(kind, flags, memoryview(buf)[start : start + length])
            start += length
