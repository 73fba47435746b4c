# MQTT 5, client to server and back: the same functions and events as packet.py and parser.py have for 3.1.1, with properties.
# One object for one connection at a time. The always-on client's part of MQTT 5 is in always5.py.
from micropython import const

from .errors import MQTTError
from .packet import append, data, field, text, to_bytes
from .properties import (
    ANSWER, CONNACK, CONNECT, DELIVERY, DISCONNECT, DISCONNECTED, PUBLISH, SUBSCRIBE, WILL, decode, encode,
)

_CONNACK = const(0x20)
_PUBLISH = const(0x30)
_PUBACK = const(0x40)
_SUBACK = const(0x90)
_UNSUBACK = const(0xB0)
_PINGRESP = const(0xD0)
_DISCONNECT = const(0xE0)

_MALFORMED = const(0x81)
_PROTOCOL = const(0x82)
_BAD_ALIAS = const(0x94)
_TOO_LARGE = const(0x95)
_NO_RETAIN = const(0x9A)
_NO_QOS = const(0x9B)

_EXPIRY = const(0x11)
_ALIASES = const(0x22)
_ALIAS = const(0x23)
_PACKET_SIZE = const(0x27)
_NEVER = const(0xFFFFFFFF)

# The reasons that the same settings meet again (2.4): unsupported protocol version, client id not valid...
_FINAL = const(b"\x84\x85\x86\x87\x8a\x8c\x8f\x90\x94\x95\x99\x9a\x9b\x9d\x9e\xa1\xa2")


class MQTT5Error(MQTTError):
    """A refusal with a reason code of MQTT 5 (2.4) and the server's own words, if any.

    properties: of the packet that refused ({} for what is refused on this side); 0x1F is the reason string, 0x1C the server
    to use instead. args: (0x2002, code) for CONNACK, else (the packet's first byte, code), -1 for this side's refusal.
    """

    def __init__(self, code, first=-1, properties=None):
        super().__init__(code, first)
        self.properties = properties or {}
        self.retry = bytes((code,)) not in _FINAL

    def __str__(self):
        from .reasons5 import reason

        words = self.properties.get(0x1F)
        return reason(self.code) + (": " + words if words else "")


