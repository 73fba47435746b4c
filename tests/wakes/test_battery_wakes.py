"""The battery's limits over whole wakes: what they switch off, when it comes back, what the record says of it."""

from __future__ import annotations

from typing import Any

import pytest

from nodes import Listener, MakeNode

LIMITS = {"type": "lipo", "mah": 1000, "stretch_below_v": 3.6, "stop_below_v": 3.4}


class Node:
    """A node on a cell whose voltage is set for each wake."""

    def __init__(self, make_node: MakeNode, board: str, broker: Any, battery: dict[str, Any]) -> None:
        self.board = make_node(
            board,
            options={"speed": 24},
            BROKER=f"{broker.host}:{broker.port}",
            SENSORS={"air": {"driver": "sht4x"}},
            BATTERY=battery,
            WAKE_EVERY_S=300,
            MAX_AWAKE_S=60,
        )

    def at(self, mv: int) -> str:
        """One wake: "normal", "stretched", "stopped" as it acts: the radio, and the length of its sleep."""
        self.board.scene.set("battery_mv", mv)
        wake = self.board.run_wake()
        assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
        if "link" not in [name for name, _, _ in wake.phases]:
            return "stopped"
        return "stretched" if wake.sleep_ms and wake.sleep_ms > 500000 else "normal"


def test_a_cell_at_a_limit_does_not_flap_and_the_record_says_what_the_node_does(
    make_node: MakeNode, mosquitto: Any, listener: Listener
) -> None:
    # The board with the coarsest converter: 5.4 mV at the cell.
    node = Node(make_node, "esp8266", mosquitto, LIMITS)
    node.at(4000)
    steps = ((4000, "normal"), (3615, "normal"), (3580, "stretched"), (3630, "stretched"), (3670, "normal"), (3630, "normal"),
             (3380, "stopped"), (3430, "stopped"), (3470, "stretched"), (3430, "stretched"), (3900, "normal"))  # fmt: skip
    acted = []
    for mv, _ in steps:
        acted.append(node.at(mv))
    assert acted == [state for _, state in steps]
    listener.until(lambda: len(listener.records()) == 1 + len(steps))
    said = [record["battery"].get("state", "normal") for record in listener.records()[1:]]
    assert said == acted


def test_without_a_limit_nothing_is_switched_off(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    node = Node(make_node, "feather_s2", mosquitto, {"type": "lipo", "mah": 1000})
    node.at(4000)
    assert [node.at(mv) for mv in (3300, 3000)] == ["normal", "normal"]
    assert listener.records()[-1]["battery"] == {"voltage_v": 3.0, "percent": 0}


@pytest.mark.parametrize(("failure", "mv"), [("open", 3300), (None, 900), (None, 4990)])
def test_a_divider_that_tells_nonsense_never_silences_the_node(
    make_node: MakeNode, failure: str | None, mv: int, mosquitto: Any, listener: Listener
) -> None:
    node = Node(make_node, "feather_s2", mosquitto, LIMITS)
    assert node.at(3300) == "stopped"
    node.board.scene.fail("battery_mv", failure)
    assert node.at(mv) == "normal"
    listener.until(lambda: len(listener.records()) == 2)
    nonsense = listener.records()[1]
    assert "battery" not in nonsense or nonsense["battery"]["voltage_v"] > 4.9
