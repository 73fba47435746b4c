"""The burst speaking MQTT 5: one write as with 3.1.1, with properties, and the will that notices a missing sleeper."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import paho.mqtt.client as paho
from burstkit import segments, ways
from clientkit import FakeBroker, Peer, both, run
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from brokers import Mosquitto

_PROGRAM = """
import sys
from mqtt.burst import exchange
from mqtt.v5 import V5

with open("options") as file:
    how, options = eval(file.read())
v5 = V5(*how)
acked = bytearray(len(options.get("publish", ())))

def on_message(topic, payload, retain, dup):
    print("message", repr((topic, payload, retain, v5.properties)))

session = exchange("127.0.0.1", port=int(sys.argv[1]), acked=acked, on_message=on_message, v5=v5, **options)
try:
    if sys.argv[2] == "blocking":
        from mqtt import blocking
        result = blocking.run(session)
    else:
        import asyncio
        result = asyncio.run(session)
    print("result", repr(result))
except OSError as error:
    print("error", repr((type(error).__name__, error.code, str(error))))
print("acked", repr(list(acked)))
print("connack", repr(v5.connack))
"""
RECORD = ("node/r", b"21", False, 1, 7, False, {0x02: 60, 0x26: {"unit": "C"}})


def wake(way: str, folder: Path, port: int, *how: Any, **options: Any) -> dict[str, Any]:
    """One burst with V5(*how); what it printed, by the first word, messages as a list."""
    (folder / "options").write_text(repr((how, {"client_id": "node", **options})))
    interpreter, _, kind = way.partition("-")
    found: dict[str, Any] = {"messages": []}
    for line in run(interpreter, folder, _PROGRAM, port, kind or "asyncio").splitlines():
        word, _, text = line.partition(" ")
        value = ast.literal_eval(text)
        if word == "message":
            found["messages"].append(value)
        else:
            found[word] = value
    return found


class Other:
    """Another client, paho's, speaking MQTT 5: what it hears is in `heard`."""

    def __init__(self, broker: Mosquitto, topic: str) -> None:
        self.heard: Queue[Any] = Queue()
        ready: Queue[None] = Queue()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self.client.on_message = lambda client, data, message: self.heard.put(message)
        self.client.on_subscribe = lambda *_: ready.put(None)
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        self.client.subscribe(topic, options=SubscribeOptions(qos=1))
        ready.get(timeout=5)

    def send(self, topic: str, payload: str, retain: bool = False, **properties: Any) -> None:
        own = Properties(PacketTypes.PUBLISH)
        for name, value in properties.items():
            setattr(own, name, value)
        self.client.publish(topic, payload, 1, retain, own).wait_for_publish(5)

    def nothing(self, seconds: float) -> bool:
        try:
            return self.heard.get(timeout=seconds) is None
        except Empty:
            return True


@contextmanager
def other(broker: Mosquitto, topic: str) -> Iterator[Other]:
    client = Other(broker, topic)
    try:
        yield client
    finally:
        client.client.disconnect()
        client.client.loop_stop()