class V5:
    """The codec of one MQTT 5 client; give it to burst.exchange(v5=...).

    properties: of CONNECT, {identifier: value} (3.1.2.11): 0x11 session expiry interval in s, 0x21 receive maximum, 0x22 topic
        alias maximum (for which 0x27 is 1024 unless given: not more than the limit of parser.parse()), 0x27 maximum packet size
        in bytes, 0x26 user properties... Without 0x11 a session that is not clean never expires, as with 3.1.1.
    will_properties: 0x18 will delay interval in s, 0x02 message expiry interval in s... (3.1.3.2)
    leave: DISCONNECT's reason code: 0, or 4: the server publishes the will all the same (3.14.2.1).

    properties: of the last packet that came (read it in on_message). connack: those of the last CONNACK.
    ValueError, TypeError for a property that does not fit, when a packet is made.
    """

    def __init__(self, properties=None, will_properties=None, leave=0):
        self._connect = own = dict(properties or {})
        if own.get(_ALIASES):  # what is passed over for its length teaches no alias: the server must not send it
            own.setdefault(_PACKET_SIZE, 1024)
        self._will = will_properties
        self._names = {}
        self.properties = self.connack = {}
        self.goodbye = self.disconnect(leave)

    def connect(self, out, client_id, user=None, password=None, keepalive=60, clean=True, will=None):
        """Append a CONNECT (3.1): as packet.connect(), clean being Clean Start; a password needs no user."""
        own = self._connect
        if not clean and _EXPIRY not in own:
            own = own.copy()
            own[_EXPIRY] = _NEVER
        flags = 2 if clean else 0
        parts = [to_bytes(keepalive, "keepalive"), encode(own, CONNECT), field(text(client_id))]
        if will:
            name, payload, retain, qos = will
            if qos >> 1:
                raise ValueError("qos")
            flags |= 4 | qos << 3 | bool(retain) << 5
            parts += encode(self._will, WILL), field(text(name, False)), field(payload)
        if user is not None:
            flags |= 128
            parts.append(field(text(user)))
        if password is not None:
            flags |= 64
            parts.append(field(password))
        append(out, 0x10, [b"\0\4MQTT\5", bytes([flags])] + parts)

    def publish(self, out, name, payload, retain=False, qos=0, pid=0, dup=False, properties=None):
        """Append a PUBLISH (3.3), as packet.publish(). properties: 0x02 message expiry interval in s, 0x23 topic alias...

        name may be empty where the alias has been given its topic on this connection.
        MQTT5Error: more than the server said it takes: 0x95 length, 0x9A retain, 0x9B QoS 1, 0x94 topic alias.
        """
        if qos >> 1:
            raise ValueError("qos")
        allows = self.connack
        alias = (properties or {}).get(_ALIAS, 0)
        if alias > allows.get(_ALIASES, 0):
            raise MQTT5Error(_BAD_ALIAS)
        if qos > allows.get(0x24, 1):
            raise MQTT5Error(_NO_QOS)
        if retain and not allows.get(0x25, 1):
            raise MQTT5Error(_NO_RETAIN)
        name = b"" if alias and not name else text(name, False)
        start = len(out)
        parts = [field(name), to_bytes(pid, "pid", 1) if qos else b"", encode(properties, PUBLISH), data(payload)]
        append(out, 0x30 | bool(retain) | (qos and (10 if dup else 2)), parts)
        if len(out) - start > allows.get(_PACKET_SIZE, _NEVER):
            out[start:] = b""
            raise MQTT5Error(_TOO_LARGE)

    def subscribe(self, out, pid, filters, properties=None):
        """Append a SUBSCRIBE (3.8). filters: sequence of (filter, options), options being QoS 0 or 1, plus 4 no local,
        8 retain as published, 0x10 retained messages only for a new subscription, 0x20 none of them (3.8.3.1).
        """
        if not filters:
            raise ValueError("filters")
        parts = [to_bytes(pid, "pid", 1), encode(properties, SUBSCRIBE)]
        for name, options in filters:
            if options & 0xC2 or options & 0x30 == 0x30:
                raise ValueError("qos")
            parts += field(text(name, True)), bytes([options])
        append(out, 0x82, parts)

    def disconnect(self, reason=0, properties=None):
        """A DISCONNECT (3.14), bytes. reason: 0 normal, 4 with will, 0x80 and above. properties: 0x11 session expiry in s."""
        out = bytearray()
        if reason or properties:
            append(out, _DISCONNECT, [bytes([reason]), encode(properties, DISCONNECT)])
        else:
            append(out, _DISCONNECT, ())
        return bytes(out)

    def body(self, kind, flags, part):
        """For parser.parse(): the event of a whole packet, those of 3.1.1 with these differences.

        CONNACK comes only with code 0. PUBACK's first is b"" when it acknowledges, else its code; SUBACK's and UNSUBACK's are
        the codes, 0x80 and above refuse. Its properties are in `properties`.
        MQTT5Error: CONNACK or DISCONNECT with a reason. MQTTError: what no packet can be, or must not come.
        """
        self.properties = {}
        try:
            n = len(part)
            if kind == _PINGRESP and not n:
                return kind, 0, 0, None, None
            if kind == _DISCONNECT:
                code = part[0] if n else 0
                self._rest(part, 1, n, DISCONNECTED)
                raise MQTT5Error(code, kind, self.properties)
            first = part[0] << 8 | part[1]
            if kind == _CONNACK:
                present, code = part[0], part[1]
                if code and n == 2:  # in 3.1.1's form: no MQTT 5 here
                    raise MQTTError(code)
                if present < 2 and not (present and code) and not 0 < code < 128:
                    self._rest(part, 2, n, CONNACK)
                    if code:
                        raise MQTT5Error(code, 0x2002, self.properties)
                    self.connack = self.properties
                    self._names = {}
                    return kind, present == 1, 0, None, None
            elif kind == _PUBLISH:
                return self._delivery(flags, part, first + 2)
            elif first and kind == _PUBACK:
                code = part[2] if n > 2 else 0
                self._rest(part, 3, n, ANSWER)
                if code in (0, 16) or code > 127:  # 16: no matching subscribers
                    return kind, 0, first, bytes((code,)) if code > 127 else b"", None
            elif first and kind in (_SUBACK, _UNSUBACK):
                self.properties, i = decode(part, 2, ANSWER)
                good = (0, 1, 2) if kind == _SUBACK else (0, 17)  # 17: no subscription existed
                if i < n and all(code in good or code > 127 for code in part[i:]):
                    return kind, 0, first, bytes(part[i:]), None
            elif kind not in (_PUBACK, _SUBACK, _UNSUBACK, _PINGRESP):
                raise MQTTError(_PROTOCOL, -1)
        except (IndexError, ValueError):
            pass  # shorter than its own lengths say, or no text
        raise MQTTError(_MALFORMED, -1)

    def _rest(self, part, i, n, allowed):
        # The properties at the end of a packet; 3.4.2.2.1, 3.14.2.2.1: they may be left out.
        if i < n or allowed == CONNACK:
            self.properties, i = decode(part, i, allowed)
            if i != n:
                raise ValueError("length")

    def _delivery(self, flags, part, i):
        name = bytes(part[2:i])
        pid = 0
        if flags & 2:
            pid = part[i] << 8 | part[i + 1]
            if not pid:
                raise ValueError("pid")
            i += 2
        self.properties, i = decode(part, i, DELIVERY)
        alias = self.properties.get(_ALIAS, 0)
        if alias > self._connect.get(_ALIASES, 0):
            raise MQTTError(_BAD_ALIAS, -1)
        if alias and not name:
            name = self._names.get(alias, b"")
        name = text(name, False)
        if alias:
            self._names[alias] = name
        return _PUBLISH, flags, pid, name, bytes(part[i:])
