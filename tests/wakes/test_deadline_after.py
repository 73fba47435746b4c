"""After a wake that was cut short the board sleeps, longer each time, before sensors, radio and service window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stuck import Cut, Stuck, driver, only_slept, phases

from nodes import BOARDS, MakeNode

FAST = {"speed": 8}
INTERVAL_S = 600
MOST_MS = 6 * 3600 * 1000
DARK = {"type": "lipo", "mah": 1000, "stop_below_v": 3.4}


def dark(make_node: MakeNode, board: str = "feather_s2", **changes: Any) -> Any:
    """A node whose radio stays off, as its battery is empty: quick wakes."""
    options = {**FAST, **changes.pop("options", {})}
    node = make_node(board, options=options, BATTERY=DARK, **changes)
    node.scene.set("battery_mv", 3000)
    return node


def uploaded(node: Any) -> None:
    """Wakes until one uploads; on a busy machine the deadline may come before the first one's end."""
    for _ in range(20):
        wake = node.run_wake()
        if "delivered" in wake.output and phases(wake)[-1] == "sleep":
            return
    raise AssertionError(wake.output)


def asleep_ms(node: Any, wake: Any) -> int:
    """How long the node sleeps in all after a wake, when parts of a sleep beyond the board's limit are put together."""
    limit_ms = 35 * 60 * 1000 if node.model.port == "esp8266" else MOST_MS * 2
    total: int = wake.sleep_ms
    while wake.sleep_ms > limit_ms - 2000:
        wake = node.run_wake()
        if not only_slept(wake):
            break
        total += wake.sleep_ms
    return total


@pytest.mark.parametrize("board", BOARDS)
def test_wakes_that_hang_come_less_and_less_often_until_one_uploads(make_node: MakeNode, board: str, mosquitto: Any) -> None:
    broker = f"{mosquitto.host}:{mosquitto.port}"
    node = make_node(board, options=FAST, BROKER=broker, MAX_AWAKE_S=14, WAKE_EVERY_S=INTERVAL_S)
    uploaded(node)  # the window of the power-up with it

    def hang(times: int) -> list[int]:
        node.faults = Stuck("i2c")
        slept = []
        for _ in range(times):
            wake = node.run_wake()
            if wake.ended == "watchdog":
                wake = node.run_wake()
                assert only_slept(wake) and wake.reset_cause == "WDT_RESET"
            slept.append(asleep_ms(node, wake))
        node.faults = None
        return slept

    slept = hang(2)
    for nth, ms in enumerate(slept):
        assert abs(ms - (INTERVAL_S * 1000 << nth)) < 4000, slept
    uploaded(node)
    assert abs(hang(1)[0] - INTERVAL_S * 1000) < 4000


def test_the_sleep_after_a_hang_is_capped_but_never_shorter_than_the_interval(make_node: MakeNode, free_port: int) -> None:
    for interval_s, most_ms in ((3 * 3600, MOST_MS), (8 * 3600, 8 * 3600 * 1000)):
        node = make_node(
            "pyboard_d",
            extra=driver("loop"),
            options=FAST,
            SENSORS={"bad": {"driver": "endless"}},
            BROKER=f"127.0.0.1:{free_port}",
            MAX_AWAKE_S=10,
            WAKE_EVERY_S=interval_s,
        )
        assert [node.run_wake().sleep_ms for _ in range(2)] == [interval_s * 1000, most_ms]


@pytest.mark.parametrize("board", BOARDS)
def test_a_brownout_loop_sleeps_longer_each_time_from_the_second_on(
    make_node: MakeNode, board: str, mosquitto: Any
) -> None:
    node = make_node(board, options=FAST, BROKER=f"{mosquitto.host}:{mosquitto.port}", WAKE_EVERY_S=INTERVAL_S)
    uploaded(node)
    weak = Cut(node, "power")
    node.faults = weak
    assert weak.run_wake().ended == "reset"
    assert weak.run_wake().ended == "reset"  # the first: it goes on as ever
    slept = []
    for _ in range(3):
        wake = weak.run_wake()
        assert only_slept(wake)
        slept.append(wake.sleep_ms)
        assert weak.run_wake().ended == "reset"
    assert all(0 <= due_s * 1000 - ms < 2000 for ms, due_s in zip(slept, (60, 120, 240), strict=True)), slept
    # A better battery: it sleeps once more, and is as good as new.
    node.faults = None
    assert only_slept(node.run_wake())
    uploaded(node)
    node.faults = weak
    weak.run_wake()
    node.faults = None
    assert "window" in phases(node.run_wake())


def test_somebody_at_the_button_is_let_in(make_node: MakeNode, free_port: int) -> None:
    node = make_node("pyboard_d", options=FAST, BROKER=f"127.0.0.1:{free_port}", WAKE_EVERY_S=INTERVAL_S, MAX_AWAKE_S=20)
    node.run_wake()
    pressed = Cut(node, "reset")
    node.faults = pressed
    pressed.run_wake()  # amid the wake
    node.faults = None
    assert "window" in phases(node.run_wake())
    # And again and again while it sleeps: each time.
    for _ in range(2):
        node.wake_by_pin(5)
        assert "window" in phases(node.run_wake())


@pytest.mark.parametrize("board", BOARDS)
def test_a_cold_boot_after_a_power_cut_spreads_itself_but_not_the_first_one(make_node: MakeNode, board: str) -> None:
    node = dark(make_node, board)
    assert "window" in phases(node.run_wake())
    slept = []
    for _ in range(3):
        node.power_cycle()
        wake = node.run_wake()
        if only_slept(wake):
            slept.append(wake.sleep_ms)
            wake = node.run_wake()
            assert wake.reset_cause == "DEEPSLEEP_RESET"
        else:
            slept.append(0)  # one in sixty
        assert "measure" in phases(wake) and "window" in phases(wake)
    assert "window" not in phases(node.run_wake())
    assert max(slept) < 60000
    assert len(set(slept)) > 1


def test_a_short_interval_bounds_the_spread(make_node: MakeNode) -> None:
    node = dark(make_node, WAKE_EVERY_S=10)
    node.run_wake()
    for _ in range(3):
        node.power_cycle()
        wake = node.run_wake()
        assert "measure" in phases(wake) or wake.sleep_ms < 10000


def test_nobody_waits_who_deploys_tests_or_has_usb(make_node: MakeNode, tmp_path: Path) -> None:
    node = dark(make_node, options={"state": tmp_path / "board"})
    node.run_wake()
    node.close()
    node = dark(make_node, options={"state": tmp_path / "board"}, WAKE_EVERY_S=1200)  # a deploy
    node.power_cycle()
    assert "measure" in phases(node.run_wake())
    for node, cap_s in ((dark(make_node, TEST_MODE=True), 2), (dark(make_node, "pyboard_d", options={"serial": True}), 9)):
        for _ in range(2):
            assert "measure" in phases(node.run_wake(cap_s))
            node.power_cycle()
