"""Packets as a server builds them, still in parts, and the event that each must give. Source: MQTT 3.1.1 and 5, chapter 3.

Runs on both interpreters and shares nothing with src/mqtt: it is the other opinion.
"""

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP = range(
    0x10, 0xE0, 0x10
)
DISCONNECT, AUTH = 0xE0, 0xF0

# What an event's value must be is left open with ANY.
ANY = Ellipsis

LETTERS = ("a", "b", "Z", "0", " ", "$", "/", "/", "\u00e9", "\u4e16", "\U0001f42d")


def varint(n):
    """A variable byte integer (2.2.3; MQTT 5: 1.5.5)."""
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def two(n):
    return bytes((n >> 8, n & 255))


def four(n):
    return two(n >> 16) + two(n & 65535)


class Part:
    """One field. tag: "pid", "text" (with its length in front), "props" (a list of [identifier, bytes], with their length in
    front), "code", "codes" or "raw". declared: the length that it claims, None for the true one.
    """

    def __init__(self, tag, value):
        self.tag = tag
        self.value = value
        self.declared = None

    def encoded(self):
        if self.tag == "props":
            body = b"".join([varint(i) + value for i, value in self.value])
            return varint(len(body) if self.declared is None else self.declared) + body
        if self.tag == "text":
            return two(len(self.value) if self.declared is None else self.declared) + self.value
        return self.value


class Packet:
    """header: the first byte. parts: what follows the remaining length. length: what stands for it, None for the true one.

    event: what the decoder must make of it, None where it must refuse it; overlong: the same above the limit.
    """

    def __init__(self, header, parts, event=None, overlong=None):
        self.header = header
        self.parts = parts
        self.event = event
        self.overlong = overlong
        self.length = None

    def body(self):
        return b"".join([part.encoded() for part in self.parts])

    def encoded(self):
        body = self.body()
        return bytes((self.header,)) + (varint(len(body)) if self.length is None else self.length) + body

    def find(self, tag):
        for part in self.parts:
            if part.tag == tag:
                return part
        return None


def a_text(random, most=12):
    return "".join([random.choice(LETTERS) for _ in range(random.below(most + 1))]).encode()


def a_topic(random):
    return a_text(random) or b"t"


def a_pid(random):
    return random.choice((1, 2, 255, 256, 0x1234, 65535))


def a_payload(random):
    return random.octets(random.choice((0, 1, 2, 5, 5, 9, 20, 60, 61, 62, 63, 64, 65, 127, 128, 130, 400)))


def connack(random):
    present = random.below(2)
    code = 0 if present else random.choice((0, 0, 1, 5, 6, 255))
    return Packet(CONNACK, [Part("raw", bytes((present, code)))], (CONNACK, bool(present), code, None, None))


def publish(random):
    flags = random.choice((0, 1, 2, 3, 10, 11))
    topic, payload = a_topic(random), a_payload(random)
    parts = [Part("text", topic)]
    pid = 0
    if flags & 2:
        pid = a_pid(random)
        parts.append(Part("pid", two(pid)))
    parts.append(Part("raw", payload))
    return Packet(PUBLISH | flags, parts, (PUBLISH, flags, pid, topic, payload), (PUBLISH, flags, pid, None, None))


def puback(random):
    pid = a_pid(random)
    return Packet(PUBACK, [Part("pid", two(pid))], (PUBACK, 0, pid, b"", None))


def suback(random):
    pid = a_pid(random)
    codes = bytes([random.choice((0, 1, 2, 0x80)) for _ in range(random.choice((1, 1, 2, 5, 61, 62, 63, 200)))])
    return Packet(SUBACK, [Part("pid", two(pid)), Part("codes", codes)], (SUBACK, 0, pid, codes, None))


def unsuback(random):
    pid = a_pid(random)
    return Packet(UNSUBACK, [Part("pid", two(pid))], (UNSUBACK, 0, pid, b"", None))


def pingresp(random):
    return Packet(PINGRESP, [], (PINGRESP, 0, 0, None, None))


# What a server must not send to a client that never asks for QoS 2.


def connect(random):
    start = Part("raw", b"\0\4MQTT\4\2\0\x3c")
    return Packet(CONNECT, [start, Part("text", a_text(random))])


def subscribe(random):
    return Packet(SUBSCRIBE | 2, [Part("pid", two(a_pid(random))), Part("text", a_topic(random)), Part("raw", b"\1")])


def unsubscribe(random):
    return Packet(UNSUBSCRIBE | 2, [Part("pid", two(a_pid(random))), Part("text", a_topic(random))])


def quality_two(random):
    header = random.choice((PUBREC, PUBREL | 2, PUBCOMP))
    return Packet(header, [Part("pid", two(a_pid(random)))])


def quality_two_publish(random):
    parts = [Part("text", a_topic(random)), Part("pid", two(a_pid(random))), Part("raw", b"x")]
    return Packet(PUBLISH | random.choice((4, 5, 12, 6)), parts)


def empty(random):
    return Packet(random.choice((PINGREQ, DISCONNECT, AUTH, 0)), [])


WANTED = (connack, publish, publish, publish, puback, suback, unsuback, pingresp)
UNWANTED = (connect, subscribe, unsubscribe, quality_two, quality_two_publish, empty)
