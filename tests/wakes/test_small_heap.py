"""A whole wake fits a small heap: 48 KiB on the 64-bit interpreter, which is about 32 KiB on a board."""

from __future__ import annotations

from typing import Any

import pytest

from nodes import BOARDS, Listener, MakeNode

HEAP = "48K"  # the shims' own footprint is added to it


@pytest.mark.parametrize("board", BOARDS)
def test_twenty_wakes_with_ten_stored_records_and_a_command(
    make_node: MakeNode, board: str, mosquitto: Any, listener: Listener
) -> None:
    node = make_node(
        board,
        options={"heap": HEAP, "speed": 8},
        BROKER=f"{mosquitto.host}:{mosquitto.port}",
        NAME="small",
        SENSORS={"air": {"driver": "sht4x"}, "cell": {"driver": "battery"}},
        WAKE_EVERY_S=60,
    )
    wakes = []

    def wake() -> None:
        wakes.append(node.run_wake())
        assert (wakes[-1].ended, wakes[-1].by) == ("deepsleep", "node"), wakes[-1].output
        assert "MemoryError" not in wakes[-1].output, (len(wakes), wakes[-1].output)

    def until(count: int) -> None:
        while sum(any(phase[0] == "measure" for phase in done.phases) for done in wakes) < count:
            wake()

    until(2)
    node.world.wifi.ap_present = False
    until(12)
    node.world.wifi.ap_present = True
    listener.publish("dormouse/small/set", {"id": 7, "wake_every_s": 120})
    until(20)
    listener.until(lambda: len(listener.records()) >= 20)
    assert sorted(reading["seq"] for reading in listener.records()) == list(range(1, 21))
    assert all({"air", "cell", "battery"} <= set(reading) for reading in listener.records())
    assert listener.on("result") == [{"id": 7, "ok": True}]
    assert wakes[-1].sleep_ms > 60000
    assert min(done.heap_low for done in wakes if done.heap_low >= 0) > 0
