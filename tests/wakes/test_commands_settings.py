"""Settings that are commanded: applied once, kept over sleeps and power cuts, refused with the allowed range."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nodes import Listener, MakeNode

SET = "dormouse/cmd/set"
ALL = "dormouse/all/set"


def node_of(make_node: MakeNode, broker: Any, board: str = "feather_s2", **changes: object) -> Any:
    options = {"speed": 20, **changes.pop("options", {})}  # type: ignore[dict-item]
    settings = {"NAME": "cmd", "BROKER": f"{broker.host}:{broker.port}", "SENSORS": {}, "BATTERY": None, "MAX_AWAKE_S": 60}
    return make_node(board, options=options, **{**settings, **changes})


def wake_of(node: Any) -> Any:
    """The next wake that measures: a cold boot may spread itself by a sleep before it."""
    for _ in range(3):
        wake = node.run_wake()
        assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
        if "measure" in [phase[0] for phase in wake.phases]:
            return wake
    raise AssertionError(f"no measuring wake: {wake}")


def uploads(node: Any, count: int) -> list[bool]:
    return ["link" in [phase[0] for phase in wake_of(node).phases] for _ in range(count)]


@pytest.mark.parametrize("board", ["pyboard_d", "esp8266"])  # FAT and littlefs
def test_several_settings_at_once_are_kept_over_a_power_cut_and_null_goes_back(
    make_node: MakeNode, board: str, mosquitto: Any, listener: Listener
) -> None:
    node = node_of(make_node, mosquitto, board, WAKE_EVERY_S=600)
    wake_of(node)
    listener.publish(SET, {"id": 1, "wake_every_s": 120, "upload_every": 2})
    assert 59000 < wake_of(node).sleep_ms <= 180000
    assert uploads(node, 1) == [True]  # reading 3
    node.power_cycle()
    assert wake_of(node).sleep_ms <= 180000
    listener.publish(SET, {"id": 2, "wake_every_s": None, "upload_every": None})
    assert uploads(node, 2) == [False, True]
    assert wake_of(node).sleep_ms > 290000
    assert listener.on("result") == [{"id": 1, "ok": True}, {"id": 2, "ok": True}]


def test_a_retained_setting_is_applied_once_even_over_a_power_cut(
    make_node: MakeNode, mosquitto: Any, listener: Listener
) -> None:
    node = node_of(make_node, mosquitto, WAKE_EVERY_S=3600)
    wake_of(node)
    listener.publish(ALL, {"id": "fleet", "wake_every_s": 60}, retain=True)
    assert wake_of(node).sleep_ms <= 90000
    listener.publish(SET, {"id": "own", "wake_every_s": 600}, retain=True)
    assert wake_of(node).sleep_ms > 290000
    node.power_cycle()
    # The broker sends both again: what holds is the newer one, which is not answered again.
    assert wake_of(node).sleep_ms > 290000
    assert [result["id"] for result in listener.on("result")] == ["fleet", "own"]


def test_config_py_takes_precedence_for_the_setting_that_it_changes(
    make_node: MakeNode, mosquitto: Any, listener: Listener, tmp_path: Path
) -> None:
    def deployed(upload_every: int) -> Any:
        options = {"state": tmp_path / "board"}
        return node_of(make_node, mosquitto, options=options, WAKE_EVERY_S=3600, UPLOAD_EVERY=upload_every)

    node = deployed(1)
    wake_of(node)
    listener.publish(SET, {"wake_every_s": 60, "upload_every": 3})
    wake_of(node)
    assert uploads(node, 3) == [False, True, False]  # readings 3, 4, 5
    node.close()
    node = deployed(2)
    assert uploads(node, 3) == [False, True, False]  # readings 6, 7, 8
    assert wake_of(node).sleep_ms <= 90000


def test_refused_commands_are_answered_and_do_not_come_back(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    keep = listener.client.on_message
    listener.client.on_message = lambda c, u, m: None if m.topic == SET else keep(c, u, m)
    node = node_of(make_node, mosquitto, WAKE_EVERY_S=600)
    wake_of(node)
    wrong = {
        b"\xff": "no JSON command",
        b"[" * 256: "no JSON command",
        b'{"id": 1}': "no JSON command",
        b'{"id": 2, "a": "%s"}' % (b"x" * 250): "no JSON command",
        b'{"id": 3, "wake_every_s": 9}': "wake_every_s: 10 to 2592000",
        b'{"id": 4, "wake_every_s": 60, "sleep": 1}': "unknown: sleep",
        b'{"id": 5, "wake_every_s": 60, "restart": 1}': "restart: true",
        b'{"id": 6, "stay_awake": 601}': "stay_awake: 0 to 600",
    }
    for payload in wrong:
        listener.publish(SET, payload)
    # Longer than the client takes in: counted and acknowledged, not answered.
    listener.publish(SET, b'{"id": 7, "a": "%s"}' % (b"x" * 1100))
    assert wake_of(node).sleep_ms > 290000
    listener.until(lambda: len(listener.on("result")) == len(wrong))
    for result, (payload, error) in zip(listener.on("result"), wrong.items(), strict=True):
        assert result["error"].startswith(error), payload
        assert not result["ok"]
    assert [result["id"] for result in listener.on("result")] == [None, None, 1, None, 3, 4, 5, 6]
    before = len(listener.messages)
    wake_of(node)
    assert not [topic for topic, _ in listener.messages[before:] if topic.endswith("/result")]
