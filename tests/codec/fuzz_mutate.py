"""What a packet can be broken by. Each function changes one packet in place and says whether that must be refused.

It returns True for what the specification forbids (the clause beside it), False for what may still be a packet, None when
this packet has nothing to break in that way.
"""
# ruff: noqa: RUF005  (MicroPython has no (*a, b))

from fuzz_packets import CONNACK, PUBLISH, SUBACK, Part, two, varint
from fuzz_packets5 import BINARY, PAIR, REPEATED, TEXT, TYPES

_NOT_TEXT = (b"\xff", b"\x80", b"\xe4\xb8", b"\xf0\x9f\x90", b"\xc3(")  # 1.5.3-1: ill-formed, or cut off


def header_flags(random, packet):
    if packet.header & 0xF0 == PUBLISH:
        packet.header ^= random.choice((1, 2, 4, 8))
        return packet.header & 4 != 0 or packet.header & 10 == 8  # QoS 2 was not asked for, 3 never is; 3.3.1-2
    packet.header ^= 1 + random.below(15)
    return True  # 2.2.2


def other_type(random, packet):
    packet.header = packet.header & 15 | random.below(16) << 4
    return False


def endless_length(random, packet):
    packet.length = bytes([128 | random.below(128) for _ in range(4 + random.below(300))]) + b"\xff"
    return True  # 2.2.3: four bytes at most


def false_length(random, packet):
    n = len(packet.body())
    packet.length = varint(random.choice((0, 1, 2, 3, max(n - 1, 0), n + 1, n + 2, 127, 128, 5000, 268435455)))
    return False


def padded_length(random, packet):
    n = len(packet.body())
    packet.length = bytes((n & 127 | 128, n >> 7 & 127 | 128, n >> 14 & 127))
    return False  # 3.1.1 does not say that it must be the shortest


def field_length(random, packet):
    part = packet.find(random.choice(("text", "props")))
    if part is None:
        return None
    n = len(part.encoded())
    rest = len(packet.body())
    part.declared = random.choice((0, 1, max(n - 3, 0), n, n + 1, rest, rest + 1, 65535))
    return part.declared > rest  # longer than the packet


def padded_number(random, packet):
    part = packet.find("props")
    if part is None:
        return None
    part.tag = "raw"
    body = b"".join([varint(key) + value for key, value in part.value])
    n = len(body)
    part.value = bytes((n & 127 | 128, n >> 7 & 127 | 128, 128, 128, 0)) + body
    return True  # 5, 1.5.5: four bytes at most


def properties_cut(random, packet):
    part = packet.find("props")
    if part is None or not part.value:
        return None
    last = random.below(len(part.value))
    lengths = [len(varint(key) + value) for key, value in part.value[: last + 1]]
    part.declared = sum(lengths[:-1]) + 1 + random.below(lengths[-1] - 1)
    return True  # 5, 2.2.2: the length ends within one of them


def broken_text(random, packet):
    part = packet.find("text")
    if part is None or packet.header & 0xF0 != PUBLISH:
        return None
    at = random.below(len(part.value) + 1)
    junk = random.choice(_NOT_TEXT + (b"\0", b"#", b"+"))  # 1.5.3-2, 3.3.2-2
    if junk[0] > 127:
        at = len(part.value)
    part.value = part.value[:at] + junk + part.value[at:]
    return True


def no_topic(random, packet):
    part = packet.find("text")
    if part is None or packet.header & 0xF0 != PUBLISH:
        return None
    part.value = b""
    props = packet.find("props")
    return not (props and 0x23 in [key for key, _ in props.value])  # 4.7.3-1; 5, 3.3.2-8: or an alias


def no_pid(random, packet):
    part = packet.find("pid")
    if part is None:
        return None
    part.value = b"\0\0"
    return True  # 2.3.1-1


