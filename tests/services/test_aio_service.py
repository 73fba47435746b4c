"""A node and Adafruit IO: the service on the virtual board, a stand-in for its broker, what users see in their feeds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

from adafruit_io import AdafruitIO
from nodes import MakeNode

LATE_S = 300  # what drift and a slow computer come to in hours, of ten minutes and more from one reading to the next
CREDENTIALS = b'WIFI = (("dormouse", "sleep-tight"),)\nUSER = "anna"\nPASSWORD = "aio_secret"\n'
AIR = {"air": {"driver": "sht4x"}}


@pytest.fixture
def io() -> Iterator[AdafruitIO]:
    with AdafruitIO(refuse_s=5 / 8) as made:  # the 5 s of the real one, as fast as the board
        yield made


def device(
    make_node: MakeNode, io: AdafruitIO, credentials: bytes = CREDENTIALS, speed: int = 8, heap: str = "", **changes: object
) -> Any:
    changes = {"SENSORS": AIR, "BATTERY": None, "TOPIC": "{user}/groups/{name}", "WAKE_EVERY_S": 600, **changes}
    options = {"speed": speed, "heap": heap} if heap else {"speed": speed}
    node = make_node(
        options=options, credentials=credentials, BROKER=io.url, SERVICE="adafruit", NAME="kitchen", MAX_AWAKE_S=60,
        **changes,
    )  # fmt: skip
    io.now = io.time_s = lambda: node.now_s
    return node


def slept(node: Any) -> Any:
    wake = node.run_wake()
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    assert "Traceback" not in wake.output, wake.output
    return wake


def uploads(node: Any, most: int = 30) -> Any:
    """Wakes until one has the radio on."""
    for _ in range(most):
        wake = slept(node)
        if "mqtt" in [phase[0] for phase in wake.phases]:
            return wake
    raise AssertionError("no upload")


def test_a_group_s_feeds_and_a_command_by_get(make_node: MakeNode, io: AdafruitIO) -> None:
    io.put("anna/f/kitchen.set", '{"id": 1, "wake_every_s": 120}')
    node = device(make_node, io)
    wake = slept(node)
    assert "delivered 1" in wake.output
    temperature, humidity = io.account.values("kitchen.air-temperature-c"), io.account.values("kitchen.air-humidity-pct")
    assert len(temperature) == len(humidity) == 1 and -40 < float(temperature[0]) < 60
    assert io.account.values("kitchen.status") == ["online"]  # for somebody at USB, after a power-up
    assert "boots" in json.loads(io.account.values("kitchen.log")[0])
    # Heard, obeyed, and the answer in its place: the next wake is not asked to do it again.
    assert wake.sleep_ms <= 185_000  # to the slot after the next, at most
    assert json.loads(io.account.values("kitchen.set")[-1]) == {"id": 1, "ok": True}
    slept(node)
    assert len(io.account.values("kitchen.set")) == 2 and io.account.values("kitchen.status")[-1] == "sleeping"
    # The same words again are another command, and one that is obeyed once may be among them.
    io.put("anna/f/kitchen.set", '{"id": 1, "wake_every_s": 600, "upload_now": true}')
    slept(node)
    assert json.loads(io.account.values("kitchen.set")[-1]) == {"id": 1, "ok": True}
    # Nothing of it was wrong, each login one of its own.
    assert io.told == [] and io.account.rejected == 0
    assert {code for _, code in io.logins} == {0} and len(io.logins) == 3


def test_one_feed_takes_the_reading_as_json(make_node: MakeNode, io: AdafruitIO) -> None:
    slept(device(make_node, io, TOPIC="{user}/f/{name}"))
    assert json.loads(io.account.values("kitchen")[0])["air"].keys() == {"temperature_c", "humidity_pct"}
    assert io.account.values("kitchen-status") == ["online"] and io.told == []


@pytest.mark.parametrize("topic", ["{user}/groups/{name}", "{user}/feeds/{name}"])
def test_the_last_will_is_a_word_on_the_status_feed(make_node: MakeNode, io: AdafruitIO, topic: str) -> None:
    node = device(make_node, io, TOPIC=topic)
    io.account.login = lambda *_: 0  # type: ignore[method-assign]
    wills = []
    said = io._login

    async def login(*streams: Any) -> Any:
        client = await said(*streams)
        wills.append(client.said.will)
        return client

    io._login = login  # type: ignore[method-assign]
    slept(node)
    assert io.account.publish("x", *wills[0], 0)[0].value == "lost"
    assert io.account.stored[-1].feed == ("kitchen.status" if "groups" in topic else "kitchen-status")


def seconds(late: str) -> float:
    return datetime.strptime(late, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()


def test_an_outage_comes_late_with_its_times_a_part_at_a_time(make_node: MakeNode, io: AdafruitIO) -> None:
    node = device(make_node, io, BATTERY={"type": "lipo", "mah": 1000})
    slept(node)
    node.world.wifi.ap_present = False
    taken = []
    for _ in range(7):
        wake = slept(node)
        taken.append(node.now_s - wake.sleep_ms / 1000)
    node.world.wifi.ap_present = True
    delivered = [int(uploads(node).output.partition("delivered ")[2].split()[0]) for _ in range(2)]
    # Four fields each: twenty points an upload, and never more than the account may have.
    assert delivered == [5, 4] and io.told == [] and io.account.rejected == 0
    for field in ("air-humidity-pct", "battery-voltage-v"):
        late = [point.late for point in io.account.stored if point.feed == f"kitchen.{field}"]
        assert [bool(text) for text in late] == [False] + [True] * 8 + [False]
        for text, at in zip(late[1:], taken, strict=False):
            assert text and abs(seconds(text) - at) < LATE_S


def test_what_was_sent_while_throttled_is_sent_again(make_node: MakeNode, io: AdafruitIO) -> None:
    node = device(make_node, io, WAKE_EVERY_S=60)
    slept(node)
    io.account.points = 0  # somebody else has used them all
    wake = slept(node)
    assert "data rate limit reached" in wake.output and "seconds until throttle released" in wake.output
    assert io.account.rejected and len(io.account.values("kitchen.air-temperature-c")) == 1
    assert wake.sleep_ms >= 110_000  # two minutes at least, from the broker's word on
    rejected = io.account.rejected
    second = uploads(node)
    assert second.sleep_ms >= 230_000 and io.account.rejected > rejected
    io.account.points = 100
    for _ in range(9):
        wake = slept(node)
        if "delivered" in wake.output:
            break
    # Whatever was measured meanwhile is there.
    count = int(wake.output.partition("delivered ")[2].split()[0])
    assert count >= 3 and len(io.account.values("kitchen.air-temperature-c")) == 1 + count


def test_banned_is_an_hour_and_too_many_logins_two_minutes(make_node: MakeNode, io: AdafruitIO) -> None:
    node = device(make_node, io, WAKE_EVERY_S=60)
    for code, least_s, word in ((7, 3500, "banned"), (6, 230, "throttled")):
        io.account.login = lambda *_, code=code: code  # type: ignore[method-assign]
        wake = uploads(node)
        assert f"upload failed: MQTTError {word}" in wake.output, wake.output
        assert wake.sleep_ms / 1000 >= least_s
    # One attempt each: the answer takes 5 s, and a second attempt would count.
    assert [code for _, code in io.logins] == [7, 6]


def test_a_topic_that_is_none_is_named_and_tried_seldom(make_node: MakeNode, io: AdafruitIO) -> None:
    io.account.groups = {"elsewhere"}
    node = device(make_node, io)
    wake = slept(node)
    assert "PUBLISH anna/groups/kitchen rejected, resource not available or not authorized" in wake.output
    assert wake.sleep_ms >= 3600_000
    io.account.groups = {"kitchen"}
    uploads(node)
    assert len(io.account.values("kitchen.air-temperature-c")) >= 2


def test_a_ban_by_the_errors_topic(make_node: MakeNode, io: AdafruitIO) -> None:
    node = device(make_node, io, WAKE_EVERY_S=60)
    slept(node)
    real = io.account.publish
    told: list[int] = []

    def publish(*args: Any) -> Any:
        if not told:
            told.append(1)
            io.account.tell("errors", "enforcement limit reached, your account is banned for 90 seconds")
        return real(*args)

    io.account.publish = publish  # type: ignore[method-assign]
    wake = slept(node)
    assert "banned for 90 seconds" in wake.output and "delivered 0" in wake.output
    assert wake.sleep_ms >= 110_000
    uploads(node)
    # The reading of that wake too; whether the service had stored it was not to be known.
    assert len(io.account.values("kitchen.air-temperature-c")) == 4


def test_a_wrong_key_is_six_hours(make_node: MakeNode, io: AdafruitIO) -> None:
    wake = slept(device(make_node, io, CREDENTIALS.replace(b"aio", b"oia")))
    assert "upload failed: MQTTError" in wake.output and wake.sleep_ms > 3600_000


def test_without_a_time_server_the_service_tells_the_time(make_node: MakeNode, io: AdafruitIO) -> None:
    node = device(make_node, io, speed=2, WAKE_EVERY_S=600)
    node.world.ntp.mode = "silent"
    wake = slept(node)
    assert "delivered 1" in wake.output
    begun = node.now_s
    node.world.wifi.ap_present = False
    slept(node)
    node.world.wifi.ap_present = True
    uploads(node)
    late = [seconds(point.late) for point in io.account.stored if point.late]
    # Of the wake without a network: to the second, but for a slow computer.
    assert late and all(begun - LATE_S < at < begun + LATE_S for at in late)


def test_a_small_heap(make_node: MakeNode, io: AdafruitIO) -> None:
    """4 KiB more than tests/wakes/test_small_heap.py has for the plain service: 64 bits, about half of it on a board."""
    io.put("anna/f/kitchen.set", '{"id": 1, "wake_every_s": 120}')
    node = device(make_node, io, heap="52K")
    for count in range(5):
        node.world.wifi.ap_present = count not in (1, 2)
        assert "MemoryError" not in slept(node).output
    assert len(io.account.values("kitchen.air-temperature-c")) >= 4
    assert json.loads(io.account.values("kitchen.set")[-1]) == {"id": 1, "ok": True}
