"""What a server, or a hostile one, can send. Oracle: MQTT 3.1.1, sections beside the bytes."""

import sys

from mqtt.errors import MQTTError
from mqtt.parser import body, parse

# Every packet a server sends to a client that never asks for QoS 2, and its event.
GOOD = (
    (b"\x20\2\0\0", (0x20, False, 0, None, None)),  # 3.2
    (b"\x20\2\1\0", (0x20, True, 0, None, None)),
    (b"\x20\2\0\5", (0x20, False, 5, None, None)),
    (b"\x30\3\0\1a", (0x30, 0, 0, b"a", b"")),  # 3.3
    (b"\x31\7\0\3a/bxy", (0x30, 1, 0, b"a/b", b"xy")),
    (b"\x32\6\0\1a\xff\xffx", (0x30, 2, 65535, b"a", b"x")),
    (b"\x3b\5\0\1a\0\1", (0x30, 11, 1, b"a", b"")),
    (b"\x30\6\0\2\xc3\xa9\0\xff", (0x30, 0, 0, b"\xc3\xa9", b"\0\xff")),
    (b"\x40\2\0\7", (0x40, 0, 7, b"", None)),  # 3.4
    (b"\x90\3\0\7\0", (0x90, 0, 7, b"\0", None)),  # 3.9
    (b"\x90\6\1\0\0\1\2\x80", (0x90, 0, 256, b"\0\1\2\x80", None)),
    (b"\xb0\2\0\7", (0xB0, 0, 7, b"", None)),  # 3.11
    (b"\xd0\0", (0xD0, 0, 0, None, None)),  # 3.13
)
STREAM = b"".join([data for data, _ in GOOD])
EVENTS = [event for _, event in GOOD]

BAD = {
    "reserved type 0": b"\0\0",
    "reserved type 15": b"\xf0\0",
    "client's CONNECT": b"\x10\2\0\0",
    "client's SUBSCRIBE": b"\x82\2\0\1",
    "client's PINGREQ": b"\xc0\0",
    "client's DISCONNECT": b"\xe0\0",
    "QoS 2's PUBREC": b"\x50\2\0\1",
    "QoS 2's PUBREL": b"\x62\2\0\1",
    "QoS 2's PUBCOMP": b"\x70\2\0\1",
    "QoS 2": b"\x34\5\0\1a\0\1",
    "QoS 3, 3.3.1-4": b"\x36\5\0\1a\0\1",
    "DUP with QoS 0, 3.3.1-2": b"\x38\3\0\1a",
    "CONNACK's flags": b"\x21\2\0\0",
    "PUBACK's flags": b"\x42\2\0\1",
    "SUBACK's flags": b"\x92\3\0\1\0",
    "PINGRESP's flags": b"\xd8\0",
    "length of 5 bytes, 2.2.3": b"\x30\xff\xff\xff\xff",
    "CONNACK too short": b"\x20\1\0",
    "CONNACK too long": b"\x20\3\0\0\0",
    "CONNACK empty": b"\x20\0",
    "CONNACK's reserved bits, 3.2.2.1": b"\x20\2\2\0",
    "session present and refused, 3.2.2-4": b"\x20\2\1\5",
    "PUBLISH empty": b"\x30\0",
    "PUBLISH of one byte": b"\x30\1\0",
    "topic longer than the packet": b"\x30\5\0\x50abc",
    "topic one byte too long": b"\x30\3\0\2a",
    "no room for the pid": b"\x32\4\0\1a\0",
    "no pid": b"\x32\3\0\1a",
    "pid 0, 2.3.1-1": b"\x32\5\0\1a\0\0",
    "topic empty, 4.7.3-1": b"\x30\2\0\0",
    "topic with a wildcard, 3.3.2-2": b"\x30\5\0\3a/#",
    "topic with NUL, 1.5.3-2": b"\x30\5\0\3a\0b",
    "topic not UTF-8, 1.5.3-1": b"\x30\4\0\2\xc3(",
    "PUBACK pid 0": b"\x40\2\0\0",
    "PUBACK too short": b"\x40\1\0",
    "PUBACK too long": b"\x40\3\0\1\0",
    "SUBACK without codes": b"\x90\2\0\1",
    "SUBACK pid 0": b"\x90\3\0\0\0",
    "SUBACK code 3, 3.9.3-2": b"\x90\3\0\1\3",
    "UNSUBACK too long": b"\xb0\3\0\1\0",
    "PINGRESP with a body": b"\xd0\2\0\1",
    "PUBACK of 4 KiB": b"\x40\x80\x20",
    "SUBACK of 268 MB": b"\x90\xff\xff\xff\x7f",
}


def fed(stream, step=1, limit=64, events=None, body=body):
    """The events of a stream that comes in pieces of `step` bytes (also in `events`), and the largest buffer offered."""
    if events is None:
        events = []
    steps = parse(limit, body)
    item = next(steps)
    at = largest = 0
    while True:
        if isinstance(item, tuple):
            events.append(item)
            item = next(steps)
            continue
        assert len(item) > 0
        largest = max(largest, len(item))
        n = min(len(item), step, len(stream) - at)
        if not n:
            return events, largest
        item[:n] = stream[at : at + n]
        at += n
        item = steps.send(n)


def test_every_packet_in_any_pieces():
    for step in (1, 2, 3, 5, 7, 11, 1000):
        assert fed(STREAM, step)[0] == EVENTS, step


def test_every_packet_cut_at_every_byte():
    # Cut short, a packet is no event and no error: more bytes are awaited, and then it is whole.
    for data, event in GOOD:
        for n in range(len(data)):
            assert fed(data[:n])[0] == [], (data, n)
        assert fed(data + data)[0] == [event, event]


