"""The packet layer against two other implementations: amqtt's codec, in both directions, and paho's encoder.

Random packets, repeatable: each run takes the same ones.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from amqtt.adapters import BufferReader
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

if (_SRC := str(Path(__file__).resolve().parents[2] / "src")) not in sys.path:
    sys.path.insert(0, _SRC)

from mqtt import packet
from mqtt.parser import parse
from mqtt.unsubscribe import unsubscribe

_LETTERS = "abcXYZ09 _-.$" + "\u00b0\u00e9\u4e16\U0001f42d"
rounds = pytest.mark.parametrize("seed", range(100))


class Some:
    """Random values of what MQTT carries."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.choice = self._random.choice
        self.below = self._random.randrange

    def text(self, most: int = 20) -> str:
        return "".join(self.choice(_LETTERS) for _ in range(self.below(most + 1)))

    def topic(self) -> str:
        return "/".join(self.text(8) for _ in range(1 + self.below(4))) or "t"

    def filter(self) -> str:
        levels = [self.choice(["+", self.text(8) or "x"]) for _ in range(1 + self.below(4))]
        return "/".join(levels + self.choice([[], ["#"]]))

    def data(self) -> bytes:
        return self._random.randbytes(self.choice([0, 1, 5, 100, 127, 128, 300, 17000]))

    def pid(self) -> int:
        return self.choice([1, 255, 256, 65535, 1 + self.below(65535)])

    def flag(self) -> bool:
        return bool(self.below(2))


def encoded(function: Callable[..., None], *args: Any) -> bytes:
    out = bytearray()
    function(out, *args)
    return bytes(out)


def read_by_amqtt(kind: Any, data: bytes) -> Any:
    reader = BufferReader(data)
    read = asyncio.run(kind.from_stream(reader))
    assert read.bytes_length == len(data)
    return read


def parsed(data: bytes, step: int, limit: int = 20000) -> list[tuple[Any, ...]]:
    """Return the events of data that comes in pieces."""
    steps = parse(limit)
    events = []
    item = next(steps)
    while True:
        if isinstance(item, tuple):
            events.append(item)
            item = next(steps)
            continue
        piece = data[: min(step, len(item))]
        if not piece:
            return events
        item[: len(piece)] = piece
        data = data[len(piece) :]
        item = steps.send(len(piece))


class Recorder(paho.Client):
    """paho's encoder: what it would send."""

    def __init__(self, client_id: str = "", *, clean: bool = True) -> None:
        super().__init__(paho.CallbackAPIVersion.VERSION2, client_id, clean_session=clean)
        self._sock = object()  # type: ignore[assignment]
        self.sent = b""

    def _packet_queue(self, command: int, packet: Any, *args: Any, **kwargs: Any) -> Any:
        self.sent = bytes(packet)
        return paho.MQTT_ERR_SUCCESS

    def __del__(self) -> None:
        self._sock = None


@rounds
def test_connect(seed: int) -> None:
    some = Some(seed)
    client_id, clean, keepalive = some.text() or "c", some.flag(), some.below(65536)
    user = some.choice([None, "", some.text()])
    password = None if user is None else some.choice([None, "", some.text()])
    will = some.choice([None, (some.topic(), some.data(), some.flag(), some.below(2))])
    data = encoded(packet.connect, client_id, user, password, keepalive, clean, will)

    there = read_by_amqtt(ConnectPacket, data)
    head = there.variable_header
    assert (head.proto_name, head.proto_level, there.clean_session_flag, there.keep_alive) == ("MQTT", 4, clean, keepalive)
    assert (there.client_id, there.username, there.password) == (client_id, user, password)
    found = (there.will_topic, bytes(there.will_message), there.will_retain_flag, there.will_qos) if there.will_flag else None
    assert found == will
    assert not there.reserved_flag

    if keepalive:  # paho's Client refuses 0 elsewhere, not here
        peer = Recorder(client_id, clean=clean)
        if will:
            peer.will_set(will[0], will[1], will[3], will[2])
        peer.username_pw_set(user, password)
        peer._send_connect(keepalive)
        assert peer.sent == data


@rounds
def test_publish_both_ways(seed: int) -> None:
    some = Some(seed)
    topic, payload, retain, qos, pid = some.topic(), some.data(), some.flag(), some.below(2), some.pid()
    dup = bool(qos) and some.flag()
    data = encoded(packet.publish, topic, payload, retain, qos, pid, dup)

    there = read_by_amqtt(PublishPacket, data)
    assert (there.topic_name, there.data, there.retain_flag, there.qos, there.dup_flag) == (topic, payload, retain, qos, dup)
    assert there.packet_id == (pid if qos else None)

    peer = Recorder()
    peer._send_publish(pid, topic.encode(), payload, qos, retain, dup)
    assert peer.sent == data

    built = PublishPacket.build(topic, payload, pid if qos else None, dup, qos, retain).to_bytes()
    ((kind, flags, found, name, content),) = parsed(built, some.choice([1, 7, 1000]))
    assert (kind, found, name.decode(), content) == (0x30, pid * qos, topic, payload)
    assert (bool(flags & 1), bool(flags & 2), bool(flags & 8)) == (retain, bool(qos), dup)


@rounds
def test_subscribe_and_unsubscribe(seed: int) -> None:
    some = Some(seed)
    pid = some.pid()
    filters = [(some.filter(), some.below(2)) for _ in range(1 + some.below(5))]

    there = read_by_amqtt(SubscribePacket, encoded(packet.subscribe, pid, filters))
    assert (there.variable_header.packet_id, there.payload.topics) == (pid, filters)

    names = [name for name, _ in filters]
    there = read_by_amqtt(UnsubscribePacket, encoded(unsubscribe, pid, names))
    assert (there.variable_header.packet_id, there.payload.topics) == (pid, names)


@rounds
def test_answers(seed: int) -> None:
    some = Some(seed)
    pid, codes = some.pid(), [some.choice([0, 1, 2, 0x80]) for _ in range(1 + some.below(9))]
    present, code = some.choice([(0, 0), (1, 0), (0, 1), (0, 5), (0, 7)])
    answers = [
        (ConnackPacket.build(present, code), (0x20, bool(present), code, None, None)),
        (PubackPacket.build(pid), (0x40, 0, pid, b"", None)),
        (SubackPacket.build(pid, codes), (0x90, 0, pid, bytes(codes), None)),
        (UnsubackPacket.build(pid), (0xB0, 0, pid, b"", None)),
        (PingRespPacket(MQTTFixedHeader(PINGRESP, 0)), (0xD0, 0, 0, None, None)),
    ]
    data = b"".join(answer.to_bytes() for answer, _ in answers)
    assert parsed(data, some.choice([1, 3, 1000])) == [event for _, event in answers]
