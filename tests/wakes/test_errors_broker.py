"""The error table of docs/wake.md, the broker's rows, over whole wakes: how long the node sleeps, and that nothing is lost.

Oracles: MQTT 3.1.1 table 3.1 (CONNACK), section 3.9.3 (SUBACK), MQTT-4.4.0-1 (the same packet again, with DUP); Adafruit IO's
documentation for 6, 7 and its throttle messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from errors_broker import CONNECT, DISCONNECT, PINGREQ, PUBLISH, SUBSCRIBE, ScriptedBroker

from nodes import BOARDS, ROOT, Listener, MakeNode

FAST = {"speed": 16}  # with MAX_AWAKE_S at its most: a slow host must not end a wake
EVERY_S = 60


@pytest.fixture
def broker() -> Iterator[ScriptedBroker]:
    """A broker that does as it is told."""
    with ScriptedBroker() as made:
        yield made


@pytest.fixture(params=BOARDS)
def board(request: pytest.FixtureRequest) -> str:
    """Each board."""
    return str(request.param)


def slept(node: Any) -> tuple[Any, float]:
    """The next wake and the seconds of sleep after it, which a board that cannot sleep so long makes of several."""
    wake = node.run_wake()
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    return wake, wake.sleep_ms / 1000


def phases(wake: Any) -> set[str]:
    return {name for name, _, _ in wake.phases}


def test_a_refusal_that_only_a_person_can_mend_is_a_sleep_of_hours(make_node: MakeNode, broker: ScriptedBroker) -> None:
    node = make_node(options=FAST, MAX_AWAKE_S=60, BROKER=broker.address, WAKE_EVERY_S=EVERY_S)
    for code in (1, 2, 4, 5):
        broker.code = code
        wake, asleep_s = slept(node)
        assert f"(code {code})" in wake.output
        assert asleep_s == pytest.approx(6 * 3600 + EVERY_S, rel=0.01)
    broker.code = 0
    wake, asleep_s = slept(node)
    assert "delivered 5" in wake.output and asleep_s < 2 * EVERY_S


def test_a_server_that_is_unavailable_is_tried_again_later_and_later(make_node: MakeNode, broker: ScriptedBroker) -> None:
    broker.code = 3
    node = make_node(options=FAST, MAX_AWAKE_S=60, BROKER=broker.address, WAKE_EVERY_S=EVERY_S)
    sleeps = []
    for fails in range(1, 7):
        wake, asleep_s = slept(node)
        assert "server unavailable" in wake.output
        assert asleep_s <= EVERY_S + max(EVERY_S << fails, wake.awake_ms * 16 / 1000 * 2**fails)
        sleeps.append(asleep_s)
    assert max(sleeps[3:]) > 2 * EVERY_S  # of up to 16, 32, 64 intervals more
    broker.code = 0
    wake, asleep_s = slept(node)
    assert "delivered 7" in wake.output and asleep_s < 2 * EVERY_S
    assert [record.dup for record in broker.last.readings()] == [True] * 6 + [False]


def test_throttled_is_two_minutes_and_then_twice_as_long_and_a_button_changes_nothing(
    make_node: MakeNode, broker: ScriptedBroker
) -> None:
    broker.code = 6
    node = make_node(options=FAST, MAX_AWAKE_S=60, BROKER=broker.address, WAKE_EVERY_S=10)
    for least_s in (120, 240, 480):
        wake, asleep_s = slept(node)
        assert "throttled" in wake.output and least_s <= asleep_s + wake.awake_ms / 1000 < least_s + 90
    broker.code, met = 0, len(broker.connections)
    # Of its eight minutes, somebody presses reset before the last.
    node.clock.skip(-40_000)
    node.wake_by_pin()
    wake, _ = slept(node)
    assert "link" not in phases(wake) and len(broker.connections) == met
    count = 4
    while "link" not in phases(wake) and count < 20:
        wake, _ = slept(node)
        count += 1
    delivered = {record.pid for connection in broker.connections[met:] for record in connection.readings()}
    assert delivered == set(range(1, count + 1))


def test_banned_is_an_hour_at_least(make_node: MakeNode, board: str, broker: ScriptedBroker) -> None:
    broker.code = 7
    # The slots of an hour's interval may be nearer than an hour.
    every_s = 3600 if board == "pyboard_d" else 60
    node = make_node(board, options=FAST, MAX_AWAKE_S=60, BROKER=broker.address, WAKE_EVERY_S=every_s)
    wake, asleep_s = slept(node)
    assert "banned" in wake.output
    while "measure" not in phases(wake := node.run_wake()):
        asleep_s += wake.sleep_ms / 1000
    assert 3600 <= asleep_s <= 3600 + 120


# How many answers the broker gives before it falls silent, what it never answers, and how many of two records are out then.
STALLS = {
    "before CONNACK": (0, set(), 0),
    "after CONNACK": (1, set(), 0),
    "amid the PUBACKs": (2, set(), 1),
    "after the PUBACKs": (3, set(), 2),
    "after SUBACK, without PUBACKs": (None, {PUBLISH, PINGREQ}, 0),
    "before PINGRESP": (None, {PINGREQ}, 2),
}


@pytest.mark.parametrize("where", STALLS)
def test_a_broker_that_stalls_costs_a_wake_and_no_reading(make_node: MakeNode, broker: ScriptedBroker, where: str) -> None:
    node = make_node(options=FAST, MAX_AWAKE_S=60, BROKER=broker.address, NAME="n", WAKE_EVERY_S=EVERY_S)
    broker.code = 3
    slept(node)
    broker.code = 0
    broker.answers, broker.mute, acked = STALLS[where]
    wake, _ = slept(node)
    # The drain ends with its time; what matters is answered.
    assert ("delivered 2" if where == "before PINGRESP" else "upload failed") in wake.output
    broker.answers, broker.mute = None, set()
    wake, _ = slept(node)
    assert f"delivered {3 - acked}" in wake.output
    seen = [record for connection in broker.connections for record in connection.readings()]
    last = seen[acked - 3 :]
    assert [record.pid for record in last] == [1, 2, 3][acked:]
    assert [record.dup for record in last] == [True] * (2 - acked) + [False]
    # A record is the same each time: text, and identifier.
    assert len({(record.pid, record.payload) for record in seen}) == 3


def test_a_missing_puback_keeps_its_record_alone(make_node: MakeNode, board: str, broker: ScriptedBroker) -> None:
    broker.mute = {PUBLISH}
    node = make_node(board, options=FAST, MAX_AWAKE_S=60, BROKER=broker.address, WAKE_EVERY_S=EVERY_S)
    assert "upload failed" in slept(node)[0].output
    broker.mute = set()
    seen = len(broker.connections)
    node.run_wake()
    while len(broker.connections) == seen:
        node.run_wake()
    one, two = broker.last.readings()
    assert (one.pid, one.dup, two.pid, two.dup) == (1, True, 2, False)
    assert b'"seq":1' in one.payload and b'"seq":2' in two.payload


def test_a_record_that_mqtt_5_refuses_stays_and_goes_again(make_node: MakeNode) -> None:
    with ScriptedBroker(modern=True) as broker:
        broker.reason = 0x97  # quota exceeded (MQTT 5 section 3.4.2.1)
        node = make_node(options=FAST, MAX_AWAKE_S=60, BROKER=broker.address, NAME="n", MQTT5=True, WAKE_EVERY_S=EVERY_S)
        wake, _ = slept(node)
        assert "upload failed: MQTT5Error quota exceeded" in wake.output
        broker.reason = 0x10  # no matching subscribers: it is taken
        assert "delivered 2" in slept(node)[0].output
        broker.reason = 0
        assert "delivered 1" in slept(node)[0].output
        assert [[record.pid for record in seen.readings()] for seen in broker.connections] == [[1], [1, 2], [3]]


def test_a_refused_subscription_neither_stops_the_readings_nor_is_asked_for_each_time(
    make_node: MakeNode, broker: ScriptedBroker
) -> None:
    broker.refuse = {"dormouse/all/set"}
    node = make_node(options=FAST, MAX_AWAKE_S=60, BROKER=broker.address, NAME="n", WAKE_EVERY_S=EVERY_S)
    for _ in range(3):
        assert "delivered 1" in slept(node)[0].output
    assert ["dormouse/all/set" in seen.filters for seen in broker.connections] == [True, False, False]
    assert all("dormouse/n/set" in seen.filters for seen in broker.connections)
    broker.refuse = {"dormouse/all/set", "dormouse/n/set"}
    for _ in range(2):
        assert "delivered 1" in slept(node)[0].output
    assert [SUBSCRIBE in seen.kinds for seen in broker.connections[-2:]] == [True, False]
    assert broker.last.kinds[0] == CONNECT and broker.last.kinds[-1] == DISCONNECT
    # After 63 uploads, or a power-up, it is asked again: rights change.
    node.power_cycle()
    while "mqtt" not in phases(slept(node)[0]):
        pass  # a cold boot spreads itself
    assert len(broker.last.filters) == 2


THROTTLING = """

