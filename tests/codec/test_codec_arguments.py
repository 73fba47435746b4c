"""Whatever a program gives to the encoders: a whole packet that paho or amqtt can read, or a documented error and no byte.

Oracle: the encoders' own docstrings (ValueError, TypeError, MQTT5Error), and amqtt's and paho's decoders for what is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from amqtt.mqtt.connect import ConnectPacket
from amqtt.mqtt.publish import PublishPacket
from amqtt.mqtt.subscribe import SubscribePacket
from amqtt.mqtt.unsubscribe import UnsubscribePacket
from codeckit import Decoder, read_by_amqtt
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from propkit import unpacked

from mqtt import packet, properties
from mqtt.unsubscribe import unsubscribe
from mqtt.v5 import V5, MQTT5Error

_texts = st.text(max_size=6) | st.text("a/#+\0\u00e9\ud800", max_size=6) | st.binary(max_size=4)
_whole = st.integers(-2, 300) | st.sampled_from([-1, 65535, 65536, 1 << 32, 1 << 70]) | st.booleans()
_numbers = _whole | st.floats()
_others = st.none() | st.lists(st.integers(0, 9), max_size=2) | st.just({}) | st.just(bytearray(b"x"))
_things = _texts | _numbers | _others
_likely_will = st.tuples(_texts, _texts, st.booleans(), st.integers(0, 1))
_wills = st.none() | st.tuples(_things, _things, _things, _numbers) | _likely_will
_filters = st.lists(st.tuples(_things, _things), min_size=1, max_size=2)
_values = _texts | _whole | _others | st.dictionaries(_texts, _texts, max_size=2)
_properties = st.dictionaries(st.integers(-1, 0x2C), _values, max_size=2)
_BOM = b"\xef\xbb\xbf"  # paho takes no U+FEFF, which 1.5.4-3 allows
more = settings(max_examples=200)


def sent(function: Callable[..., object], *args: Any, **kwargs: Any) -> bytes | None:
    """The packet; None where it was refused, with nothing appended."""
    out = bytearray(b"before")
    try:
        function(out, *args, **kwargs)
    except (ValueError, TypeError, MQTT5Error):
        assert out == b"before"
        return None
    assert out[:6] == b"before"
    return bytes(out[6:])


@more
@given(_things, _things, _things, _numbers, st.booleans(), _wills)
def test_connect(client_id: Any, user: Any, password: Any, keepalive: Any, clean: bool, will: Any) -> None:
    data = sent(packet.connect, client_id, user, password, keepalive, clean, will)
    if data and password is None:  # amqtt holds every password for text
        read_by_amqtt(ConnectPacket, data)


@more
@given(_things, _things, _things, _numbers, _numbers, st.booleans())
def test_publish(topic: Any, payload: Any, retain: Any, qos: Any, pid: Any, dup: bool) -> None:
    data = sent(packet.publish, topic, payload, retain, qos, pid, dup)
    if data:
        read_by_amqtt(PublishPacket, data)


@more
@given(_numbers, _filters)
def test_subscribe_and_unsubscribe(pid: Any, asked: list[tuple[Any, Any]]) -> None:
    data = sent(packet.subscribe, pid, asked)
    if data:
        read_by_amqtt(SubscribePacket, data)
    data = sent(unsubscribe, pid, [name for name, _ in asked])
    if data:
        read_by_amqtt(UnsubscribePacket, data)


@more
@given(_things, _things, _numbers, _numbers, _properties)
def test_publish_with_properties(topic: Any, payload: Any, qos: Any, pid: Any, own: Any) -> None:
    data = sent(V5().publish, topic, payload, False, qos, pid, False, own)
    if data and _BOM not in data:
        assert len(Decoder(data, five=True).events) == 1


@more
@given(_properties)
def test_properties(own: Any) -> None:
    for allowed, kind in (
        (properties.CONNECT, PacketTypes.CONNECT),
        (properties.PUBLISH, PacketTypes.PUBLISH),
        (properties.WILL, PacketTypes.WILLMESSAGE),
    ):
        data = sent(lambda out, allowed=allowed: out.extend(properties.encode(own, allowed)))
        if data and _BOM not in data and b"\x27" not in data:  # nor a maximum packet size above 256 MB (3.1.2.11.4)
            unpacked(data, kind)
