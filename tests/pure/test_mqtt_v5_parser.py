"""What a server, or a hostile one, can send in MQTT 5. Oracle: MQTT 5 (OASIS, 2019), sections beside the bytes."""

from test_mqtt_parser import bent, fed

from mqtt.errors import MQTTError
from mqtt.v5 import V5, MQTT5Error

# Every packet a server sends to a client that never asks for QoS 2; its event and its properties.
GOOD = (
    (b"\x20\3\0\0\0", (0x20, False, 0, None, None), {}),  # 3.2
    (b"\x20\3\1\0\0", (0x20, True, 0, None, None), {}),
    (b"\x20\6\0\0\3\x21\0\x0a", (0x20, False, 0, None, None), {0x21: 10}),
    (b"\x20\x0c\0\0\x09\x12\0\1x\x13\0\x3c\x25\0", (0x20, False, 0, None, None), {0x12: "x", 0x13: 60, 0x25: 0}),
    (b"\x30\4\0\1a\0", (0x30, 0, 0, b"a", b""), {}),  # 3.3
    (b"\x33\x0a\0\3a/b\0\x0a\0xy", (0x30, 3, 10, b"a/b", b"xy"), {}),
    (b"\x30\x06\0\1a\2\1\1", (0x30, 0, 0, b"a", b""), {1: 1}),  # 3.3.2.3.2
    (b"\x30\x09\0\1a\5\2\0\1\x51\x80", (0x30, 0, 0, b"a", b""), {2: 86400}),  # 3.3.2.3.3
    (b"\x30\x0c\0\1a\7\x26\0\1k\0\1vx", (0x30, 0, 0, b"a", b"x"), {0x26: {"k": "v"}}),  # 3.3.2.3.7
    (b"\x30\x08\0\1a\4\x0b\1\x0b\2", (0x30, 0, 0, b"a", b""), {0x0B: (1, 2)}),  # 3.3.2.3.8
    (b"\x30\x07\0\1a\3\x23\0\1", (0x30, 0, 0, b"a", b""), {0x23: 1}),  # 3.3.2.3.4
    (b"\x40\2\0\7", (0x40, 0, 7, b"", None), {}),  # 3.4.2.1: success, no properties
    (b"\x40\3\0\7\x10", (0x40, 0, 7, b"", None), {}),
    (b"\x40\4\0\7\x97\0", (0x40, 0, 7, b"\x97", None), {}),
    (b"\x40\x08\0\7\x87\4\x1f\0\1n", (0x40, 0, 7, b"\x87", None), {0x1F: "n"}),  # 3.4.2.2.2
    (b"\x90\6\0\7\0\0\1\x87", (0x90, 0, 7, b"\0\1\x87", None), {}),  # 3.9
    (b"\xb0\5\0\7\0\0\x11", (0xB0, 0, 7, b"\0\x11", None), {}),  # 3.11
    (b"\xd0\0", (0xD0, 0, 0, None, None), {}),  # 3.13
)

BAD = {
    "CONNACK without properties' length, 3.2.2": b"\x20\2\0\0",
    "CONNACK's reserved bits, 3.2.2.1": b"\x20\3\2\0\0",
    "session present and refused, 3.2.2-6": b"\x20\3\1\x87\0",
    "CONNACK's code unknown, 3.2.2.2": b"\x20\3\0\1\0",
    "CONNACK's properties too short": b"\x20\4\0\0\3\x21",
    "CONNACK's properties too long": b"\x20\6\0\0\2\x21\0\x0a",
    "CONNACK with what follows": b"\x20\4\0\0\0\0",
    "receive maximum 0, 3.2.2.3.3": b"\x20\6\0\0\3\x21\0\0",
    "maximum packet size 0, 3.2.2.3.6": b"\x20\x08\0\0\5\x27\0\0\0\0",
    "maximum QoS 2, 3.2.2.3.4": b"\x20\5\0\0\2\x24\2",
    "receive maximum twice, 3.2.2.3.3": b"\x20\x09\0\0\6\x21\0\1\x21\0\1",
    "a topic alias in CONNACK, 2.2.2.2": b"\x20\6\0\0\3\x23\0\1",
    "no such property, 2.2.2.2": b"\x20\5\0\0\2\4\1",
    "PUBLISH without properties' length": b"\x30\3\0\1a",
    "properties longer than the packet": b"\x30\5\0\1a\2\1",
    "properties' length of five bytes, 1.5.5": b"\x30\x08\0\1a\x80\x80\x80\x80\0",
    "payload format 2, 3.3.2.3.2": b"\x30\6\0\1a\2\1\2",
    "payload format twice, 3.3.2.3.2": b"\x30\x08\0\1a\4\1\1\1\1",
    "topic alias 0, 3.3.2-8": b"\x30\7\0\1a\3\x23\0\0",
    "topic alias above what was announced, 3.3.2-9": b"\x30\7\0\1a\3\x23\0\4",
    "topic alias without a topic yet": b"\x30\6\0\0\3\x23\0\1",
    "neither topic nor alias, 3.3.2-8": b"\x30\3\0\0\0",
    "subscription identifier 0, 3.3.2.3.8": b"\x30\6\0\1a\2\x0b\0",
    "response topic with a wildcard, 3.3.2-14": b"\x30\x08\0\1a\4\x08\0\1#",
    "text not UTF-8, 1.5.4-1": b"\x30\x08\0\1a\4\x03\0\1\xff",
    "NUL in text, 1.5.4-2": b"\x30\x08\0\1a\4\x03\0\1\0",
    "a pair's value missing, 1.5.7": b"\x30\x08\0\1a\4\x26\0\1k",
    "pid 0, 2.2.1-2": b"\x32\6\0\1a\0\0\0",
    "QoS 2, not asked for": b"\x34\6\0\1a\0\1\0",
    "PUBACK pid 0": b"\x40\2\0\0",
    "PUBACK's code unknown, 3.4.2.1": b"\x40\3\0\7\1",
    "PUBACK with a session expiry, 2.2.2.2": b"\x40\x09\0\7\0\5\x11\0\0\0\1",
    "SUBACK without codes": b"\x90\3\0\7\0",
    "SUBACK's code unknown, 3.9.3-2": b"\x90\4\0\7\0\3",
    "UNSUBACK of 3.1.1": b"\xb0\2\0\7",
    "UNSUBACK's code unknown, 3.11.3-2": b"\xb0\4\0\7\0\1",
    "PINGRESP with a body": b"\xd0\1\0",
    "AUTH, that nobody asked for": b"\xf0\2\x18\0",
    "client's CONNECT": b"\x10\2\0\0",
    "DISCONNECT's flags": b"\xe1\0",
    "DISCONNECT with a session expiry, 3.14.2-2": b"\xe0\7\0\5\x11\0\0\0\1",
    "PUBREC": b"\x50\2\0\1",
    "PUBREL": b"\x62\2\0\1",
    "PUBCOMP": b"\x70\2\0\1",
    "type 0": b"\0\0",
}


