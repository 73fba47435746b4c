"""What a board gets stuck in ends as docs/wake_deadline.md's table says, in the time that it says."""

from __future__ import annotations

import re

import pytest
from stuck import ENDLESS, Stuck, driver

from nodes import BOARDS, ROOT, MakeNode

RP2 = ("pico_w", "nano_rp2040")
SPEED = 8
MAX_AWAKE_S = 20
SLACK_MS = 150
BACKSTOP_MS = 500  # power/deadline.py
TEXT = (ROOT / "docs/wake_deadline.md").read_text("utf-8")


def rows() -> dict[str, dict[str, str]]:
    """Kind to board to the bold word of the table's cell."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if line.startswith("|")]
    head = next(line for line in lines if "`feather_s2`" in line)
    kinds = {}
    for line in lines:
        if found := re.match(r"`(\w+)`", line[0]):
            kinds[found[1]] = {
                name.strip("`"): re.findall(r"\*\*(\w+)\*\*", cell)[0] for name, cell in zip(head[1:], line[1:], strict=True)
            }
    return kinds


def test_the_table_has_every_kind_and_board() -> None:
    assert set(rows()) == {*ENDLESS, "i2c", "dns"}
    assert all(set(row) == {*BOARDS, *RP2} for row in rows().values())


KINDS = [*ENDLESS, "i2c", "dns"]


@pytest.mark.parametrize(
    ("kind", "board"),
    # The two of RP2 differ in their radio alone.
    [*((kind, board) for kind in KINDS for board in (*BOARDS, RP2[0])), ("dns", RP2[1])],
)
def test_what_is_stuck_ends_as_the_table_says(make_node: MakeNode, board: str, kind: str, free_port: int) -> None:
    end = rows()[kind][board]
    # The look-up comes late in a wake: the others need not wait so long for their end.
    max_awake_s = MAX_AWAKE_S if kind == "dns" else MAX_AWAKE_S // 2
    sensors = {"bad": {"driver": "endless"}} if kind in ENDLESS else {"air": {"driver": "sht4x"}}
    extra = driver(kind) if kind in ENDLESS else {}
    node = make_node(
        board,
        extra=extra,
        options={"speed": SPEED},
        SENSORS=sensors,
        BROKER=f"broker.test:{free_port}",
        MAX_AWAKE_S=max_awake_s,
    )
    if kind not in ENDLESS:
        node.faults = Stuck(kind)
    budget_ms = max_awake_s * 1000 // SPEED
    wake = node.run_wake(2 * budget_ms / 1000 + 1)
    awake_ms = wake.awake_ms - wake.waited_ms
    slept = (wake.ended, wake.by) == ("deepsleep", "node")
    if end == "timer":
        assert slept and budget_ms <= wake.awake_ms and awake_ms <= budget_ms + SLACK_MS, wake
        return
    if end == "never":
        assert (wake.ended, wake.reason) == ("killed", "host time"), wake
        return
    # The backstop; or a watchdog of the firmware's own, which comes as soon as it is stuck for long enough.
    assert slept if (end, board) == ("backstop", "pyboard_d") else (wake.ended, wake.by) == ("watchdog", "supervisor"), wake
    assert awake_ms <= budget_ms + BACKSTOP_MS // SPEED + SLACK_MS, wake
    if end == "backstop":
        assert wake.awake_ms > budget_ms
    node.faults = None
    if not slept:
        again = node.run_wake()
        assert (again.ended, again.by) == ("deepsleep", "node")
        assert "measure" not in [phase[0] for phase in again.phases]


def test_in_test_mode_there_is_no_backstop(make_node: MakeNode, free_port: int) -> None:
    node = make_node(
        options={"speed": SPEED}, BROKER=f"broker.test:{free_port}", MAX_AWAKE_S=8, TEST_MODE=True, WAKE_EVERY_S=10
    )
    node.faults = Stuck("i2c")
    assert node.run_wake(3).reason == "host time"
