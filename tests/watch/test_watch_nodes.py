"""The model of a fleet: what docs/messages.md promises, and what a watcher may conclude."""

from __future__ import annotations

import itertools
import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from dormouse.errors import UsageError
from dormouse.watching import lines, nodes, table
from dormouse.watching.nodes import Fleet, Node
from dormouse.watching.topics import LEAVES, Topics
from node import backoff

ROOT = Path(__file__).resolve().parents[2]
T = 1_795_000_000.0


class Talk:
    """A node that talks to a fleet."""

    def __init__(self, *names: str) -> None:
        self.fleet = Fleet(Topics("dormouse/{name}"), names)

    def say(self, leaf: str, at: float, retain: bool = False, name: str = "a", **message: Any) -> Any:
        return self.fleet.take(f"dormouse/{name}/{leaf}", json.dumps(message).encode(), at, retain)

    def sleeps(self, at: float, wake_at: float | None, every: int = 900, retain: bool = False, **more: Any) -> Any:
        said = more.pop("time", at if wake_at else None)
        return self.say(
            "status", at, retain, state=more.pop("state", "sleeping"), time=said, wake_at=wake_at, wake_every_s=every, **more
        )

    @property
    def node(self) -> Node:
        return self.fleet.nodes["a"]


def test_a_reading_that_comes_twice_is_told_and_counted_once() -> None:
    talk = Talk()
    first = talk.say("readings", T, seq=7, boot=2, time=T, air={"temperature_c": 1.5})
    assert first["event"] == "reading" and not first["late"] and first["reading"]["air"] == {"temperature_c": 1.5}
    assert talk.say("readings", T + 1, seq=7, boot=2, time=T, air={"temperature_c": 1.5}) is None
    assert talk.say("history", T + 2, seq=7, boot=2, time=T) is None
    assert (talk.fleet.readings, talk.fleet.twice) == (1, 2)


def test_late_readings_count_fill_gaps_and_do_not_replace_the_newest() -> None:
    talk = Talk()
    talk.say("readings", T, seq=1, boot=1, x={"v": 1})
    talk.say("readings", T + 9, seq=4, boot=1, x={"v": 4})
    assert talk.fleet.gaps == 2
    assert talk.say("history", T + 9, seq=2, boot=1, x={"v": 2})["late"]
    assert (talk.fleet.gaps, talk.fleet.readings, talk.node.reading["x"]) == (1, 3, {"v": 4})


def test_late_is_not_missing_until_an_interval_after_the_longest_backoff() -> None:
    talk = Talk()
    talk.sleeps(T, T + 900)
    node, grace = talk.node, talk.node.grace_s()
    assert 60 <= grace < 180
    assert node.state(T + 900 + grace) == nodes.ASLEEP
    assert node.state(T + 901 + grace) == nodes.LATE
    longest = max(backoff.extra_s(kind, fails, 900, (1 << 24) - 1, 60000) for kind in range(1, 9) for fails in range(1, 40))
    assert longest <= nodes.LONGEST_BACKOFF_S == 6 * 3600
    assert "at most six hours" in (ROOT / "docs/messages.md").read_text()
    # A wake that fails, and then the longest sleep after it: still alive.
    assert node.state(T + 900 + longest + 900 + grace) == nodes.LATE
    assert node.state(T + 900 + nodes.LONGEST_BACKOFF_S + 901 + grace) == nodes.MISSING


def test_missed_uploads_are_counted_and_stay_counted() -> None:
    talk = Talk()
    talk.sleeps(T, T + 900)
    assert [talk.node.missed_in_all(T + 900 + s) for s in (0, 200, 900 + 200, 1800 + 200)] == [0, 1, 2, 3]
    talk.sleeps(T + 900 + 2000, T + 900 + 2900)
    assert talk.node.missed_in_all(T + 900 + 2000) == 3
    assert talk.node.state(T + 3000) == nodes.ASLEEP


def test_what_is_due_is_the_upload_not_each_wake() -> None:
    talk = Talk()
    talk.sleeps(T, T + 60, 60, upload_at=T + 600)
    assert (talk.node.due, talk.node.period_s) == (T + 600, 600)
    assert talk.node.missed_in_all(T + 500) == 0


def test_a_wrong_clock_on_either_side_makes_nobody_late() -> None:
    talk = Talk()
    talk.sleeps(T, T - 5000 + 900, time=T - 5000)
    assert talk.node.due == T + 900


