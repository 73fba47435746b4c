# MQTT 3.1.1 packets, client to server. Each function checks all it was given, then appends one packet to `out` (a bytearray): on an error `out` is unchanged.
# MQTT 5 is the same packets with level=5 and encoded properties (their length in front) in the places left for them.
from struct import pack

PINGREQ = b"\xc0\0"
DISCONNECT = b"\xe0\0"


def data(value):
    """value as bytes: str is encoded as UTF-8, once. TypeError unless str, bytes or something like bytes."""
    if isinstance(value, str):
        return value.encode()
    return value if isinstance(value, bytes) else bytes(memoryview(value))


def text(value):
    """value (str, or bytes of UTF-8) as bytes; ValueError when it is not UTF-8 or holds NUL (1.5.3)."""
    value = data(value)
    if "\0" in str(value, "utf-8"):
        raise ValueError("NUL")
    return value


def topic(value, wild=False):
    """A topic name or, with wild, a topic filter, as bytes.

    ValueError: empty (4.7.3-1), not text(), a wildcard in a name (3.3.2-2), or one that does not stand alone in its level, or # not in the last (4.7.1).
    """
    value = text(value)
    bad = not value or b"#/" in value
    for level in value.split(b"/"):
        if (b"#" in level or b"+" in level) and (not wild or len(level) > 1):
            bad = True
    if bad:
        raise ValueError("topic")
    return value


def field(value):
    """value (bytes) with its length in front; ValueError above 65535 bytes."""
    if len(value) > 65535:
        raise ValueError("too long")
    return pack(">H", len(value)) + value


def packet(out, header, parts):
    """Append a packet: header its first byte, parts the sequence of bytes that follow the remaining length (2.2.3)."""
    n = sum([len(part) for part in parts])
    if n >> 28:
        raise ValueError("too long")
    out.append(header)
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    for part in parts:
        out += part


def connect(out, client_id, user=None, password=None, keepalive=60, clean=True, will=None, level=4, properties=b"", will_properties=b""):
    """Append a CONNECT (3.1).

    client_id, user: str. password: str or bytes. keepalive: seconds, 0 (off) to 65535. clean: clean session.
    will: None or (topic, payload, retain, qos 0 or 1). level: 4 is MQTT 3.1.1.
    ValueError: an empty client_id with clean=False (3.1.3-8), a password without a user (3.1.2-22), or a value out of its range.
    """
    flags = 2 if clean else 0
    parts = [b"", properties, field(text(client_id))]
    if not (clean or client_id) or keepalive >> 16 or (user is None and password is not None and level < 5):
        raise ValueError("client_id, keepalive or password")
    if will:
        name, payload, retain, qos = will
        if qos >> 1:
            raise ValueError("qos")
        flags |= 4 | qos << 3 | bool(retain) << 5
        parts += will_properties, field(topic(name)), field(data(payload))
    if user is not None:
        flags |= 128
        parts.append(field(text(user)))
    if password is not None:
        flags |= 64
        parts.append(field(data(password)))
    parts[0] = pack(">6sBBH", b"\0\4MQTT", level, flags, keepalive)
    packet(out, 0x10, parts)


def publish(out, name, payload, retain=False, qos=0, pid=0, dup=False, properties=b""):
    """Append a PUBLISH (3.3).

    name: the topic, str or bytes of UTF-8. payload: str or bytes, as long as memory allows. qos: 0 or 1. pid: packet identifier, 1 to 65535, with qos 1.
    dup: sent before (qos 1 only, 3.3.1-2). ValueError, TypeError: what the broker would close the connection for.
    """
    if qos >> 1:
        raise ValueError("qos")
    header = 0x30 | bool(retain) | (qos and (10 if dup else 2))
    packet(out, header, [field(topic(name)), identifier(pid) if qos else b"", properties, data(payload)])


def identifier(pid):
    """A packet identifier as two bytes; ValueError unless 1 to 65535 (2.3.1-1)."""
    if not 0 < pid < 65536:
        raise ValueError("pid")
    return pack(">H", pid)


def subscribe(out, pid, filters, properties=b""):
    """Append a SUBSCRIBE (3.8). filters: sequence of (filter, qos 0 or 1), one or more; with MQTT 5 qos is the options byte."""
    parts = [identifier(pid), properties]
    for name, qos in filters:
        if qos & 0xC2:
            raise ValueError("qos")
        parts += field(topic(name, True)), bytes([qos])
    if not filters:
        raise ValueError("no filter")
    packet(out, 0x82, parts)


def puback(out, pid):
    """Append a PUBACK (3.4)."""
    out += pack(">BBH", 0x40, 2, pid)
