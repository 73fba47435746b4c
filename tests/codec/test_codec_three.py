"""MQTT 3.1.1's packet layer against two other implementations: amqtt's codec and paho's, in both directions."""

from __future__ import annotations

from typing import Any

from amqtt.mqtt.connack import ConnackPacket
from amqtt.mqtt.connect import ConnectPacket
from amqtt.mqtt.packet import PINGRESP, MQTTFixedHeader
from amqtt.mqtt.pingresp import PingRespPacket
from amqtt.mqtt.puback import PubackPacket
from amqtt.mqtt.publish import PublishPacket
from amqtt.mqtt.suback import SubackPacket
from amqtt.mqtt.subscribe import SubscribePacket
from amqtt.mqtt.unsuback import UnsubackPacket
from amqtt.mqtt.unsubscribe import UnsubscribePacket
from codeckit import (
    Decoder,
    Encoder,
    encoded,
    filters,
    parsed,
    payloads,
    pids,
    qualities,
    read_by_amqtt,
    steps,
    texts,
    topics,
    wills,
)
from hypothesis import given
from hypothesis import strategies as st

from mqtt import packet
from mqtt.unsubscribe import unsubscribe

_logins = st.just((None, None)) | st.tuples(texts, st.none() | texts)
# No paho for return code 1: it tries an older protocol at once.
_connacks = st.sampled_from([(0, 0), (1, 0), (0, 3), (0, 4), (0, 5)])
_codes = st.lists(st.sampled_from([0, 1, 2, 0x80]), min_size=1, max_size=20)


@given(texts.filter(bool), _logins, st.integers(0, 65535), st.booleans(), wills)
def test_connect(client_id: str, login: Any, keepalive: int, clean: bool, will: Any) -> None:
    user, password = login
    data = encoded(packet.connect, client_id, user, password, keepalive, clean, will)

    there = read_by_amqtt(ConnectPacket, data)
    head = there.variable_header
    assert (head.proto_name, head.proto_level, there.clean_session_flag, there.keep_alive) == ("MQTT", 4, clean, keepalive)
    assert (there.client_id, there.username, there.password) == (client_id, user, password)
    found = (there.will_topic, bytes(there.will_message), there.will_retain_flag, there.will_qos) if there.will_flag else None
    assert found == will
    assert not there.reserved_flag

    peer = Encoder(client_id, clean=clean)
    if will:
        peer.will_set(will[0], will[1], will[3], will[2])
    peer.username_pw_set(user, password)
    peer._send_connect(keepalive)
    assert peer.sent == data


@given(topics, payloads, st.booleans(), qualities, pids, st.booleans(), steps)
def test_publish(topic: str, payload: bytes, retain: bool, qos: int, pid: int, dup: bool, step: int) -> None:
    dup = dup and qos > 0  # 3.3.1-2
    data = encoded(packet.publish, topic, payload, retain, qos, pid, dup)

    there = read_by_amqtt(PublishPacket, data)
    assert (there.topic_name, there.data, there.retain_flag, there.qos, there.dup_flag) == (topic, payload, retain, qos, dup)
    assert there.packet_id == (pid if qos else None)

    peer = Encoder()
    peer._send_publish(pid, topic.encode(), payload, qos, retain, dup)
    assert peer.sent == data

    built = PublishPacket.build(topic, payload, pid if qos else None, dup, qos, retain).to_bytes()
    events = parsed(built, step)
    assert events == [(0x30, retain | qos << 1 | dup << 3, pid * qos, topic.encode(), payload)]
    assert events == Decoder(built).events


@given(pids, st.lists(st.tuples(filters, qualities), min_size=1, max_size=6))
def test_subscribe_and_unsubscribe(pid: int, asked: list[tuple[str, int]]) -> None:
    data = encoded(packet.subscribe, pid, asked)
    there = read_by_amqtt(SubscribePacket, data)
    assert (there.variable_header.packet_id, there.payload.topics) == (pid, asked)
    peer = Encoder()
    peer.pid = pid
    peer._send_subscribe(0, [(name.encode(), qos) for name, qos in asked])
    assert peer.sent == data

    names = [name for name, _ in asked]
    data = encoded(unsubscribe, pid, names)
    there = read_by_amqtt(UnsubscribePacket, data)
    assert (there.variable_header.packet_id, there.payload.topics) == (pid, names)
    peer._send_unsubscribe(0, [name.encode() for name in names])
    assert peer.sent == data


@given(pids, _connacks, _codes, steps)
def test_answers(pid: int, connack: tuple[int, int], codes: list[int], step: int) -> None:
    present, code = connack
    answers = [
        (ConnackPacket.build(present, code), (0x20, bool(present), code, None, None)),
        (PubackPacket.build(pid), (0x40, 0, pid, b"", None)),
        (SubackPacket.build(pid, codes), (0x90, 0, pid, bytes(codes), None)),
        (UnsubackPacket.build(pid), (0xB0, 0, pid, b"", None)),
        (PingRespPacket(MQTTFixedHeader(PINGRESP, 0)), (0xD0, 0, 0, None, None)),
    ]
    data = b"".join(answer.to_bytes() for answer, _ in answers)
    events = parsed(data, step)
    assert events == [event for _, event in answers]
    assert events == Decoder(data).events
