"""``dormouse check`` knows the limits of Adafruit IO: for a node, and for all of an account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adafruit_io import Account
from dormouse import checking, settings
from dormouse.checking import adafruit
from dormouse.constants import ERROR, WARNING, Problem
from node import schedule
from nodes import ROOT
from power.retained import check

RIGHT: dict[str, Any] = {
    "SERVICE": "adafruit", "NAME": "kitchen", "TOPIC": "{user}/groups/{name}", "BATTERY": None,
    "SENSORS": {"air": {"driver": "sht4x"}},
}  # fmt: skip
TEN = {name: {"driver": "sht4x", "bus": (0, 1, at)} for at, name in enumerate("abcdefghij")}  # twenty points


def looked_at(folder: Path, **changes: Any) -> settings.Settings:
    config = folder / "config.py"
    config.write_text(settings.load(ROOT).text(**RIGHT))
    read = settings.load(ROOT, config)
    read.values.update(changes)
    return read


def found(folder: Path, **changes: Any) -> list[Problem]:
    node = looked_at(folder, **changes).node
    return [problem for problem in checking.of_node(node) if problem.kind.startswith("adafruit")]


def test_what_is_right_is_right(tmp_path: Path) -> None:
    for topic in ("{user}/groups/{name}", "{user}/feeds/{name}", "{user}/f/house-{name}", "{user}/g/{name}"):
        assert found(tmp_path, TOPIC=topic) == []
    assert found(tmp_path, SERVICE="plain", TOPIC="dormouse/{name}", MQTT5=True, UPLOAD_EVERY=96) == []


WRONG = [
    ("adafruit-topic", ERROR, {"TOPIC": "dormouse/{name}"}, "allowed with SERVICE 'adafruit': \"{user}/groups"),
    ("adafruit-topic", ERROR, {"TOPIC": "{user}/groups/kitchen"}, "allowed with"),  # two nodes would be one
    ("adafruit-mqtt5", ERROR, {"MQTT5": True}, "allowed with SERVICE 'adafruit': False"),
    ("adafruit-backlog", ERROR, {"UPLOAD_EVERY": 11}, "is 11; allowed: 1 to 10, of readings of 2 points each"),
    ("adafruit-backlog", ERROR, {"SENSORS": TEN, "UPLOAD_EVERY": 2}, "is 2; allowed: 1 to 1"),
    ("adafruit-slow", WARNING, {"UPLOAD_EVERY": 10}, "a backlog stays"),
    ("adafruit-rate", WARNING, {"WAKE_EVERY_S": 10, "SENSORS": dict(list(TEN.items())[:3])}, "48 points a minute"),
    ("adafruit-feeds", WARNING, {"SENSORS": dict(list(TEN.items())[:4])}, "make 11 feeds with status, set and log"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "level", "changes", "words"), WRONG, ids=lambda it: it if isinstance(it, str) else "")
def test_what_is_wrong_is_named(tmp_path: Path, kind: str, level: str, changes: dict[str, Any], words: str) -> None:
    problems = [problem for problem in found(tmp_path, **changes) if problem.kind == kind]
    assert [(problem.level, words in problem.text) for problem in problems] == [(level, True)], problems


def test_more_points_than_a_minute_has_are_refused(tmp_path: Path) -> None:
    sixteen = {f"s{at}": {"driver": "sht4x", "bus": (0, 1, at)} for at in range(16)}
    problems = [problem for problem in found(tmp_path, SENSORS=sixteen) if problem.level == ERROR]
    assert [problem.text for problem in problems] == ["SENSORS make 32 points; Adafruit IO takes 30 a minute"]


@pytest.mark.parametrize("feed", [True, False])
def test_the_model_counts_what_the_node_sends(tmp_path: Path, feed: bool) -> None:
    # tests/services/test_aio_service.py: status and /get, two fields of the sensor.
    read = looked_at(tmp_path, WAKE_EVERY_S=60, TOPIC="{user}/f/{name}" if feed else "{user}/g/{name}")
    assert adafruit.rate(read.node) == (3 if feed else 4)


@pytest.mark.parametrize(("name", "told"), [("USER", "the name of the account"), ("PASSWORD", "its key")])
def test_no_user_and_no_key(tmp_path: Path, name: str, told: str) -> None:
    read = looked_at(tmp_path)
    secrets = {"WIFI": (("a", "12345678"),), "USER": "anna", "PASSWORD": "aio_secret", name: None}
    path = tmp_path / "credentials.py"
    path.write_text("".join(f"{key} = {value!r}\n" for key, value in secrets.items()))
    problems = settings.check_credentials(read, path)
    assert [told in problem.text for problem in problems if problem.kind == "adafruit-user"] == [True]


def test_a_fleet_is_added_up(tmp_path: Path) -> None:
    def of(count: int, **changes: Any) -> list[str]:
        nodes = [looked_at(tmp_path, **{"NAME": f"n{at}", **changes}).node for at in range(count)]
        return [problem.text for _, problem in checking.of_fleet(nodes) if problem.kind == "adafruit-fleet"]

    assert of(2, WAKE_EVERY_S=600) == []
    assert of(3, WAKE_EVERY_S=600) == ["SENSORS of 3 nodes make 15 feeds; a free account has 10"]
    feeds = {"TOPIC": "{user}/feeds/{name}", "WAKE_EVERY_S": 900}
    assert of(11, **feeds)[0] == "SERVICE in 11 nodes: after a power cut 33 points in one minute; a free account has 30"
    assert of(12, **(feeds | {"WAKE_EVERY_S": 30}))[0].startswith("WAKE_EVERY_S in 12 nodes makes 72 points a minute together")
    assert any("logins" in text for text in of(21, **feeds))
    assert of(21, **(feeds | {"SERVICE": "plain"})) == []


def test_a_fleet_s_slots_keep_within_the_account_s_minute() -> None:
    """Twenty nodes, each an upload of three points in a quarter of an hour, at the slots that their chips give them."""
    rejected = []
    for fleet in range(20):
        account = Account(groups=set())
        chips = [schedule.offset_ms(int.from_bytes(check(bytes([fleet, at])), "little"), 900) for at in range(20)]
        slots = [[schedule.slot_ms(0, turn * 900_000, 900, chip) / 1000 for turn in range(4)] for chip in chips]
        for now, at in sorted((now, at) for at, found in enumerate(slots) for now in found):
            assert account.login("anna", "aio_secret", now) == 0
            for topic in (f"anna/f/n{at}", f"anna/f/n{at}-status", f"anna/f/n{at}-set/get"):
                account.publish(f"n{at}", topic, b"1", now)
        rejected.append(account.rejected)
        assert len(account.stored) == 2 * 4 * 20
    assert rejected == [0] * 20
    # All in one moment they would not be let in.
    account = Account()
    assert [account.login("anna", "aio_secret", 0) for _ in range(21)][-1] == 6
