"""MQTT 5's packet layer against paho's: what we send as paho reads or sends it, what paho's properties are for us."""

from __future__ import annotations

import struct
from typing import Any

from codeckit import Decoder, Encoder, encoded, filters, parsed, payloads, pids, qualities, steps, texts, topics, wills
from hypothesis import example, given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import VariableByteIntegers
from paho.mqtt.subscribeoptions import SubscribeOptions
from propkit import Values, from_paho, packed, properties, to_paho, unpacked

from mqtt import properties as ours
from mqtt.unsubscribe import unsubscribe
from mqtt.v5 import V5, MQTT5Error

# What each side allows in which packet: our tables, paho's types of packet.
_SENT = {
    PacketTypes.CONNECT: ours.CONNECT,
    PacketTypes.WILLMESSAGE: ours.WILL,
    PacketTypes.PUBLISH: ours.PUBLISH,
    PacketTypes.SUBSCRIBE: ours.SUBSCRIBE,
    PacketTypes.UNSUBSCRIBE: ours.UNSUBSCRIBE,
    PacketTypes.DISCONNECT: ours.DISCONNECT,
}
_RECEIVED = {
    PacketTypes.CONNACK: ours.CONNACK,
    PacketTypes.PUBLISH: ours.DELIVERY,
    PacketTypes.PUBACK: ours.ANSWER,
    PacketTypes.SUBACK: ours.ANSWER,
    PacketTypes.UNSUBACK: ours.ANSWER,
    PacketTypes.DISCONNECT: ours.DISCONNECTED,
}
_SERVERS = {PacketTypes.PUBLISH: [0x0B], PacketTypes.DISCONNECT: [0x1C]}  # 3.3.2.3.8, 3.14.2.3.5: a server's only
_CLIENTS = {PacketTypes.DISCONNECT: [0x11]}  # 3.14.2.3.2: a client's only

_logins = st.tuples(st.none() | texts, st.none() | texts)
_in_connect = properties(PacketTypes.CONNECT)
_in_will = properties(PacketTypes.WILLMESSAGE)
_in_subscribe = properties(PacketTypes.SUBSCRIBE)
_in_unsubscribe = properties(PacketTypes.UNSUBSCRIBE)
_failures = st.sampled_from([0x80, 0x83, 0x87, 0x97])
_options = st.integers(0, 0x2F).filter(lambda n: n & 3 < 2 and n & 0x30 != 0x30)


