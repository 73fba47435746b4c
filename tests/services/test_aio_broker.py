"""The stand-in for Adafruit IO by itself: each of its rules, seen by paho. Sources: tests/support/adafruit_io/__init__.py."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import paho.mqtt.client as paho
import pytest

from adafruit_io import Account, AdafruitIO

# Its second version of callbacks has no words for the codes 6 and 7.
pytestmark = pytest.mark.filterwarnings("ignore:Callback API version 1")


class Someone:
    """A client of paho's. code: CONNACK's; heard: what came."""

    def __init__(self, broker: AdafruitIO, name: str, key: str = "aio_secret", will: tuple[str, str] | None = None) -> None:
        self.heard: list[tuple[str, str]] = []
        self.granted: list[int] = []
        self.code: int | None = None
        self.gone = False
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION1, name, reconnect_on_failure=False)
        self.client.username_pw_set("anna", key)
        if will:
            self.client.will_set(*will)
        self.client.on_connect = lambda _c, _u, _f, code: setattr(self, "code", code)
        self.client.on_disconnect = lambda *_: setattr(self, "gone", True)
        self.client.on_message = lambda _c, _u, m: self.heard.append((m.topic, m.payload.decode()))
        self.client.on_subscribe = lambda _c, _u, _m, granted: self.granted.extend(granted)
        self.client.connect(broker.host, broker.port, keepalive=60)
        self.client.loop_start()
        until(lambda: self.code is not None)

    def subscribe(self, *topics: str) -> Someone:
        before = len(self.granted)
        self.client.subscribe([(topic, 1) for topic in topics])
        until(lambda: len(self.granted) == before + len(topics))
        return self

    def say(self, topic: str, payload: str = "1", qos: int = 1, **more: Any) -> None:
        self.client.publish(topic, payload, qos, **more).wait_for_publish(5)


def until(true: Callable[[], bool], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture
def broker() -> Iterator[AdafruitIO]:
    with AdafruitIO(refuse_s=0.1, tick_s=0.1) as made:
        at = [0.0]
        made.now = lambda: at[0]
        made.skip = lambda seconds: at.__setitem__(0, at[0] + seconds)  # type: ignore[attr-defined]
        yield made


def test_feeds_and_groups_in_all_their_forms(broker: AdafruitIO) -> None:
    one = Someone(broker, "one").subscribe("anna/f/+", "anna/groups/kitchen", "anna/feeds/kitchen.c/json")
    one.say("anna/g/kitchen", '{"feeds":{"c":21.5,"pct":40}}')
    until(lambda: len(one.heard) == 5)
    assert sorted(one.heard) == sorted([
        ("anna/f/kitchen.c", "21.5"), ("anna/f/kitchen.pct", "40"), ("anna/feeds/kitchen.c/json", '{"value": "21.5"}'),
        ("anna/groups/kitchen", '{"feeds": {"c": "21.5"}}'), ("anna/groups/kitchen", '{"feeds": {"pct": "40"}}'),
    ])  # fmt: skip
    one.say("anna/feeds/lone", '{"value":{"a": 1},"created_at":"2026-01-02T03:04:05Z"}')
    until(lambda: ("anna/f/lone", '{"a":1}') in one.heard)
    assert broker.account.stored[-1].late == "2026-01-02T03:04:05Z"


def test_the_key_is_asked_for(broker: AdafruitIO) -> None:
    assert [Someone(broker, "a", "wrong").code, Someone(broker, "b").code] == [4, 0]


def test_nothing_is_retained_and_get_gives_the_last_value_to_who_asks(broker: AdafruitIO) -> None:
    one, other = Someone(broker, "one"), Someone(broker, "other").subscribe("anna/f/door")
    one.say("anna/f/door", "open", retain=True)
    until(lambda: bool(other.heard))
    one.subscribe("anna/f/door")
    assert one.heard == []
    one.say("anna/f/door/get", "?")
    until(lambda: one.heard == [("anna/f/door", "open")])
    assert other.heard == [("anna/f/door", "open")]


def test_thirty_points_a_minute_a_group_s_each_then_throttle_with_its_words(broker: AdafruitIO) -> None:
    one = Someone(broker, "one").subscribe("anna/throttle")
    for _ in range(7):  # five points each: the seventh is too much
        one.say("anna/groups/kitchen", json.dumps({"feeds": dict.fromkeys("abcde", 1)}))
    until(lambda: bool(one.heard))
    assert one.heard == [("anna/throttle", "anna data rate limit reached, 60 seconds until throttle released")]
    assert len(broker.account.stored) == 30 and broker.account.rejected == 1
    broker.skip(61)  # type: ignore[attr-defined]
    one.say("anna/f/kitchen.a")
    until(lambda: len(broker.account.stored) == 31)


def test_bans_last_longer_each_time_and_shut_out_all(broker: AdafruitIO) -> None:
    one = Someone(broker, "one").subscribe("anna/errors")
    for seconds in (30, 60):
        for _ in range(10):
            one.say("homeassistant/sensor/x/config")
        said = f"enforcement limit reached, your account is banned for {seconds} seconds"
        until(lambda said=said: ("anna/errors", said) in one.heard)
        told = "one 127.0.0.1 PUBLISH homeassistant/sensor/x/config rejected, not a valid resource topic"
        assert one.heard.count(("anna/errors", told)) == 10
        one.heard.clear()
        one.say("anna/f/door")
        until(lambda: bool(one.heard))
        assert one.heard[0][1] == "one 127.0.0.1 PUBLISH anna/f/door rejected, user is temporarily blocked"
        assert Someone(broker, "other").code == 7
        broker.skip(seconds + 61)  # type: ignore[attr-defined]
    assert Someone(broker, "other").code == 0


def test_twenty_logins_a_minute_then_six_late_and_a_ban(broker: AdafruitIO) -> None:
    codes = [broker.account.login("anna", "aio_secret", 0) for _ in range(20)]
    begun = time.monotonic()
    assert codes == [0] * 20 and Someone(broker, "one").code == 6
    assert time.monotonic() - begun >= 0.1
    assert Someone(broker, "one").code == 7
    broker.skip(61)  # type: ignore[attr-defined]
    assert Someone(broker, "one").code == 0


def test_a_hundred_subscribes_a_minute_and_ten_that_fail() -> None:
    account = Account()
    assert all(account.subscribe("n", "anna/f/door", 0) for _ in range(100)) and not account.subscribe("n", "anna/f/door", 0)
    assert "made too many requests" in account.said[0][1] and account.until == 30
    other = Account()
    assert not any(other.subscribe("n", topic, 0) for topic in ["bob/f/x", "a/b/c/d/e", "anna/throttle/x", "bob/errors"] * 3)
    assert other.until == 30 and "not available or not authorized" in other.said[0][1]


def test_a_second_client_of_one_id_ends_the_first(broker: AdafruitIO) -> None:
    one = Someone(broker, "same")
    assert Someone(broker, "same").code == 0
    until(lambda: one.gone)


def test_qos_2_is_not_to_be_had(broker: AdafruitIO) -> None:
    one = Someone(broker, "one")
    one.client.publish("anna/f/door", "1", 2)
    until(lambda: one.gone)
    assert broker.account.stored == []


_FEED, _GROUP = ("anna/f/door", "lost"), ("anna/g/kitchen", '{"feeds":{"status":"lost"}}')


@pytest.mark.parametrize(
    ("topic", "payload", "how"), [(*_FEED, "lost"), (*_GROUP, "lost"), (*_FEED, "back"), (*_GROUP, "goodbye")]
)
def test_the_will_on_a_feed_or_a_group_when_the_keepalive_is_over(
    broker: AdafruitIO, topic: str, payload: str, how: str
) -> None:
    one = Someone(broker, "one", will=(topic, payload))
    if how == "goodbye":
        one.client.disconnect()
    else:
        one.client.socket().close()  # type: ignore[union-attr]
    until(lambda: not broker._clients)
    broker.skip(59)  # type: ignore[attr-defined]
    broker.settle()
    assert broker.account.stored == []
    if how == "back":
        Someone(broker, "one")
    broker.skip(2)  # type: ignore[attr-defined]
    broker.settle()
    assert [point.value for point in broker.account.stored] == (["lost"] if how == "lost" else [])


def test_time_seconds_comes_by_itself(broker: AdafruitIO) -> None:
    broker.time_s = lambda: 1795214385.7
    one = Someone(broker, "one").subscribe("time/seconds")
    until(lambda: len(one.heard) >= 2)
    assert set(one.heard) == {("time/seconds", "1795214385")}