@ways
def test_readings_arrive_with_their_properties(way: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    with other(mosquitto, "node/#") as reader:
        done = wake(way, tmp_path, mosquitto.port, {0x11: 60, 0x21: 10}, publish=[RECORD], subscribe=[("cmd", 1)])
        message = reader.heard.get(timeout=5)
    assert done["result"] == (False, b"\1", 0, True)
    assert done["acked"] == [1]
    assert (message.topic, message.payload, message.qos) == ("node/r", b"21", 1)
    assert message.properties.UserProperty == [("unit", "C")]
    assert 0 < message.properties.MessageExpiryInterval <= 60
    assert done["connack"][0x21] > 0, "mosquitto tells its receive maximum"


@ways
def test_one_segment_and_goodbye_in_another(way: str, tmp_path: Path) -> None:
    counts = []

    def script(peer: Peer) -> None:
        packets = [peer.packet() for _ in range(4)]
        assert [packet[0] for packet in packets] == [0x10, 0x32, 0x82, 0xC0]
        counts.append(segments(peer._socket))
        peer.send(b"\x20\3\0\0\0" + b"\x40\2\0\7" + b"\x90\4" + packets[2][1:3] + b"\0\1" + b"\xd0\0")
        assert peer.until_closed() == [b"\xe0"]
        counts.append(segments(peer._socket))

    with FakeBroker(script) as broker:
        done = wake(way, tmp_path, broker.port, publish=[RECORD], subscribe=[("cmd", 1)])
    assert done["acked"] == [1]
    assert counts == [1, 2]


@ways
def test_commands_wait_as_long_as_they_are_good(way: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Session expiry outlives the sleep; a queued message does not outlive its own expiry (3.3.2.3.3)."""
    asleep = {"subscribe": [("cmd/#", 1)]}
    wake(way, tmp_path, mosquitto.port, {0x11: 60}, **asleep)
    with other(mosquitto, "none") as sender:
        sender.send("cmd/late", "too late", MessageExpiryInterval=1)
        sender.send("cmd/led", "on", UserProperty=("from", "garden"))
    time.sleep(2.1)
    done = wake(way, tmp_path, mosquitto.port, {0x11: 1}, **asleep)
    assert done["result"] == (True, b"\1", 1, True)
    assert done["messages"] == [(b"cmd/led", b"on", False, {0x26: {"from": "garden"}})]
    time.sleep(2.5)  # the session is over: mosquitto looks once a second
    assert wake(way, tmp_path, mosquitto.port, {0x11: 1}, **asleep)["result"][0] is False


@ways
def test_retain_handling_tells_a_command_once(way: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Subscription option 0x10 (3.8.3.1): retained messages only where the subscription is new."""
    with other(mosquitto, "none") as sender:
        sender.send("cmd/rate", "5", retain=True)
    got = [
        wake(way, tmp_path, mosquitto.port, {0x11: 60}, subscribe=[("cmd/#", 1 | options)])["messages"]
        for options in (0x10, 0x10, 0, 0x20)
    ]
    assert [len(messages) for messages in got] == [1, 0, 1, 0]


@ways
def test_a_backlog_comes_through_a_small_window(way: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Receive maximum 3 and a fence of 3: all 30 come, in order."""
    wake(way, tmp_path, mosquitto.port, {0x11: 60}, subscribe=[("cmd/#", 1)])
    with other(mosquitto, "none") as sender:
        for i in range(30):
            sender.send("cmd/n", str(i))
    done = wake(way, tmp_path, mosquitto.port, {0x11: 60, 0x21: 3}, subscribe=[("cmd/#", 1)], fence=3)
    assert [message[1] for message in done["messages"]] == [b"%d" % i for i in range(30)]


@ways
def test_the_receive_maximum_bounds_the_drain(way: str, tmp_path: Path) -> None:
    """A server that keeps to it (3.1.2.11.3; mosquitto 2.0.11 sends three for each PUBACK)."""
    acknowledged = []

    def script(peer: Peer) -> None:
        connect = peer.expect(0x10)
        assert connect[12:15] == b"\x21\0\3", "after 10 bytes of protocol, flags and keep alive: its only property"
        peer.expect(0x80)
        peer.send(b"\x20\3\1\0\0" + b"\x90\4\xff\xff\0\1")
        sent = window = 0
        while True:
            while sent < 10 and window < 3:
                sent += 1
                window += 1
                peer.send(b"\x32\7\0\1c\0" + bytes((sent, 0)) + b"x")
            packet = peer.packet()
            if packet[0] == 0xC0:
                peer.send(b"\xd0\0")
            elif packet[0] == 0x40:
                acknowledged.append(packet[2])
                window -= 1
            else:
                assert packet[0] == 0xE0
                return

    with FakeBroker(script) as broker:
        options = {"subscribe": [("c", 1)], "clean": True, "fence": 3}
        done = wake(way, tmp_path, broker.port, {0x21: 3}, **options)
    assert done["result"][2] == 10
    assert acknowledged == list(range(1, 11))


@ways
def test_a_refused_record_is_told_apart(
    way: str, mosquitto_factory: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    """PUBACK 0x87 by mosquitto's ACL: this one only, and the rest of the burst goes on."""
    broker = mosquitto_factory(users={"node": "secret"}, acl="user node\ntopic readwrite node/#\n")
    forbidden = ("other/r", b"22", False, 1, 8, False)
    login = {"user": "node", "password": "secret"}
    done = wake(way, tmp_path, broker.port, publish=[RECORD, forbidden], **login)
    assert done["acked"] == [1, 0x87]
    refused = wake(way, tmp_path, broker.port, publish=[RECORD], user="node", password="wrong")
    assert refused["error"][0] == "MQTT5Error" and refused["error"][1] in (0x86, 0x87)
    assert refused["acked"] == [0]


DELAY_S = 3
_SLEEPER = """
import asyncio, sys, time
from mqtt.burst import exchange
from mqtt.v5 import V5

async def wake():
    v5 = V5({0x11: 30}, {0x18: int(sys.argv[4])}, leave=4)
    will = ("node/gone", "gone", False, 1)
    await exchange("127.0.0.1", "sleeper", int(sys.argv[1]), [("node/r", "21", False, 1, 0, False)], v5=v5, will=will)

for _ in range(int(sys.argv[2])):
    asyncio.run(wake())
    time.sleep(float(sys.argv[3]))
"""


@both
def test_a_will_notices_a_node_that_stops_waking(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Will delay interval (3.1.3.2.2) and DISCONNECT 0x04: the server publishes the will when the node does not come back.

    While it wakes in time the will never comes (5 wakes, 7 s, more than twice the delay); once it stops, it comes, and only
    after the delay.
    """
    with other(mosquitto, "node/gone") as reader:
        run(interpreter, tmp_path, _SLEEPER, mosquitto.port, 5, 1.4, DELAY_S)
        assert reader.nothing(0.1)
        asleep = time.monotonic() - 1.4  # since its last goodbye
        message = reader.heard.get(timeout=DELAY_S + 5)
        waited = time.monotonic() - asleep
    assert (message.topic, message.payload) == ("node/gone", b"gone")
    assert waited > DELAY_S - 0.5
