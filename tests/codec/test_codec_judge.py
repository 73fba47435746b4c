"""mosquitto as the judge: it takes what we encode, of both versions, and passes on what was in it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
from codeckit import encoded
from fuzz_random import Random
from paho.mqtt.packettypes import PacketTypes
from propkit import packed, unpacked

from brokers import Mosquitto
from mqtt import packet
from mqtt.parser import body, parse
from mqtt.unsubscribe import unsubscribe
from mqtt.v5 import V5

_ROUNDS = 40
_LETTERS = "abcXYZ09 _-." + "\u00b0\u00e9\u4e16\U0001f42d"


class Link:
    """A raw connection that speaks with one of the two codecs."""

    def __init__(self, broker: Mosquitto, codec: Any, **connect: Any) -> None:
        self.codec = codec
        self._socket = socket.create_connection((broker.host, broker.port), 5)
        self._steps = parse(100_000, getattr(codec, "body", body))
        self._item: Any = None
        self.send(codec.connect, *connect.pop("args"), **connect)
        self.connack = self.event(0x20)

    def send(self, function: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        out = bytearray()
        function(out, *args, **kwargs)
        self._socket.sendall(out)

    def event(self, *kinds: int) -> tuple[Any, ...]:
        """The next event, which must be of one of these types."""
        item = next(self._steps)
        while not isinstance(item, tuple):
            n = self._socket.recv_into(item)
            assert n, "mosquitto has closed the connection"
            item = self._steps.send(n)
        assert item[0] in kinds, item
        return item

    def close(self, goodbye: bytes = b"\xe0\0") -> None:
        self._socket.sendall(goodbye)
        self._socket.close()

    def vanish(self) -> None:
        self._socket.close()


def some_text(random: Random, most: int = 12) -> str:
    return "".join(random.choice(_LETTERS) for _ in range(1 + random.below(most)))


def some_payload(random: Random) -> bytes:
    return random.octets(random.choice((0, 1, 5, 100, 120, 127, 128, 300, 17000)))


@pytest.fixture(params=[3, 5])
def codec(request: pytest.FixtureRequest) -> Any:
    return packet if request.param == 3 else V5({0x22: 10, 0x27: 100000})


def test_publish_and_subscribe(mosquitto: Mosquitto, codec: Any) -> None:
    # What we publish comes back to us, and mosquitto has closed nothing: all of it was right.
    five = codec is not packet
    random = Random(1)
    link = Link(mosquitto, codec, args=("me", None, None, 60))
    for pid in range(1, _ROUNDS + 1):
        topic = "/".join(some_text(random) for _ in range(1 + random.below(4)))
        pattern = random.choice([topic, topic.rpartition("/")[0] + "/#" if "/" in topic else "+", "#"])
        qos = random.below(2)
        link.send(codec.subscribe, pid, [(pattern, qos)])
        assert link.event(0x90)[2:4] == (pid, bytes([qos]))

        payload, level = some_payload(random), random.below(2)
        extra = []
        values: dict[int, Any] = {}
        if five:
            values = {0x03: some_text(random), 0x09: random.octets(7), 0x26: {some_text(random): some_text(random)}}
            values[0x08] = "answer/" + some_text(random)
            values[0x01] = 0
            extra = [values]
        link.send(codec.publish, topic, payload, False, level, pid, False, *extra)
        wanted = {0x30, 0x40} if level else {0x30}
        while wanted:  # in either order
            kind, flags, number, name, content = link.event(*wanted)
            wanted.remove(kind)
            if kind == 0x30:
                assert (name, content, bool(flags & 2)) == (topic.encode(), payload, bool(qos and level))
                if five:
                    assert codec.properties.pop(0x23, 0) <= 10
                    assert codec.properties == values
                if number:
                    link._socket.sendall(b"\x40\2" + number.to_bytes(2, "big"))
        link.send(unsubscribe, pid, [pattern], *([{}] if five else []))
        assert link.event(0xB0)[2] == pid
    link.close()


def test_connect_with_all_it_can_carry(mosquitto_factory: Callable[..., Mosquitto], codec: Any) -> None:
    # The will comes when the client vanishes, and its login is checked: every field was where it belongs.
    users = {"user": "secret", "us\u00e9r": "p\u00e4ss"}
    broker = mosquitto_factory(users=users)
    five = codec is not packet
    random = Random(2)
    watcher = Link(broker, packet, args=("watcher", "user", "secret"))
    watcher.send(packet.subscribe, 1, [("w/#", 1)])
    watcher.event(0x90)
    for number in range(_ROUNDS // 2):
        name = random.choice(list(users))
        topic, payload = f"w/{number}/" + some_text(random), some_payload(random)
        will = (topic, payload, False, random.below(2))
        if five:
            codec = V5({0x11: 5, 0x26: {"a": "b"}, 0x21: 20}, {0x03: "text", 0x18: 0, 0x26: {some_text(random): ""}})
        clean = random.below(2) == 1
        link = Link(broker, codec, args=(some_text(random), name, users[name], random.choice((0, 5, 65535)), clean, will))
        assert link.connack[2] == 0
        link.vanish()
        _, flags, pid, seen, content = watcher.event(0x30)
        assert (seen, content, flags & 2 > 0) == (topic.encode(), payload, will[3] > 0)
        if pid:
            watcher._socket.sendall(b"\x40\2" + pid.to_bytes(2, "big"))
    watcher.close()


def test_disconnect_with_will_and_the_brokers_own_properties(mosquitto: Mosquitto) -> None:
    watcher = Link(mosquitto, packet, args=("watcher",))
    watcher.send(packet.subscribe, 1, [("w", 0)])
    watcher.event(0x90)
    codec = V5(leave=4)
    link = Link(mosquitto, codec, args=("", None, None, 60, True, ("w", "gone", False, 0)))
    data = packed(codec.connack, PacketTypes.CONNACK)  # paho knows them all, and reads them alike
    assert unpacked(data, PacketTypes.CONNACK) == codec.connack
    assert codec.connack[0x12]  # an empty client id gets one (3.2.2.3.7)
    link.close(codec.goodbye)
    assert watcher.event(0x30)[3:] == (b"w", b"gone")
    watcher.close()
    assert encoded(codec.publish, "t", b"x", False, 0, 0, False, {}) == b"\x30\x05\0\1t\0x"
