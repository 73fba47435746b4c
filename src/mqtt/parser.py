# Server to client, MQTT 3.1.1: bytes in, events out. Never more than `limit` bytes of a packet are held, whatever its header says.
from micropython import const

from .errors import MQTTError
from .packet import topic

_CONNACK = const(0x20)
_PUBLISH = const(0x30)
_PUBACK = const(0x40)
_SUBACK = const(0x90)
_UNSUBACK = const(0xB0)
_PINGRESP = const(0xD0)
_KNOWN = const(0x2A1C)  # bit kind >> 4 is set for the six above

_MALFORMED = const(0x81)
_PROTOCOL = const(0x82)
_TOO_LARGE = const(0x95)


def body(kind, flags, part):
    """The event of a whole 3.1.1 packet: see parse(). part: a memoryview of what follows its fixed header."""
    if not _KNOWN >> (kind >> 4) & 1:
        raise MQTTError(_PROTOCOL, -1)
    try:
        n = len(part)
        if kind == _PINGRESP and not n:
            return kind, 0, 0, None, None
        pid = part[0] << 8 | part[1]
        if kind == _PUBLISH:
            i = pid + 2
            name = topic(part[2:i])
            pid = 0
            if flags & 2:
                pid = part[i] << 8 | part[i + 1]
                i += 2
            if i <= n and (pid or not flags & 2):
                return kind, flags, pid, name, bytes(part[i:])
        elif kind == _CONNACK:
            if n == 2 and pid <= 256:  # a session is present only with code 0: 3.2.2-4
                return kind, pid >> 8, pid & 255, None, None
        elif pid:
            codes = bytes(part[2:])
            if kind == _SUBACK:
                if codes and not codes.strip(b"\0\1\2\x80"):
                    return kind, 0, pid, codes, None
            elif n == 2 and kind != _PINGRESP:
                return kind, 0, pid, None, None
    except (IndexError, ValueError):
        pass  # shorter than its own lengths say, or no topic
    raise MQTTError(_MALFORMED, -1)


def parse(limit=1024, size=256, body=body):
    """A generator that takes the bytes of one connection, in any pieces:

        steps = parse()
        item = next(steps)
        while True:
            if isinstance(item, tuple):
                ...  # an event
                item = next(steps)
            else:  # a memoryview: it wants bytes there, one at least
                item = steps.send(how_many_were_put_there)

    limit: longest packet held, in bytes after its fixed header. A longer PUBLISH is passed over. size: bytes of buffer kept between packets, 8 at least.
    body: what makes events of packets; MQTT 5 has its own. Events are (kind, flags, pid, first, second), kind the first byte without its flags:

    0x20 CONNACK: flags 1 if the session is present, pid the return code
    0x30 PUBLISH: flags the first byte's (1 retain, 2 QoS 1, 8 DUP), pid 0 with QoS 0, first the topic, second the payload, both bytes
        and both None for one that was passed over: acknowledge it too
    0x40 PUBACK, 0xB0 UNSUBACK: pid. 0x90 SUBACK: pid, first the codes (bytes). 0xD0 PINGRESP: nothing

    Raises MQTTError for what 3.1.1 forbids (the connection must then be closed, 4.8), MemoryError when there is no room for a packet within the limit.
    """
    buf = bytearray(size)
    start = end = 0
    while True:
        head = 2
        while head <= end - start and buf[start + head - 1] & 128:
            head += 1
        if head > 5:  # remaining length: 1 to 4 bytes (2.2.3)
            raise MQTTError(_MALFORMED, -1)
        need = head
        if head <= end - start:
            kind = buf[start] & 0xF0
            flags = buf[start] & 15
            if flags and (kind != _PUBLISH or flags & 6 == 6 or flags & 10 == 8):  # 2.2.2, 3.3.1-4, 3.3.1-2
                raise MQTTError(_MALFORMED, -1)
            length = 0
            for i in range(start + head - 1, start, -1):
                length = length << 7 | buf[i] & 127
            if flags & 4 or (length > limit and kind != _PUBLISH):  # QoS 2 is never asked for
                raise MQTTError(_PROTOCOL if flags else _TOO_LARGE, -1)
            need += length if length <= limit else 2
        if need > end - start:
            rest = buf[start:end]
            if len(buf) != max(need, size):
                buf = bytearray(max(need, size))
            start = 0
            end = len(rest)
            buf[:end] = rest
            end += yield memoryview(buf)[end:]
            continue
        start += head
        if length <= limit:
            yield body(kind, flags, memoryview(buf)[start : start + length])
            start += length
            continue
        at = 2 + (buf[start] << 8 | buf[start + 1])  # where its pid is
        if at + (flags & 2) > length:
            raise MQTTError(_MALFORMED, -1)
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
            raise MQTTError(_MALFORMED, -1)
        yield kind, flags, pid, None, None