def test_a_node_without_a_clock_is_due_by_what_it_did() -> None:
    talk = Talk()
    talk.sleeps(T, None, 60)
    assert talk.node.due is None
    # Four readings in each upload: it uploads every fourth wake.
    for upload in range(1, 4):
        for seq in range(4):
            talk.say("readings", T + 240 * upload, seq=4 * upload + seq, boot=1)
        talk.sleeps(T + 240 * upload, None, 60)
    assert talk.node.due == T + 720 + 240
    assert [talk.node.missed_in_all(T + 960 + s) for s in (0, 100, 400)] == [0, 1, 2]


def test_of_a_retained_status_without_a_clock_nothing_is_concluded() -> None:
    talk = Talk()
    talk.sleeps(T, None, 60, retain=True)
    assert (talk.node.due, talk.node.missed_in_all(T + 1e6), talk.node.state(T + 1e6)) == (None, 0, nodes.ASLEEP)


def test_what_the_broker_retained_and_repeats_is_no_news() -> None:
    talk = Talk()
    assert talk.sleeps(T - 100, T + 800, retain=True)["retained"]
    assert talk.sleeps(T - 100, T + 800, retain=True) is None
    assert talk.node.seen == T - 100
    report = {"firmware": "0.1.0", "failures": {"link": 2}}
    assert talk.say("report", T, True, **report)
    assert talk.say("report", T + 5, True, **report) is None
    assert talk.say("report", T + 9, False, **report)
    assert talk.node.failures == {"link": 4}


def test_the_brokers_last_word_and_staying_awake() -> None:
    talk = Talk()
    talk.sleeps(T, T + 900)
    talk.say("status", T + 5, state="lost", time=T)
    assert talk.node.state(T + 6) == nodes.LOST and talk.node.due == T + 900
    assert talk.node.state(T + 1e6) == nodes.MISSING
    talk.sleeps(T + 10, T + 900, state="online", until=T + 300)
    assert [talk.node.state(T + s) for s in (20, 299, 301)] == [nodes.AWAKE, nodes.AWAKE, nodes.ASLEEP]


def test_an_upload_without_its_status_is_not_late() -> None:
    talk = Talk()
    talk.sleeps(T, T + 900)
    talk.say("readings", T + 903, seq=2, boot=1)
    assert talk.node.due == T + 1800 and talk.node.missed_in_all(T + 1800) == 0


def test_becoming_late_and_missing_is_told_once_each() -> None:
    talk = Talk()
    talk.sleeps(T, T + 900)
    told = [event["event"] for at in range(0, 40000, 60) for event in talk.fleet.look(T + at)]
    assert told == ["late", "missing"]
    talk.sleeps(T + 40000, T + 40900)
    assert [event["event"] for at in range(40000, 43000, 60) for event in talk.fleet.look(T + at)] == ["late"]


def test_only_the_nodes_asked_for_and_those_that_never_spoke_too() -> None:
    talk = Talk("a", "b")
    assert talk.say("readings", T, name="c", seq=1, boot=1) is None
    assert talk.say("readings", T, seq=1, boot=1)
    assert sorted(talk.fleet.nodes) == ["a", "b"] and talk.fleet.nodes["b"].state(T) == nodes.UNKNOWN


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(LEAVES), st.one_of(st.binary(max_size=40), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["seq", "boot", "time", "state", "wake_at", "upload_at", "wake_every_s", "until", "failures", "battery",
                         "event", "node", "at", "percent", "voltage_v", "dropped", "x"]), inner, max_size=5), max_leaves=8,
).map(lambda value: json.dumps(value).encode())))  # fmt: skip
def test_nothing_that_anybody_publishes_breaks_it(leaf: str, payload: bytes) -> None:
    fleet = Fleet(Topics("dormouse/{name}"))
    for at, retain in ((T, True), (T + 5, False), (T + 1e5, False)):
        event = fleet.take(f"dormouse/a/{leaf}", payload, at, retain)
        for told in (*([event] if event else ()), *fleet.look(at)):
            assert told["node"] == "a"
            assert lines.line(told).isprintable()
            json.dumps(told)
        out = StringIO()
        Console(file=out, width=150).print(table.draw(fleet, at, 150, 20))
        assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize("template", ["dormouse/{name}", "home/node-{name}/x", "{name}", "a/+", "n/{user}/{name}"])
