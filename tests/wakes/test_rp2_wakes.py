"""Whole wakes of the RP2040 boards, whose firmware has no deep sleep, no cause of a reset and no clock that goes on.

That every board boots, delivers and sleeps is in test_board_wakes.py; what ends a wake that hangs in test_deadline_stuck.py.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from dormouse.virtual.calls import CALLS
from nodes import Listener, MakeNode

SLEEP_S = 900
CLOCK_BEGINS_S = 1609459200  # 2021-01-01 (ports/rp2/main.c)


class Watched:
    """Counts what is asked of the radio."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def serve(self, life: Any, request: Any) -> bytes:
        if request.name == "wifi":
            self.asked[json.loads(request.payload)[0]] += 1
        result: bytes = CALLS[request.name](life, request.payload)
        return result


def node_of(make_node: MakeNode, board: str, broker: Any, **more: Any) -> Any:
    return make_node(
        board,
        options={"speed": 12},
        BROKER=f"{broker.host}:{broker.port}",
        SENSORS={"air": {"driver": "sht4x"}},
        BATTERY=None,
        WAKE_EVERY_S=SLEEP_S,
        MAX_AWAKE_S=60,
        **more,
    )


def wake_of(node: Any) -> Any:
    """The next wake that measures."""
    while True:
        wake = node.run_wake()
        assert (wake.ended, wake.by) == ("deepsleep", "node"), wake
        if "measure" in [phase[0] for phase in wake.phases]:
            return wake


def test_cause_and_clock_are_the_nodes_own(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    node = node_of(make_node, "pico_w", mosquitto)
    for n in range(1, 4):
        wake = wake_of(node)
        assert wake.reset_cause == ("PWRON_RESET" if n == 1 else "WDT_RESET")
        assert abs(node.rtc_s - CLOCK_BEGINS_S) < 5  # with each boot
        listener.until(lambda n=n: len(listener.records()) == n)
        assert abs(listener.records()[-1]["time"] - (node.now_s - wake.sleep_ms / 1000)) <= 3
        node.world.ntp.mode = "silent"  # from now on it is the node that keeps the time
    assert {record["boot"] for record in listener.records()} == {1}
    assert listener.on("report")[0]["cause"] == "power"


def test_a_reading_outlives_a_power_cut_without_an_access_point(
    make_node: MakeNode, mosquitto: Any, listener: Listener
) -> None:
    node = node_of(make_node, "nano_rp2040", mosquitto)
    wake_of(node)
    node.world.wifi.ap_present = False
    assert "upload failed" in wake_of(node).output
    node.power_cycle()
    node.world.wifi.ap_present = True
    wake_of(node)
    listener.until(lambda: len(listener.records()) == 3)
    # The second boot is another one: its clock knows nothing of the first one's.
    assert [(record["boot"], record["seq"]) for record in listener.records()] == [(1, 1), (1, 2), (2, 1)]
    times = [record["time"] for record in listener.records()]
    assert times == sorted(times) and abs(times[2] - node.now_s + SLEEP_S) <= SLEEP_S


@pytest.mark.parametrize(("board", "reads"), [("nano_rp2040", False), ("pico_w", True)])
def test_the_nano_is_never_asked_for_its_signal(
    make_node: MakeNode, mosquitto: Any, listener: Listener, board: str, reads: bool
) -> None:
    node = node_of(make_node, board, mosquitto)
    node.faults = watched = Watched()
    for _ in range(2):
        assert "delivered 1" in wake_of(node).output
    assert watched.asked["scan"] == 1 and watched.asked["connect"] == 2
    assert bool(watched.asked["rssi"]) == reads
    listener.until(lambda: bool(listener.on("report")))
    assert ("rssi_dbm" in listener.on("report")[-1]) == reads


def test_the_watchdog_is_fed_until_the_end_and_stopped_before_the_sleep(make_node: MakeNode, mosquitto: Any) -> None:
    # At its real length the deadline is beyond what the watchdog can count.
    node = node_of(make_node, "pico_w", mosquitto)
    seen: list[tuple[str, int | None]] = []

    class Ordered(Watched):
        def serve(self, life: Any, request: Any) -> bytes:
            result = super().serve(life, request)
            if request.name.startswith("wdt") or request.name in ("nap", "reset"):
                seen.append((request.name, life.board.watchdog_ms))
            return result

    node.faults = Ordered()
    wake_of(node)
    names = [name for name, _ in seen]
    assert names[-2:] == ["nap", "reset"] and "wdt" in names
    assert all(armed is None or armed <= 8388 for _, armed in seen)
    assert seen[-2][1] is None  # armed, it would bite in the sleep


@pytest.mark.parametrize("writes", [9, 100])
def test_a_power_cut_amid_a_write_loses_no_reading(
    make_node: MakeNode, mosquitto: Any, listener: Listener, writes: int
) -> None:
    node = node_of(make_node, "pico_w", mosquitto)
    wake_of(node)
    node.cut_power_after(writes)
    assert node.run_wake().reason == "power cut"
    wake_of(node)
    wake_of(node)
    listener.until(lambda: len({(record["boot"], record["seq"]) for record in listener.records()}) >= 3)
    # What was there before the cut is known: no number is given twice to another reading.
    told: dict[tuple[int, int], Any] = {}
    for record in listener.records():
        assert told.setdefault((record["boot"], record["seq"]), record["air"]) == record["air"]
    assert max(boot for boot, _ in told) == 2 and (1, 1) in told