def wrong_code(random, packet):
    part = packet.find("codes") or packet.find("code")
    if part is None or not part.value:
        return None
    at = random.below(len(part.value))
    code = random.choice((3, 5, 0x40, 0x7F))
    if part.tag == "code":
        part.value = bytes((code,))
        return True  # 5, 3.4.2.1
    part.value = random.choice((b"", part.value[:at] + bytes((code,)) + part.value[at + 1 :]))
    return packet.header == SUBACK or bool(packet.find("props"))  # 3.9.3-2; 5: tables 3-8, 3-9


def wrong_greeting(random, packet):
    if packet.header != CONNACK or not packet.parts or packet.parts[0].tag != "raw":
        return None
    part = packet.parts[0]
    present, code = part.value[:1], part.value[1:]
    how = random.below(3)
    if how == 0:
        part.value = bytes((2 + random.below(254),)) + code  # 3.2.2.1
    elif how == 1 or not packet.find("props"):
        part.value = b"\1\x85"  # 3.2.2-4; 5, 3.2.2-6
    else:
        part.value = present + bytes((1 + random.below(127),))  # 5, 3.2.2-8
    return True


def part_gone(random, packet):
    if not packet.parts:
        return None
    packet.parts.pop(random.below(len(packet.parts)))
    return False


def part_twice(random, packet):
    if not packet.parts:
        return None
    at = random.below(len(packet.parts))
    packet.parts.insert(at, packet.parts[at])
    return False


def junk_behind(random, packet):
    packet.parts.append(Part("raw", random.octets(1 + random.below(9))))
    return False


def property_twice(random, packet):
    part = packet.find("props")
    if part is None or not part.value:
        return None
    item = random.choice(part.value)
    part.value.append(item)
    if item[0] == 0x0B and packet.header & 0xF0 == PUBLISH:
        return False
    return item[0] not in REPEATED  # 5, 2.2.2.2 and each property's own section


def property_foreign(random, packet):
    part = packet.find("props")
    if part is None:
        return None
    key = random.choice((0, 4, 0x17, 0x18, 0x19, 0x2B, 0x7F, 0x80, 0x3FFF, 0x0FFFFFFF))  # none that a server sends
    part.value.insert(random.below(len(part.value) + 1), [key, b"\0\0\0\1"])
    return True  # 5, 2.2.2.2


def property_value(random, packet):
    part = packet.find("props")
    if part is None or not part.value:
        return None
    item = random.choice(part.value)
    kind = TYPES.get(item[0])
    at = part.value.index(item)
    if kind in (TEXT, PAIR):
        junk = random.choice(_NOT_TEXT + (b"\0",))
        data = two(len(junk)) + junk
        part.value[at] = [item[0], data if kind == TEXT else data + b"\0\0"]
        return True  # 5, 1.5.4
    if kind == BINARY or kind is None:
        part.value[at] = [item[0], b"\xff\xff"]
        return False
    n = len(item[1])
    if item[0] in (0x0B, 0x21, 0x23, 0x27):
        part.value[at] = [item[0], bytes(n) if item[0] != 0x0B else b"\0"]
        return True  # 3.3.2.3.8, 3.2.2.3.3, 3.3.2.3.4, 3.2.2.3.6
    if n == 1:
        part.value[at] = [item[0], bytes((2 + random.below(254),))]
        return True  # these are all 0 or 1
    part.value[at] = [item[0], item[1][:-1]]
    return False


def alias_too_high(random, packet):
    part = packet.find("props")
    if part is None or packet.header & 0xF0 != PUBLISH:
        return None
    part.value = [item for item in part.value if item[0] != 0x23] + [[0x23, b"\0\4"]]
    return True  # 5, 3.3.2.3.4


COMMON = (
    header_flags, other_type, endless_length, false_length, padded_length, field_length, broken_text, no_topic,
    no_pid, wrong_code, wrong_greeting, part_gone, part_twice, junk_behind,
)  # fmt: skip
FIVE = (padded_number, properties_cut, property_twice, property_foreign, property_value, alias_too_high)
# Above the limit a PUBLISH is passed over: only these are still seen.
SEEN_OVERLONG = (header_flags, endless_length, no_pid)