def body():
    return V5({0x22: 3}).body


def test_every_packet_in_any_pieces():
    for step in (1, 2, 3, 7, 1000):
        for data, event, properties in GOOD:
            v5 = V5({0x22: 3})
            assert fed(data, step, body=v5.body)[0] == [event], data
            assert v5.properties == properties, data
        stream = b"".join([data for data, _, _ in GOOD])
        assert fed(stream, step, body=body())[0] == [event for _, event, _ in GOOD], step


def test_every_packet_cut_at_every_byte():
    for data, event, _ in GOOD:
        for n in range(len(data)):
            assert fed(data[:n], body=body())[0] == [], (data, n)
        assert fed(data + data, body=body())[0] == [event, event]


def test_every_packet_shortened_by_every_byte():
    # Its remaining length says so: what was cut off is missing, or it is still a packet, but nothing else.
    for data, _, _ in GOOD:
        for n in range(len(data) - 2):
            events = []
            try:
                fed(data[:1] + bytes((n,)) + data[2 : 2 + n] + b"\xd0\0", 1000, 64, events, body())
            except MQTTError:
                assert events == []
                continue
            assert len(events) == 2, (data, n)
            assert events[1] == (0xD0, 0, 0, None, None)


def test_every_byte_as_every_value():
    packets = [data for data, _, _ in GOOD]
    assert 0.5 < bent(packets, body()) / (256 * len(b"".join(packets))) < 0.95


def test_what_breaks_the_rules_is_refused():
    for why, data in BAD.items():
        for step in (1, 1000):
            events = []
            try:
                fed(b"\xd0\0" + data, step, 64, events, body())
            except MQTTError as error:
                assert error.args[0] == -1, why
                assert events == [(0xD0, 0, 0, None, None)], why
                continue
            raise AssertionError(why + ": " + repr(events))


def refusal(data):
    try:
        events = fed(data, 1, 64, None, body())
    except MQTTError as error:
        return error
    raise AssertionError(events)


def test_a_servers_refusal_carries_its_reason():
    error = refusal(b"\x20\x08\0\x87\5\x1f\0\2no")  # 3.2.2.2, 3.2.2.3.9
    assert isinstance(error, MQTT5Error)
    assert (error.args, error.code, error.properties) == ((0x2002, 0x87), 0x87, {0x1F: "no"})
    assert "no" in str(error)
    assert not error.retry
    error = refusal(b"\xe0\x09\x9d\7\x1c\0\4a.bc")  # 3.14.2.1: server moved; 3.14.2.2.5: where to
    assert (error.args, error.properties) == ((0xE0, 0x9D), {0x1C: "a.bc"})
    assert refusal(b"\xe0\0").code == 0  # 3.14.2.1: left out, it is 0
    assert refusal(b"\xe0\1\x8b").retry  # server shutting down
    # A server that speaks only 3.1.1 refuses in 3.1.1's words (3.2.2.3 of that: 1, unacceptable protocol version).
    error = refusal(b"\x20\2\0\1")
    assert (error.args, error.code) == ((0x2002, 1), 1)


def test_topic_aliases_last_as_long_as_the_connection():
    v5 = V5({0x22: 3})
    named = b"\x30\x07\0\1a\3\x23\0\1"
    short = b"\x30\x06\0\0\3\x23\0\1"
    other = b"\x30\x07\0\1b\3\x23\0\1"
    events = fed(named + short + other + short, body=v5.body)[0]
    assert [event[3] for event in events] == [b"a", b"a", b"b", b"b"]
    try:
        fed(b"\x20\3\0\0\0" + short, body=v5.body)  # 3.3.2.3.4: a new connection knows none
    except MQTTError as error:
        assert error.code in (0x81, 0x82)
        return
    raise AssertionError


def test_an_over_long_message_is_passed_over():
    for qos in (0, 1):
        body_ = b"\0\1t" + (b"\1\2" if qos else b"") + b"\0" + b"x" * 200
        data = bytes((0x30 | qos << 1, len(body_) & 127 | 128, len(body_) >> 7)) + body_
        for step in (1, 7, 1000):
            events, largest = fed(data + b"\xd0\0", step, 64, None, body())
            assert events == [(0x30, qos << 1, 0x102 * qos, None, None), (0xD0, 0, 0, None, None)]
            assert largest <= 128
