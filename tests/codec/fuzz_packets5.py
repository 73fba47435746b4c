"""MQTT 5's packets from a server, in parts, with the event and the properties that each must give. Source: its chapter 3."""
# ruff: noqa: RUF005  (MicroPython has no (*a, b))

from fuzz_packets import (
    AUTH,
    CONNACK,
    CONNECT,
    DISCONNECT,
    PUBACK,
    PUBLISH,
    SUBACK,
    UNSUBACK,
    Packet,
    Part,
    a_payload,
    a_pid,
    a_text,
    a_topic,
    empty,
    four,
    pingresp,
    quality_two,
    quality_two_publish,
    subscribe,
    two,
    unsubscribe,
    varint,
)  # fmt: skip

ALIASES = 3  # the topic alias maximum that the decoder's client announced

# Table 2-4: the type of each property.
BYTE, TWO, FOUR, VARINT, TEXT, BINARY, PAIR = range(7)
TYPES = {
    0x01: BYTE, 0x02: FOUR, 0x03: TEXT, 0x08: TEXT, 0x09: BINARY, 0x0B: VARINT, 0x11: FOUR, 0x12: TEXT, 0x13: TWO,
    0x15: TEXT, 0x16: BINARY, 0x17: BYTE, 0x18: FOUR, 0x19: BYTE, 0x1A: TEXT, 0x1C: TEXT, 0x1F: TEXT, 0x21: TWO,
    0x22: TWO, 0x23: TWO, 0x24: BYTE, 0x25: BYTE, 0x26: PAIR, 0x27: FOUR, 0x28: BYTE, 0x29: BYTE, 0x2A: BYTE,
}  # fmt: skip
# The same table: what each packet from a server may carry.
OF_CONNACK = (0x11, 0x12, 0x13, 0x15, 0x16, 0x1A, 0x1C, 0x1F, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A)
OF_PUBLISH = (0x01, 0x02, 0x03, 0x08, 0x09, 0x0B, 0x26)  # 0x23 see publish()
OF_ANSWER = (0x1F, 0x26)
OF_DISCONNECT = (0x1C, 0x1F, 0x26)
OF_AUTH = (0x15, 0x16, 0x1F, 0x26)
REPEATED = (0x26,)  # and 0x0B in a PUBLISH from the server (3.3.2.3.8)
NOT_ZERO = (0x0B, 0x21, 0x27)


def value_of(random, key):
    """A value that this property may have, and its bytes."""
    kind = TYPES[key]
    if kind in (BYTE, TWO, FOUR, VARINT):
        low = 1 if key in NOT_ZERO else 0
        if kind == BYTE:
            value = random.below(2)
            return value, bytes((value,))
        if kind == TWO:
            value = max(low, random.choice((0, 1, 255, 256, 65535)))
            return value, two(value)
        if kind == FOUR:
            value = max(low, random.choice((0, 1, 65535, 65536, 0xFFFFFFFF)))
            return value, four(value)
        value = random.choice((1, 127, 128, 16383, 16384, 2097151, 2097152, 268435455))
        return value, varint(value)
    if kind == BINARY:
        value = random.octets(random.below(6))
        return value, two(len(value)) + value
    value = a_topic(random) if key == 0x08 else a_text(random)
    if kind == TEXT:
        return str(value, "utf-8"), two(len(value)) + value
    second = a_text(random)
    return {str(value, "utf-8"): str(second, "utf-8")}, two(len(value)) + value + two(len(second)) + second


def properties(random, allowed):
    """Some of the allowed ones: the part, and the dictionary that stands for it."""
    items = []
    found = {}
    for _ in range(random.choice((0, 0, 1, 1, 2, 3, 6))):
        key = random.choice(allowed)
        if key in found and key not in REPEATED:
            continue
        value, data = value_of(random, key)
        items.append([key, data])
        if key in found:
            found[key].update(value)
        else:
            found[key] = value
    return Part("props", items), found


def connack5(random):
    present = random.below(2)
    code = 0 if present else random.choice((0, 0, 0, 0x80, 0x86, 0x9D))
    part, found = properties(random, OF_CONNACK)
    event = None if code else (CONNACK, bool(present), 0, None, None)
    return Packet(CONNACK, [Part("raw", bytes((present, code))), part], event), found


def publish5(random):
    flags = random.choice((0, 1, 2, 3, 10, 11))
    topic, payload = a_topic(random), a_payload(random)
    part, found = properties(random, OF_PUBLISH)
    if random.below(4) == 0:
        found[0x23] = 1 + random.below(ALIASES)
        part.value.append([0x23, two(found[0x23])])
    if 0x0B in found:  # several subscriptions may match (3.3.2.3.8)
        for _ in range(random.below(3)):
            other, data = value_of(random, 0x0B)
            part.value.append([0x0B, data])
            before = found[0x0B]
            found[0x0B] = (before if isinstance(before, tuple) else (before,)) + (other,)
    parts = [Part("text", topic)]
    pid = 0
    if flags & 2:
        pid = a_pid(random)
        parts.append(Part("pid", two(pid)))
    parts += [part, Part("raw", payload)]
    return Packet(PUBLISH | flags, parts, (PUBLISH, flags, pid, topic, payload), (PUBLISH, flags, pid, None, None)), found


def puback5(random):
    pid, code = a_pid(random), random.choice((0, 0x10, 0x80, 0x87, 0x97))
    part, found = properties(random, OF_ANSWER)
    parts = [Part("pid", two(pid)), Part("code", bytes((code,))), part]
    if not found and random.below(2):  # 3.4.2.2.1: no properties; 3.4.2.1: no reason code either
        parts.pop()
        if not code:
            parts.pop()
    return Packet(PUBACK, parts, (PUBACK, 0, pid, bytes((code,)) if code > 127 else b"", None)), found


def answer5(random):
    kind, good = random.choice(((SUBACK, (0, 1, 2)), (UNSUBACK, (0, 17))))
    pid = a_pid(random)
    codes = bytes([random.choice(good + (0x80, 0x87, 0x9E)) for _ in range(random.choice((1, 1, 2, 5, 60, 200)))])
    part, found = properties(random, OF_ANSWER)
    return Packet(kind, [Part("pid", two(pid)), part, Part("codes", codes)], (kind, 0, pid, codes, None)), found


def pingresp5(random):
    return pingresp(random), {}


WANTED = (connack5, publish5, publish5, publish5, puback5, answer5, pingresp5)


# It must end the connection: an error, with the reason in it.


def disconnect5(random):
    part, _ = properties(random, OF_DISCONNECT)
    parts = [Part("raw", bytes((random.choice((0, 0x81, 0x8B, 0x9C)),))), part]
    for _ in range(random.below(3)):  # 3.14.2.2.1, 3.14.2.1
        parts.pop()
    return Packet(DISCONNECT, parts)


def connack_of_three(random):
    # From a server that speaks only 3.1.1: it refuses in that form.
    return Packet(CONNACK, [Part("raw", bytes((0, 1 + random.below(5))))])


def auth5(random):
    part, _ = properties(random, OF_AUTH)
    return Packet(AUTH, [Part("raw", b"\x18"), part])


def connect5(random):
    part, _ = properties(random, (0x11, 0x21, 0x26))
    return Packet(CONNECT, [Part("raw", b"\0\4MQTT\5\2\0\x3c"), part, Part("text", a_text(random))])


UNWANTED = (
    disconnect5, disconnect5, disconnect5, connack_of_three, auth5, connect5,
    subscribe, unsubscribe, quality_two, quality_two_publish, empty,
)  # fmt: skip
