"""The sleeper's burst against mosquitto: its queue, its window, its refusals, on MicroPython and CPython."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from burstkit import burst, ways

from brokers import Mosquitto

RECORD = ("node/readings", b'{"temperature_c": 21.42}', False, 1, 7, False)
COMMANDS = (("node/set", 1), ("all/set", 0))


@contextmanager
def client(broker: Mosquitto, *filters: str) -> Iterator[Callable[..., None]]:
    """A paho client: gives send(topic, payload, qos, retain), which returns when mosquitto has it; .got is what came to it."""
    peer = paho.Client(paho.CallbackAPIVersion.VERSION2)
    ready = threading.Event()
    peer.on_subscribe = lambda *_: ready.set()

    def send(topic: str, payload: bytes | str, qos: int = 1, retain: bool = False) -> None:
        peer.publish(topic, payload, qos, retain).wait_for_publish(10)

    send.got = []  # type: ignore[attr-defined]
    peer.on_message = lambda _client, _data, message: send.got.append(message)  # type: ignore[attr-defined]
    peer.connect(broker.host, broker.port)
    peer.loop_start()
    try:
        for name in filters:
            ready.clear()
            peer.subscribe(name, 1)
            assert ready.wait(10)
        yield send
    finally:
        peer.disconnect()
        peer.loop_stop()


def arrived(send: Callable[..., None], count: int) -> list[tuple[str, bytes]]:
    """Wait for `count` messages at the paho client."""
    deadline = threading.Event()
    for _ in range(200):
        if len(send.got) >= count:  # type: ignore[attr-defined]
            break
        deadline.wait(0.02)
    return [(message.topic, message.payload) for message in send.got]  # type: ignore[attr-defined]


@ways
def test_publishes_and_subscribes(way: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    publish = [RECORD, ("node/a", "text \u00b0C", False, 1, 0, False), ("node/b", b"", False, 0, 0, False)]
    with client(mosquitto, "node/#") as send:
        done = burst(way, tmp_path, mosquitto.port, publish=publish, subscribe=COMMANDS)
        assert done.result == (False, b"\1\0", 0, True)
        assert done.acked == [1, 1, 0]
        expected = [("node/readings", RECORD[1]), ("node/a", "text \u00b0C".encode()), ("node/b", b"")]
        assert arrived(send, 3) == expected


@ways
def test_nothing_but_a_sign_of_life(way: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    assert burst(way, tmp_path, mosquitto.port, clean=True).result == (False, b"", 0, True)


@ways
def test_the_session_outlives_the_sleep(way: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    # W1: mqtt_as since 0.8.0 cannot connect to a session that is there.
    for present in (False, True, True):
        done = burst(way, tmp_path, mosquitto.port, publish=[RECORD], subscribe=COMMANDS)
        assert done.result == (present, b"\1\0", 0, True)
    assert burst(way, tmp_path, mosquitto.port, clean=True).result[0] is False  # type: ignore[index]


@ways
def test_commands_sent_during_the_sleep(way: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    # facts measured on mosquitto: QoS 1 is queued; QoS 0 while asleep is lost; retained ones come with the SUBSCRIBE.
    burst(way, tmp_path, mosquitto.port, subscribe=COMMANDS)
    with client(mosquitto) as send:
        send("node/set", "queued 1")
        send("node/set", "queued 2")
        send("all/set", "lost", 0)
        send("all/set", "retained 0", 0, True)
        send("node/set", "retained 1", 1, True)
    done = burst(way, tmp_path, mosquitto.port, publish=[RECORD], subscribe=COMMANDS)
    assert done.result is not None
    assert done.result[0] is True
    assert done.acked == [1]
    found = [(payload, retain) for _, payload, retain, _ in done.messages]
    assert (b"queued 1", False) in found
    assert (b"queued 2", False) in found
    assert (b"retained 0", True) in found
    assert (b"retained 1", True) in found
    assert b"lost" not in done.payloads
    assert done.result[2] == len(done.messages)
    # Acknowledged once, they do not come again; what is retained does (and is told apart by its flag).
    again = burst(way, tmp_path, mosquitto.port, publish=[RECORD], subscribe=COMMANDS)
    assert sorted(again.payloads) == [b"retained 0", b"retained 1"]
    assert all(retain for _, _, retain, _ in again.messages)


@ways
@pytest.mark.parametrize("queued", [9, 10, 20, 21, 50])
def test_a_queue_beyond_the_inflight_window(way: str, queued: int, mosquitto: Mosquitto, tmp_path: Path) -> None:
    # mosquitto sends 20 unacknowledged messages at most: the rest comes as the acknowledgements go out.
    burst(way, tmp_path, mosquitto.port, subscribe=COMMANDS)
    with client(mosquitto) as send:
        for n in range(queued):
            send("node/set", f"command {n}")
    done = burst(way, tmp_path, mosquitto.port, publish=[RECORD], subscribe=COMMANDS)
    assert done.payloads == [b"command %d" % n for n in range(queued)]
    assert done.result == (True, b"\1\0", queued, True)
    assert burst(way, tmp_path, mosquitto.port, subscribe=COMMANDS).messages == []


@ways
def test_results_go_out(way: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    burst(way, tmp_path, mosquitto.port, subscribe=COMMANDS)
    with client(mosquitto, "node/result") as send:
        send("node/set", "a")
        send("node/set", "b")
        answers = {b"a": [("node/result", "done a", False, 1, 0, False)], b"b": [("node/result", "done b", False, 0, 0, False)]}
        done = burst(way, tmp_path, mosquitto.port, publish=[RECORD], subscribe=COMMANDS, answers=answers)
        assert done.result == (True, b"\1\0", 2, True)
        assert arrived(send, 2) == [("node/result", b"done a"), ("node/result", b"done b")]


@ways
def test_step_by_step_when_asked(way: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    done = burst(way, tmp_path, mosquitto.port, publish=[RECORD], subscribe=COMMANDS, pipeline=False)
    assert done.result == (False, b"\1\0", 0, False)
    assert done.acked == [1]


@ways
def test_an_over_long_message_is_acknowledged_and_counted(way: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    burst(way, tmp_path, mosquitto.port, subscribe=COMMANDS)
    with client(mosquitto) as send:
        send("node/set", "before")
        send("node/set", b"x" * 100_000)
        send("node/set", "after")
    done = burst(way, tmp_path, mosquitto.port, subscribe=COMMANDS)
    assert done.payloads == [b"before", b"after"]
    assert done.result == (True, b"\1\0", 3, True)
    assert burst(way, tmp_path, mosquitto.port, subscribe=COMMANDS).result == (True, b"\1\0", 0, True)


@ways
def test_bigger_than_a_segment(way: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    publish = [(f"node/{n}", b"x" * 20_000, False, 1, n + 1, False) for n in range(20)]
    done = burst(way, tmp_path, mosquitto.port, publish=publish, subscribe=COMMANDS)
    assert done.result == (False, b"\1\0", 0, True)
    assert done.acked == [1] * 20


@ways
def test_credentials(way: str, mosquitto_factory: Callable[..., Mosquitto], tmp_path: Path) -> None:
    broker = mosquitto_factory(users={"node": "secret"})
    assert burst(way, tmp_path, broker.port, user="node", password="secret", publish=[RECORD]).acked == [1]
    for user, password in ((None, None), ("node", "wrong"), ("node", None)):
        done = burst(way, tmp_path, broker.port, user=user, password=password, publish=[RECORD])
        assert done.error == ("MQTTError", 5, 0x2002)
        assert done.acked == [0]


@ways
def test_a_will_is_dropped_by_a_clean_goodbye(way: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    with client(mosquitto, "#") as send:
        done = burst(way, tmp_path, mosquitto.port, publish=[RECORD], will=("node/gone", "will", False, 1))
        assert done.acked == [1]
        send("end", "end")
        assert arrived(send, 2) == [("node/readings", RECORD[1]), ("end", b"end")]


@ways
def test_what_was_acknowledged_before_is_not_sent(way: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    with client(mosquitto, "node/#") as send:
        publish = [("node/1", "1", False, 1, 1, False), ("node/2", "2", False, 1, 2, False)]
        assert burst(way, tmp_path, mosquitto.port, publish=publish, acked=b"\1\0").acked == [1, 1]
        assert arrived(send, 1) == [("node/2", b"2")]


@ways
def test_no_broker(way: str, free_port: int, tmp_path: Path) -> None:
    done = burst(way, tmp_path, free_port, publish=[RECORD])
    assert done.error is not None
    assert done.error[:2] in (("OSError", None), ("ConnectionRefusedError", None))
    assert done.ms < 2000
    assert done.acked == [0]
