"""WAKE_PIN over whole wakes: a button, a door left open, a storm, on the boards that have a pin for it."""

from __future__ import annotations

from typing import Any

import pytest

from nodes import Listener, MakeNode

FAST = {"speed": 24}  # with MAX_AWAKE_S = 60 the budget is 2.5 s of this computer
PINS = {"feather_s2": (5, "5"), "pyboard_d": ("X1", "A0"), "esp32_c3": (4, "4")}  # for config.py, and as the chip names it


class Door:
    """A node with a pin, its lives as (when it started, what it came to)."""

    def __init__(
        self, make_node: MakeNode, board: str, broker: Any, edge: str = "both", gap_s: int = 10, **settings: Any
    ) -> None:
        pin, self.chip = PINS[board]
        self.node = make_node(
            board,
            options=FAST,
            BROKER=f"{broker.host}:{broker.port}",
            SENSORS={"air": {"driver": "sht4x"}},
            MAX_AWAKE_S=60,
            WAKE_PIN={"pin": pin, "edge": edge, "min_gap_s": gap_s},
            **settings,
        )
        self.run()  # and now its sleeps end at round times

    def run(self) -> tuple[float, Any]:
        """One more life."""
        start_s = self.node.now_s
        wake = self.node.run_wake()
        assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
        assert "Traceback" not in wake.output
        return start_s, wake

    def until(self, end_s: float) -> list[Any]:
        """The lives that begin before a time of the world's clock; the edges come in their sleeps."""
        lives = []
        while self.node.now_s < end_s:
            lives.append(self.run()[1])
        return lives

    def drive(self, *edges: tuple[float, int]) -> None:
        """Levels of the pin, with their times from now."""
        self.node.world.edges[self.chip] = [(self.node.now_s + after_s, level) for after_s, level in edges]


def phases(wake: Any) -> list[str]:
    return [name for name, _, _ in wake.phases]


def pins(listener: Listener, count: int) -> list[dict[str, Any]]:
    """What so many records say, without the weather."""
    listener.until(lambda: len(listener.records()) >= count)
    return [{name: record[name] for name in ("seq", "wake", "pin") if name in record} for record in listener.records()]


@pytest.mark.parametrize("board", PINS)
def test_a_button_wakes_early_says_so_and_the_rest_of_the_sleep_is_kept(
    make_node: MakeNode, board: str, mosquitto: Any, listener: Listener
) -> None:
    door = Door(make_node, board, mosquitto, "rising")
    # In the sleep after the life that is next; nearer to the next slot than to the last one.
    door.drive((700, 1), (700.3, 0))
    _, planned = door.run()
    assert planned.sleep_ms and planned.sleep_ms > 850000
    pressed_s, wake = door.run()
    assert wake.reset_cause == "DEEPSLEEP_RESET" and "delivered 1" in wake.output
    looked_s, look = door.run()
    assert phases(look) == ["boot", "start", "sleep"]
    assert 9 < looked_s - pressed_s < 14
    slot_s, wake = door.run()
    assert "measure" in phases(wake)
    # As if nobody had pressed it: 0.3 % of the sleep is the clock's own error.
    assert abs(slot_s - (pressed_s - 700) - planned.sleep_ms / 1000) < 6
    assert 890 < wake.sleep_ms / 1000 < 915
    assert pins(listener, 4) == [
        {"seq": 1, "pin": {"count": 0, "level": 0}},
        {"seq": 2, "pin": {"count": 0, "level": 0}},
        {"seq": 3, "wake": "pin", "pin": {"count": 1, "level": listener.records()[2]["pin"]["level"]}},
        {"seq": 4, "pin": {"count": 1, "level": 0}},
    ]


@pytest.mark.parametrize(("board", "edge"), [("feather_s2", "rising"), ("pyboard_d", "both"), ("feather_s2", "falling")])
def test_a_level_held_for_an_hour_costs_a_wake_and_a_look(
    make_node: MakeNode, board: str, edge: str, mosquitto: Any, listener: Listener
) -> None:
    door = Door(make_node, board, mosquitto, edge, WAKE_EVERY_S=2 * 3600)
    door.drive((1000, 1), (4600, 0))
    start_s = door.node.now_s
    door.run()
    opened = door.until(start_s + 4590)
    # With "falling" the opening is a look of its own, for the pin to be armed for the other level.
    assert ["measure" in phases(wake) for wake in opened] == [edge != "falling", False]
    closed = door.until(start_s + 4700)
    assert ["measure" in phases(wake) for wake in closed] == [edge != "rising", False]
    events = 2 if edge == "both" else 1
    assert [record["pin"]["count"] for record in pins(listener, 2 + events)] == [0, 0, *range(1, events + 1)]