def test_filters_and_topics_agree(template: str) -> None:
    topics = Topics(template)
    (filters,) = topics.filters(LEAVES)
    for leaf, text in zip(LEAVES, filters):
        topic = topics.base("shed") + "/" + leaf
        assert topics.split(topic) == ("shed", leaf)
        assert re.fullmatch(text.replace("+", "[^/]+"), topic)
        one = [text for text in topics.filters(LEAVES, ("shed",))[0] if re.fullmatch(text.replace("+", "[^/]+"), topic)]
        assert len(one) == 1 and "shed" in one[0]
    assert topics.split(topics.base("shed") + "/set") is None
    assert topics.split(topics.base("all") + "/status") is None
    if "{user}" not in template:
        assert topics.split(topics.base("a/b") + "/status") is None


def test_nodes_of_other_users_have_the_users_name_and_topic() -> None:
    topics = Topics("nodes/{user}/{name}", user="anna")
    assert topics.filters(("status",)) == [["nodes/+/+/status"]]
    assert [topics.split(f"nodes/{words}/status") for words in ("anna/shed", "bob/shed", "hut/hut", "anna/all")] == [
        ("shed", "status"), ("bob/shed", "status"), ("hut", "status"), None,
    ]  # fmt: skip
    assert [topics.base(node) for node in ("shed", "bob/shed", "hut", "new")] == [
        "nodes/anna/shed", "nodes/bob/shed", "nodes/hut/hut", "nodes/anna/new",
    ]  # fmt: skip
    assert topics.everybody() == ["nodes/anna/all", "nodes/bob/all", "nodes/hut/all"]
    # Asked for by its name alone, whoever's it is.
    reader = Topics("nodes/{user}/{name}", user="reader")
    assert reader.filters(("status",), ("shed", "bob/hut")) == [["nodes/+/shed/status"], ["nodes/bob/hut/status"]]
    assert reader.split("nodes/anna/shed/status") == ("shed", "status") and reader.base("shed") == "nodes/anna/shed"


def test_a_topic_without_a_name_has_one_node() -> None:
    topics = Topics("home/garden")
    assert topics.filters(("status",), ("x",)) == [["home/garden/status"]]
    assert topics.split("home/garden/status") == ("garden", "status")


@pytest.mark.parametrize("template", ["", "/", "a/#/b", "{name}/{name}", "a/{x}", "{user}{user}"])
def test_wrong_topics_are_refused(template: str) -> None:
    with pytest.raises(UsageError, match="allowed: a topic with"):
        Topics(template)


def test_the_table_never_exceeds_the_terminal_and_shows_trouble_first() -> None:
    talk = Talk()
    for number in range(40):
        talk.sleeps(T, T + 900)
        name = f"node-{number:02}"
        wake_at = T + (100 if number == 33 else 90000)
        talk.say("status", T, name=name, state="sleeping", time=T, wake_at=wake_at, wake_every_s=60)
        battery = {"voltage_v": 3.9, "percent": 70}
        talk.say("readings", T, name=name, seq=1, boot=1, air={"temperature_c": 21.25}, battery=battery)
    for width, height in itertools.product((60, 80, 100, 120, 200), (8, 24, 100)):
        console = Console(width=width, height=height, record=True, file=StringIO())
        console.print(table.draw(talk.fleet, T + 400, width, height, "title"))
        drawn = console.export_text().splitlines()
        assert len(drawn) <= height and max(map(len, drawn)) <= width, (width, height)
        rows = [line.split()[0] for line in drawn if line.strip().startswith(("node-", "a "))]
        assert rows[0] == "node-33"
        hidden = 41 - len(rows)
        assert (f"{hidden} not shown" in drawn[-1] + drawn[-2]) == bool(hidden)


@pytest.mark.parametrize("time", ["1e300", "-1e15", "NaN", "Infinity", "900000000000"])
def test_a_time_that_is_none_ends_no_watch(time: str) -> None:
    fleet = Fleet(Topics("dormouse/{name}"))
    said = f'{{"state":"sleeping","time":{time},"wake_at":{time},"upload_at":{time},"wake_every_s":900}}'
    for leaf, payload in (
        ("status", said),
        ("history", f'{{"seq":1,"time":{time}}}'),
        ("readings", f'{{"seq":2,"time":{time}}}'),
    ):
        event = fleet.take(f"dormouse/a/{leaf}", payload.encode(), T)
        assert event
        assert "?" in lines.line(event) or leaf == "readings"
    list(fleet.look(T + 1))
    Console(file=StringIO()).print(table.draw(fleet, T + 1, 120, 40))
