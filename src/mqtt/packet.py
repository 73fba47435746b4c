# MQTT 3.1.1 packets, client to server. Each function checks all it was given, then appends one packet to `out`, a bytearray:
# on an error `out` is unchanged. MQTT 5's are in v5.py, made of the same parts.

goodbye = b"\xe0\0"  # DISCONNECT (3.14)


def data(value):
    """value as bytes: str is encoded as UTF-8, once. TypeError unless str, bytes or something like bytes."""
    return bytes(value, "utf-8") if isinstance(value, str) else b"" + value


def text(value, wild=None):
    """value (str, or bytes of UTF-8) as bytes. wild: False for a topic name, True for a topic filter.

    ValueError: not UTF-8 (as far as the port looks), or NUL in it (1.5.3); a topic that is empty (4.7.3-1); a wildcard in a
    name (3.3.2-2); in a filter, one that does not stand alone in its level, or # before the last (4.7.1).
    """
    value = data(value)
    bad = "\0" in str(value, "utf-8")
    if wild is not None:
        bad = bad or not value or b"#/" in value
        for level in value.split(b"/"):
            bad = bad or (len(level) > wild and (b"#" in level or b"+" in level))
    if bad:
        raise ValueError("text")
    return value


def to_bytes(n, name, low=0):
    """n as two bytes, high one first; ValueError with `name` unless low to 65535."""
    if not low <= n < 65536:
        raise ValueError(name)
    return bytes((n >> 8, n & 255))


def field(value):
    """value (str or bytes) as bytes with their number in front; ValueError above 65535."""
    value = data(value)
    return to_bytes(len(value), "text") + value


def append(out, header, parts):
    """Append a packet: header its first byte, parts the sequence of bytes that follow the remaining length (2.2.3)."""
    n = 0
    for part in parts:
        n += len(part)
    out.append(header)
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    for part in parts:
        out += part


def connect(out, client_id, user=None, password=None, keepalive=60, clean=True, will=None):
    """Append a CONNECT (3.1).

    client_id, user: str. password: str or bytes. keepalive: seconds, 0 (off) to 65535. clean: clean session.
    will: None or (topic, payload, retain, qos 0 or 1).
    ValueError: a password without a user (3.1.2-22), or a value out of its range. An empty client_id is for the broker to
    judge (3.1.3-8). TypeError: neither text nor bytes.
    """
    flags = 2 if clean else 0
    parts = [to_bytes(keepalive, "keepalive"), field(text(client_id))]
    if will:
        name, payload, retain, qos = will
        if qos >> 1:
            raise ValueError("qos")
        flags |= 4 | qos << 3 | bool(retain) << 5
        parts += field(text(name, False)), field(payload)
    if user is not None:
        flags |= 128
        parts.append(field(text(user)))
    if password is not None:
        if flags < 128:
            raise ValueError("password")
        flags |= 64
        parts.append(field(password))
    append(out, 0x10, [b"\0\4MQTT\4", bytes([flags])] + parts)


def publish(out, name, payload, retain=False, qos=0, pid=0, dup=False):
    """Append a PUBLISH (3.3).

    name: the topic, str or bytes of UTF-8. payload: str or bytes, as long as memory allows. qos: 0 or 1. pid: packet
    identifier, 1 to 65535, with qos 1. dup: sent before (qos 1 only, 3.3.1-2).
    ValueError, TypeError: what the broker would close the connection for.
    """
    if qos >> 1:
        raise ValueError("qos")
    parts = [field(text(name, False)), to_bytes(pid, "pid", 1) if qos else b"", data(payload)]
    append(out, 0x30 | bool(retain) | (qos and (10 if dup else 2)), parts)


def subscribe(out, pid, filters):
    """Append a SUBSCRIBE (3.8).

    pid: 1 to 65535. filters: sequence of (filter, qos 0 or 1), one or more. ValueError.
    """
    if not filters:
        raise ValueError("filters")
    parts = [to_bytes(pid, "pid", 1)]
    for name, qos in filters:
        if qos >> 1:
            raise ValueError("qos")
        parts += field(text(name, True)), bytes([qos])
    append(out, 0x82, parts)