def bent(packets, body=body):
    """Feed each packet with each byte as every value; returns how many were refused. No other exception, nothing held."""
    refused = 0
    for data in packets:
        for at in range(len(data)):
            stream = bytearray(data) + b"\xd0\0"
            for value in range(256):
                stream[at] = value
                events = []
                try:
                    _, largest = fed(stream, 1000, 64, events, body)
                    assert largest <= 128
                except MQTTError:
                    refused += 1
                for event in events:
                    assert event[0] in (0x20, 0x30, 0x40, 0x90, 0xB0, 0xD0), (stream, event)
    return refused


def test_every_byte_as_every_value():
    packets = [data for data, _ in GOOD]
    assert 0.5 < bent(packets) / (256 * len(b"".join(packets))) < 0.9


def test_absent_memory_is_a_memory_error():
    # A packet within a limit that the heap is not made for: nothing is held, and the caller may go on.
    steps = parse(1 << 28)
    space = next(steps)
    space[:5] = b"\x30\xff\xff\xff\x7f"
    try:
        assert len(steps.send(5)) == 268435455  # PCs have it
    except MemoryError:
        return
    assert sys.implementation.name == "cpython"


def test_what_breaks_the_rules_is_refused():
    for why, data in BAD.items():
        for step in (1, 1000):
            try:
                events, _ = fed(b"\xd0\0" + data, step)
            except MQTTError as error:
                assert error.args[0] == -1
                continue
            raise AssertionError(why + ": " + repr(events))


def test_a_broken_packet_does_not_hide_the_one_before_it():
    for data in BAD.values():
        steps = parse()
        space = next(steps)
        stream = b"\x40\2\0\7" + data
        space[: len(stream)] = stream
        assert steps.send(len(stream)) == (0x40, 0, 7, b"", None)
        try:
            next(steps)
        except MQTTError:
            continue
        raise AssertionError(data)


def publish(length, qos=0, pid=7, topic=b"t"):
    """A PUBLISH whose remaining length is `length`."""
    body = bytes((len(topic) >> 8, len(topic) & 255)) + topic + (bytes((pid >> 8, pid & 255)) if qos else b"")
    body += b"x" * (length - len(body))
    head = bytearray((0x32 if qos else 0x30,))
    while length > 127:
        head.append(length & 127 | 128)
        length >>= 7
    head.append(length)
    return bytes(head) + body


def test_the_limit_is_held():
    for qos in (0, 1):
        for length in (63, 64):
            (event,), _ = fed(publish(length, qos))
            assert event[3] == b"t"
            assert len(event[4]) == length - 3 - 2 * qos
        (event,), _ = fed(publish(65, qos))
        assert event == (0x30, 2 * qos, 7 * qos, None, None)


def test_over_long_messages_are_passed_over_and_never_held():
    stream = b""
    expected = []
    for qos in (0, 1):
        for length in (65, 127, 128, 129, 1000, 20000):
            for topic in (b"t", b"t" * 60, b"t" * 300):
                if length >= 2 + len(topic) + 2 * qos:
                    stream += publish(length, qos, 0x1234, topic) + b"\xd0\0"
                    expected += [(0x30, 2 * qos, 0x1234 * qos, None, None), (0xD0, 0, 0, None, None)]
    for step in (1, 2, 3, 127, 128, 100000):
        events, largest = fed(stream, step)
        assert events == expected, step
        assert largest <= 128


def test_an_over_long_message_is_checked_too():
    for data in (
        publish(100, 1, 0),  # pid 0
        b"\x32\x80\1\xff\xff" + bytes(200),  # its topic is longer than itself
        b"\x32\x80\1\0\x7e" + b"t" * 126 + bytes(10),  # its pid has no room
    ):
        try:
            events, _ = fed(data)
        except MQTTError as error:
            assert error.code == 0x81
            continue
        raise AssertionError(events)


def test_a_header_that_claims_268_mb_costs_nothing():
    steps = parse()
    space = next(steps)
    stream = b"\x30\xff\xff\xff\x7f\0\1t" + b"x" * 100
    space[: len(stream)] = stream
    space = steps.send(len(stream))
    for _ in range(100):
        assert len(space) <= 128
        space = steps.send(len(space))


def test_the_buffer_grows_for_a_message_and_shrinks_behind_it():
    message = publish(1000)
    events, largest = fed(message + STREAM, 1000, 1024)
    assert len(events) == 1 + len(EVENTS)
    assert largest > 128
    steps = parse(1024)
    space = next(steps)
    space[:3] = message[:3]
    space = steps.send(3)
    assert len(space) == len(message) - 3
    space[:] = message[3:]
    assert steps.send(len(space))[3] == b"t"
    assert len(next(steps)) == 128


def test_noise_ends_in_an_error_or_in_waiting():
    # Repeatable noise (a linear congruence): one byte of the stream is bent, or a few are missing.
    seed = 1
    refused = events = 0
    for _ in range(1000):
        stream = bytearray(STREAM)
        seed = (seed * 75 + 74) % 65537
        at = seed % len(stream)
        stream[at] = seed >> 8 & 255
        if seed & 1:
            stream = stream[:at] + stream[at + 1 + seed % 5 :]
        found = []
        try:
            fed(stream, 50, events=found)
        except MQTTError:
            refused += 1
        assert all(event[0] in (0x20, 0x30, 0x40, 0x90, 0xB0, 0xD0) for event in found)
        events += len(found)
    assert 300 < refused < 1000
    assert events > 1000
