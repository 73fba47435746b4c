"""Random values of what MQTT carries, and the other implementations: amqtt's codec and paho's client on a captured socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from amqtt.adapters import BufferReader
from hypothesis import strategies as st

from mqtt.parser import body, parse

# paho holds U+FEFF for an error (1.5.4-3 says the opposite); control characters are legal, but "may" be refused (1.5.4).
_CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff")
_IN_LEVELS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff#+")

texts = st.text(_CHARACTERS, max_size=20)
topics = st.text(_IN_LEVELS, min_size=1, max_size=30) | st.text("ab/$", min_size=1, max_size=8)
payloads = st.binary(max_size=40) | st.sampled_from([0, 100, 127, 128, 300, 17000]).map(lambda n: b"x" * n)
pids = st.sampled_from([1, 255, 256, 65535]) | st.integers(1, 65535)
qualities = st.integers(0, 1)
steps = st.sampled_from([1, 2, 3, 7, 100, 100000])  # bytes in a piece
wills = st.none() | st.tuples(topics, payloads, st.booleans(), qualities)
_levels = st.lists(st.just("+") | st.text(_IN_LEVELS, min_size=1, max_size=6).map(lambda s: s.replace("/", "")), min_size=1)
filters = st.tuples(_levels.map("/".join), st.sampled_from(["", "/#"])).map("".join).filter(bool) | st.just("#")


def encoded(function: Callable[..., object], *args: Any) -> bytes:
    """What one of the client's encoders appends."""
    out = bytearray()
    function(out, *args)
    return bytes(out)


def parsed(data: bytes, step: int, body: Callable[..., Any] = body, limit: int = 20000) -> list[tuple[Any, ...]]:
    """The events of data that comes in pieces of `step` bytes."""
    steps = parse(limit, body)
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


def read_by_amqtt(kind: Any, data: bytes) -> Any:
    """amqtt's packet object of a packet that it must read to its last byte."""
    reader = BufferReader(data)
    read = asyncio.run(kind.from_stream(reader))
    assert read.bytes_length == len(data)
    assert asyncio.run(reader.read(1)) == b""
    return read


class Encoder(paho.Client):
    """paho's encoder: `sent` is what it would send."""

    def __init__(self, client_id: str = "", *, clean: bool = True, five: bool = False) -> None:
        if five:
            super().__init__(paho.CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv5)
            self._clean_start = clean
        else:
            super().__init__(paho.CallbackAPIVersion.VERSION2, client_id, clean_session=clean)
        self._sock = object()  # type: ignore[assignment]
        self.sent = b""
        self.pid = 0

    def _packet_queue(self, command: int, packet: Any, *args: Any, **kwargs: Any) -> Any:
        self.sent = bytes(packet)
        return paho.MQTT_ERR_SUCCESS

    def _mid_generate(self) -> int:
        return self.pid

    def __del__(self) -> None:
        self._sock = None


class Decoder(paho.Client):
    """paho's decoder: a client that reads `data` instead of a socket. events: what it heard, as mqtt.parser gives it; with
    MQTT 5, paho's Properties come as a sixth item.
    """

    def __init__(self, data: bytes, *, five: bool = False) -> None:
        super().__init__(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5 if five else paho.MQTTv311)
        self._five = five
        self._data = data
        self.events: list[tuple[Any, ...]] = []
        self.on_connect = self._connected
        self.on_message = self._received
        self.on_subscribe = lambda _c, _u, pid, codes, properties: self._add(0x90, 0, pid, _bytes(codes), None, properties)
        self.on_unsubscribe = lambda _c, _u, pid, codes, properties: self._add(0xB0, 0, pid, _bytes(codes), None, properties)
        self._out_messages = _All()  # type: ignore[assignment]
        while self._data:
            assert self._packet_read() == paho.MQTT_ERR_SUCCESS or (self.events and self.events[-1][0] == 0x20)

    def _sock_recv(self, bufsize: int) -> bytes:
        piece, self._data = self._data[:bufsize], self._data[bufsize:]
        return piece

    def _send_puback(self, mid: int) -> Any:
        return paho.MQTT_ERR_SUCCESS

    def _do_on_publish(self, mid: int, reason_code: Any, properties: Any) -> Any:
        code = reason_code.value
        self._add(0x40, 0, mid, bytes([code]) if code > 127 else b"", None, properties)
        return paho.MQTT_ERR_SUCCESS

    def _handle_pingresp(self) -> Any:
        self._add(0xD0, 0, 0, None, None, None)
        return paho.MQTT_ERR_SUCCESS

    def _connected(self, _client: Any, _data: Any, flags: Any, code: Any, properties: Any) -> None:
        value = code.value
        if not self._five:
            value = next(rc for rc in range(256) if paho.convert_connack_rc_to_reason_code(rc) == code)
        self._add(0x20, flags.session_present, value, None, None, properties)

    def _received(self, _client: Any, _data: Any, message: Any) -> None:
        flags = int(message.retain) | message.qos << 1 | int(message.dup) << 3
        topic = message.topic.encode()
        self._add(0x30, flags, message.mid if message.qos else 0, topic, message.payload, message.properties)

    def _add(self, *event: Any) -> None:
        self.events.append(event if self._five else event[:5])


def _bytes(codes: list[Any]) -> bytes:
    return bytes([code.value for code in codes])


class _All(dict):  # type: ignore[type-arg]
    """paho tells only of the acknowledgements that it waits for: of all."""

    def __contains__(self, pid: object) -> bool:
        return True