def subscriptions(template, name):
    return [("me/throttle", 1)]


def heard(memory, topic, payload, retain, dup):
    from node import throttle

    throttle.take(memory.state, payload)
"""


def test_a_throttle_message_is_obeyed_over_sleeps_and_doubles(
    make_node: MakeNode, mosquitto: Any, listener: Listener
) -> None:
    service = (ROOT / "src/node/services/plain.py").read_text() + THROTTLING
    extra = {
        "/lib/node/services/plain.py": service.encode(),
        "/lib/node/throttle.py": (ROOT / "src/node/throttle.py").read_bytes(),
    }
    node = make_node(options=FAST, MAX_AWAKE_S=60, BROKER=f"{mosquitto.host}:{mosquitto.port}", WAKE_EVERY_S=10, extra=extra)
    listener.client.unsubscribe("#")  # it takes JSON alone
    listener.publish("me/throttle", b"data rate limit reached, 700 seconds until throttle released", retain=True)
    wake, asleep_s = slept(node)
    # What was delivered is; what comes next waits.
    assert "delivered 1" in wake.output and 700 <= asleep_s + wake.awake_ms / 1000 < 800
    node.clock.skip(-30_000)
    node.wake_by_pin()
    assert "link" not in phases(slept(node)[0])
    listener.publish("me/throttle", b"data rate limit reached, 5 seconds until throttle released", retain=True)
    waits: list[float] = []
    for _ in range(20):
        wake, asleep_s = slept(node)
        if "link" in phases(wake):
            waits.append(asleep_s)
        if len(waits) == 2:
            break
    assert waits[0] >= 235 and waits[1] >= 475  # the second and third in a row
    listener.publish("me/throttle", b"", retain=True)
    wake, asleep_s = slept(node)
    assert "link" in phases(wake) and asleep_s < 20