def framed(header: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes([header]) + VariableByteIntegers.encode(len(body)) + body


def any_of(tables: dict[int, Any], but: dict[int, list[int]]) -> st.SearchStrategy[tuple[int, Values]]:
    """A type of packet and properties that it may carry."""
    return st.one_of([st.tuples(st.just(kind), properties(kind, *but.get(kind, ()))) for kind in tables])


def in_order(values: Values) -> Values:
    """As paho writes them: by their numbers. The order is free (2.2.2.2), but bytes compare better."""
    return {key: values[key] for key in sorted(values)}


def test_both_allow_the_same_properties() -> None:
    for tables, others in ((_SENT, _SERVERS), (_RECEIVED, _CLIENTS)):
        for kind, table in tables.items():
            theirs = [key for key, (_, kinds) in to_paho({}, kind).properties.items() if kind in kinds]
            assert sorted(table) == [key for key in theirs if key not in others.get(kind, ())], kind


@given(any_of(_SENT, _SERVERS))
def test_properties_that_we_encode(case: tuple[int, Values]) -> None:
    kind, values = case
    assert unpacked(bytes(ours.encode(values, _SENT[kind])), kind) == values


@given(any_of(_RECEIVED, _CLIENTS))
def test_properties_that_we_decode(case: tuple[int, Values]) -> None:
    kind, values = case
    data = packed(values, kind)
    found, end = ours.decode(memoryview(b"x" + data + b"y"), 1, _RECEIVED[kind])
    assert (found, end) == (values, 1 + len(data))


@given(st.lists(st.integers(1, 268435455), min_size=1, max_size=4))
def test_several_subscription_identifiers(numbers: list[int]) -> None:
    data = packed({0x0B: numbers}, PacketTypes.PUBLISH)
    found, _ = ours.decode(memoryview(data), 0, ours.DELIVERY)
    assert found == {0x0B: tuple(numbers) if len(numbers) > 1 else numbers[0]} == unpacked(data, PacketTypes.PUBLISH)


@given(st.integers(0, 268435455))
@example(127)
@example(128)
@example(16383)
@example(16384)
@example(2097151)
@example(2097152)
def test_variable_byte_integers(number: int) -> None:
    data = VariableByteIntegers.encode(number)
    assert bytes(ours.vbi(number)) == data
    assert ours.number(memoryview(data), 0) == (number, len(data))


@given(texts, _logins, st.integers(0, 65535), st.booleans(), wills, _in_connect, _in_will)
def test_connect(client_id: str, login: Any, keepalive: int, clean: bool, will: Any, own: Values, last: Values) -> None:
    user, password = login
    if user is None:
        password = None  # paho does not send one alone, though MQTT 5 allows it (3.1.2.9)
    if own.get(0x22):
        own = {0x27: 1024, **own}  # V5's own, for it learns no alias from what it passes over
    own, last = in_order({0x11: 0xFFFFFFFF, **own}), in_order(last)
    data = encoded(V5(own, last).connect, client_id, user, password, keepalive, clean, will)

    peer = Encoder(client_id, clean=clean, five=True)
    peer._connect_properties = to_paho(own, PacketTypes.CONNECT)
    peer.username_pw_set(user, password)
    if will:
        peer.will_set(will[0], will[1], will[3], will[2], to_paho(last, PacketTypes.WILLMESSAGE))
    peer._send_connect(keepalive)
    assert peer.sent == data


@given(topics, payloads, st.booleans(), qualities, pids, st.booleans(), properties(PacketTypes.PUBLISH, 0x0B, 0x23))
def test_publish(topic: str, payload: bytes, retain: bool, qos: int, pid: int, dup: bool, own: Values) -> None:
    own, name = in_order(own), topic.encode()
    data = encoded(V5().publish, topic, payload, retain, qos, pid, dup, own)
    flags = retain | qos << 1 | (dup and qos) << 3
    ((*event, found),) = Decoder(data, five=True).events
    assert event == [0x30, flags, pid * qos, name, payload]
    assert from_paho(found) == own

    peer = Encoder(five=True)
    again = bool(dup and qos)
    peer._send_publish(pid, name, payload, qos, retain, again, properties=to_paho(own, PacketTypes.PUBLISH))
    assert peer.sent == data


@given(pids, st.lists(st.tuples(filters, _options), min_size=1), _in_subscribe, _in_unsubscribe)
def test_subscribe_and_unsubscribe(pid: int, asked: list[tuple[str, int]], own: Values, pairs: Values) -> None:
    own = in_order(own)
    peer = Encoder(five=True)
    peer.pid = pid
    theirs = [
        (name.encode(), SubscribeOptions(n & 3, bool(n & 4), bool(n & 8), n >> 4)) for name, n in asked
    ]
    peer._send_subscribe(0, theirs, to_paho(own, PacketTypes.SUBSCRIBE))
    assert encoded(V5().subscribe, pid, asked, own) == peer.sent

    names = [name for name, _ in asked]
    peer._send_unsubscribe(0, [name.encode() for name in names], to_paho(pairs, PacketTypes.UNSUBSCRIBE))
    assert encoded(unsubscribe, pid, names, pairs) == peer.sent


@given(st.booleans(), properties(PacketTypes.CONNACK), steps)
def test_connack(present: bool, values: Values, step: int) -> None:
    data = framed(0x20, bytes([present, 0]), packed(values, PacketTypes.CONNACK))
    v5 = V5()
    events = parsed(data, step, v5.body)
    assert events == [(0x20, present, 0, None, None)]
    ((*event, found),) = Decoder(data, five=True).events
    assert tuple(event) == events[0]
    assert v5.connack == v5.properties == from_paho(found) == values


@given(_failures, properties(PacketTypes.CONNACK), properties(PacketTypes.DISCONNECT, 0x11), steps)
def test_refusals_carry_code_and_properties(code: int, first: Values, second: Values, step: int) -> None:
    for header, start, kind, values, where in (
        (0x20, bytes([0, code]), PacketTypes.CONNACK, first, 0x2002),
        (0xE0, bytes([code]), PacketTypes.DISCONNECT, second, 0xE0),
    ):
        try:
            events = parsed(framed(header, start, packed(values, kind)), step, V5().body)
        except MQTT5Error as error:
            assert (error.args, error.code, error.properties) == ((where, code), code, values)
            assert values.get(0x1F, "") in str(error)
            continue
        raise AssertionError(events)


@given(topics, payloads, st.booleans(), qualities, pids, st.booleans(), properties(PacketTypes.PUBLISH), steps)
def test_delivery(topic: str, payload: bytes, retain: bool, qos: int, pid: int, dup: bool, values: Values, step: int) -> None:
    flags = retain | qos << 1 | (dup and qos) << 3
    name = topic.encode()
    head = struct.pack(">H", len(name)) + name + (struct.pack(">H", pid) if qos else b"")
    data = framed(0x30 | flags, head, packed(values, PacketTypes.PUBLISH), payload)
    v5 = V5({0x22: 65535})
    events = parsed(data, step, v5.body)
    assert events == [(0x30, flags, pid * qos, name, payload)]
    ((*event, found),) = Decoder(data, five=True).events
    assert tuple(event) == events[0]
    assert v5.properties == from_paho(found) == values


# 3.4.2.1, 3.9.3, 3.11.3
_PUBACK = (0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99)
_SUBACK = (0, 1, 2, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2)
_UNSUBACK = (0, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91)


def some(codes: tuple[int, ...]) -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(codes), min_size=1, max_size=9).map(bytes)


@given(pids, st.sampled_from(_PUBACK), some(_SUBACK), some(_UNSUBACK), properties(PacketTypes.SUBACK), steps)
def test_answers(pid: int, code: int, granted: bytes, dropped: bytes, values: Values, step: int) -> None:
    number = struct.pack(">H", pid)
    for data, event, with_properties in (
        (framed(0x40, number, bytes([code]), packed(values, PacketTypes.PUBACK)), (0x40, 0, pid, _refusal(code), None), True),
        (framed(0x40, number, bytes([code])), (0x40, 0, pid, _refusal(code), None), False),
        (framed(0x40, number), (0x40, 0, pid, b"", None), False),
        (framed(0x90, number, packed(values, PacketTypes.SUBACK), granted), (0x90, 0, pid, granted, None), True),
        (framed(0xB0, number, packed(values, PacketTypes.UNSUBACK), dropped), (0xB0, 0, pid, dropped, None), True),
    ):
        v5 = V5()
        assert parsed(data, step, v5.body) == [event]
        ((*theirs, found),) = Decoder(data, five=True).events
        assert tuple(theirs) == event
        assert v5.properties == from_paho(found) == (values if with_properties else {})


def _refusal(code: int) -> bytes:
    return bytes([code]) if code > 127 else b""