def test_a_storm_costs_no_more_than_the_gap_allows(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    door = Door(make_node, "pyboard_d", mosquitto, gap_s=60)
    door.drive(*[(30 + i * 0.27, 1 - i % 2) for i in range(1000)])
    start_s = door.node.now_s
    door.run()
    lives = door.until(start_s + 30 + 300)
    events = [wake for wake in lives if "measure" in phases(wake)]
    assert len(events) <= 6 and len(lives) <= 12
    listener.until(lambda: len(listener.records()) >= 2 + len(events))
    counts = [record["pin"]["count"] for record in listener.records()]
    assert counts == sorted(counts) and len(events) <= counts[-1] <= 1000


@pytest.mark.parametrize("board", ["feather_s2", "pyboard_d"])
def test_counts_survive_failed_uploads_and_what_is_owed_goes_out_with_the_next_timer_wake(
    make_node: MakeNode, board: str, mosquitto: Any, listener: Listener
) -> None:
    door = Door(make_node, board, mosquitto, "rising", UPLOAD_EVERY=96)
    door.drive((100, 1), (100.2, 0), (200, 1), (200.2, 0))
    _, wake = door.run()
    assert "link" not in phases(wake)
    door.node.world.wifi.ap_present = False
    _, wake = door.run()
    assert "upload failed" in wake.output
    door.run()
    _, wake = door.run()
    # Backoff lengthens the sleep, a button does not shorten it.
    assert "measure" in phases(wake) and "link" not in phases(wake)
    door.run()
    door.node.world.wifi.ap_present = True
    _, wake = door.run()
    assert "delivered 4" in wake.output
    _, wake = door.run()
    assert "link" not in phases(wake)
    assert [record["pin"]["count"] for record in pins(listener, 5)] == [0, 0, 1, 2, 2]
    assert ["wake" in record for record in listener.records()] == [False, False, True, True, False]


def test_a_press_while_the_battery_is_empty_is_kept(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    door = Door(make_node, "feather_s2", mosquitto, "rising", BATTERY={"type": "lipo", "mah": 1000, "stop_below_v": 3.4})
    door.node.scene.set("battery_mv", 3300)
    door.drive((100, 1), (100.2, 0))
    for _ in range(3):
        assert "link" not in phases(door.run()[1])
    door.node.scene.set("battery_mv", 3900)
    assert "delivered 3" in door.run()[1].output
    assert [record["pin"]["count"] for record in pins(listener, 4)] == [0, 0, 1, 1]


def test_a_power_cut_begins_a_new_count_and_a_reset_does_not(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    door = Door(make_node, "feather_s2", mosquitto)
    door.drive((100, 1))
    for _ in range(3):
        door.run()
    door.node.wake_pins = {}
    door.node.wake_by_pin()  # the reset button: nothing is armed
    door.run()
    door.node.power_cycle()
    while "measure" not in phases(door.run()[1]):  # a boot after a power cut sleeps first
        pass
    listener.until(lambda: len(listener.records()) >= 5)
    assert [(record["boot"], record["pin"]["count"]) for record in listener.records()[-2:]] == [(1, 1), (2, 0)]


def test_the_board_that_has_no_such_pin_says_so_and_sleeps(make_node: MakeNode) -> None:
    for board, pin, can in (
        ("esp8266", 5, "none"), ("feather_s2", 4, "0, 1, 3, 5,"), ("pyboard_d", "X2", "'X1', 'X3', 'C1', 'C13'"),
    ):  # fmt: skip
        node = make_node(board, options={"speed": 60}, WAKE_PIN={"pin": pin})
        node.cause = "deepsleep"  # spares the test the guard's window for somebody with mpremote
        wake = node.run_wake()
        assert (wake.ended, wake.by) == ("deepsleep", "node")
        assert f"config.py: WAKE_PIN pin {pin!r} does not end {board}'s sleep; allowed: {can}" in wake.output


def test_a_node_without_the_time_keeps_the_rest_of_its_sleep_too(
    make_node: MakeNode, mosquitto: Any, listener: Listener
) -> None:
    def silent(*args: Any, **settings: Any) -> Any:
        node = make_node(*args, **settings)
        node.world.ntp.mode = "silent"
        return node

    door = Door(silent, "feather_s2", mosquitto, NTP="127.0.0.1")
    door.drive((600, 1))
    _, planned = door.run()
    door.node.world.ntp.mode = "good"
    pressed_s, wake = door.run()
    assert "clock" in phases(wake)  # it jumps by years, which is no matter to the sleep
    door.run()
    slot_s, wake = door.run()
    assert "measure" in phases(wake) and planned.sleep_ms is not None
    assert abs(slot_s - (pressed_s - 600) - planned.sleep_ms / 1000) < 6
    assert [record["pin"]["count"] for record in pins(listener, 4)] == [0, 0, 1, 1]
    assert ["time" in record for record in listener.records()] == [False, False, True, True]
