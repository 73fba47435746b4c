# MQTT 5's properties (2.2.2): a dictionary on this side, bytes with their length in front on the other. What a packet may
# carry is the sequence of identifiers given here, below under the packet's name.
from micropython import const

from .packet import data, field, text

CONNECT = (0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x26, 0x27)
WILL = (0x01, 0x02, 0x03, 0x08, 0x09, 0x18, 0x26)
CONNACK = (0x11, 0x12, 0x13, 0x15, 0x16, 0x1A, 0x1C, 0x1F, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A)
PUBLISH = (0x01, 0x02, 0x03, 0x08, 0x09, 0x23, 0x26)
DELIVERY = PUBLISH + (0x0B,)  # a PUBLISH from the server
SUBSCRIBE = (0x0B, 0x26)
UNSUBSCRIBE = (0x26,)
ANSWER = (0x1F, 0x26)  # PUBACK, SUBACK, UNSUBACK
DISCONNECT = (0x11, 0x1F, 0x26)
DISCONNECTED = (0x1C, 0x1F, 0x26)  # a DISCONNECT from the server

_VBI = const(5)
_TEXT = const(6)
_BINARY = const(7)
_PAIR = const(8)
_SUBSCRIPTION = const(0x0B)
_USER = const(0x26)
# The type of each identifier, at its place (table 2-4): 1, 2 or 4 bytes of integer, or one of the above; 0: there is none.
_TYPES = b"\0\1\4\6\0\0\0\0\6\7\0\5\0\0\0\0\0\4\6\2\0\6\7\1\4\1\6\0\6\0\0\6\0\2\2\2\1\1\x08\4\1\1\1"


def _checked(key, kind, value):
    # An integer in its range: nothing but 0 and 1 in one byte; 0 is no receive maximum, alias, packet size, subscription.
    high = 2 if kind == 1 else 1 << (28 if kind == _VBI else 8 * kind)
    if not (key in (_SUBSCRIPTION, 0x21, 0x23, 0x27)) <= value | 0 < high:  # | 0: TypeError for a float
        raise ValueError("property 0x%02x" % key)
    return value


def vbi(n):
    """n (0 to 268435455) as a variable byte integer (1.5.5), 1 to 4 bytes."""
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return out


def encode(properties, allowed):
    """The bytes of properties, their length in front.

    properties: {identifier: value}, or None. A value is an int, str, bytes or, for 0x26, a dictionary of names and values.
    allowed: the identifiers that the packet may carry, see above.
    ValueError: one that it may not, or a value out of its range. TypeError: of another type.
    """
    out = bytearray()
    for key, value in (properties or {}).items():
        if key not in allowed:
            raise ValueError("property 0x%02x" % key)
        kind = _TYPES[key]
        if kind == _PAIR:
            for name in value:
                out.append(key)
                out += field(text(name))
                out += field(text(value[name]))
            continue
        out.append(key)
        if kind == _TEXT:
            out += field(text(value, False if key == 8 else None))
        elif kind == _BINARY:
            out += field(data(value))
        else:
            if isinstance(value, bytes):  # as programs for mqtt_as give a byte
                value = int.from_bytes(value, "big")
            value = _checked(key, kind, value)
            out += vbi(value) if kind == _VBI else value.to_bytes(kind, "big")
    return vbi(len(out)) + out


def number(part, i):
    """The variable byte integer at part[i], and the index behind it. ValueError: longer than four bytes. IndexError."""
    n = 0
    for shift in (0, 7, 14, 21):
        byte = part[i]
        i += 1
        n |= (byte & 127) << shift
        if byte < 128:
            return n, i
    raise ValueError("number")


def _field(part, i):
    end = i + 2 + (part[i] << 8 | part[i + 1])
    return bytes(part[i + 2 : end]), end


def decode(part, i, allowed):
    """The properties at part[i], and the index behind them.

    Texts come as str, binary data as bytes, 0x26 as a dictionary (the last of equal names stays), 0x0B as an int, or as a
    tuple where there are several.
    ValueError, IndexError: no properties, or none that this packet may carry, or one twice.
    """
    n, i = number(part, i)
    end = i + n
    found = {}
    while i < end:
        key = part[i]
        i += 1
        if key not in allowed or (key in found and key not in (_USER, _SUBSCRIPTION)):
            raise ValueError("property")
        kind = _TYPES[key]
        if kind < _VBI:
            value = _checked(key, kind, int.from_bytes(part[i : i + kind], "big"))
            i += kind
        elif kind == _VBI:
            value, i = number(part, i)
            _checked(key, kind, value)
            if key in found:
                before = found[key]
                value = (before if isinstance(before, tuple) else (before,)) + (value,)
        else:
            value, i = _field(part, i)
            if kind != _BINARY:
                value = str(text(value, False if key == 8 else None), "utf-8")
            if kind == _PAIR:
                pairs = found.get(key, {})
                second, i = _field(part, i)
                pairs[value] = str(text(second), "utf-8")
                value = pairs
        found[key] = value
    if i != end or end > len(part):
        raise ValueError("properties")
    return found, end
