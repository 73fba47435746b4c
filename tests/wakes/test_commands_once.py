"""Words that are obeyed once, at the end of the wake: upload_now, stay_awake, restart, clear."""

from __future__ import annotations

from typing import Any

import pytest

from nodes import BOARDS, Listener, MakeNode

FAST = {"speed": 8}
SET = "dormouse/cmd/set"


def node_of(make_node: MakeNode, broker: Any, board: str = "feather_s2", **changes: object) -> Any:
    settings = {"NAME": "cmd", "BROKER": f"{broker.host}:{broker.port}", "SENSORS": {}, "BATTERY": None, **changes}
    return make_node(board, options=FAST, **settings)


def slept(wake: Any) -> Any:
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    return wake


@pytest.mark.parametrize("board", BOARDS)
def test_a_restart_happens_once(make_node: MakeNode, board: str, mosquitto: Any, listener: Listener) -> None:
    node = node_of(make_node, mosquitto, board)
    slept(node.run_wake())
    listener.publish(SET, {"id": 1, "restart": True})
    wake = node.run_wake()
    assert wake.ended == "reset", wake.output
    for _ in range(3):
        slept(node.run_wake())
    listener.until(lambda: len(listener.on("readings")) == 5)
    assert listener.on("result") == [{"id": 1, "ok": True}]
    assert {reading["boot"] for reading in listener.on("readings")} == {1}
