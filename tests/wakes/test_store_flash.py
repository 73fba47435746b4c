"""What is kept where: flash is written only when it must be, the radio is off unless there is an upload, nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest

from dormouse.virtual import faults
from nodes import BOARDS, Listener, MakeNode


def address(broker: Any) -> str:
    return f"{broker.host}:{broker.port}"


def measured(wake: Any) -> bool:
    return any(phase[0] == "measure" for phase in wake.phases)


def uploaded(wake: Any) -> bool:
    return any(phase[0] == "link" for phase in wake.phases)


def next_wake(node: Any) -> Any:
    """The next wake that measures; it must end asleep."""
    while True:
        wake = node.run_wake()
        assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
        if measured(wake):
            return wake


@pytest.mark.parametrize("board", BOARDS)
def test_ordinary_wakes_write_no_flash(make_node: MakeNode, board: str, mosquitto: Any, listener: Listener) -> None:
    node = make_node(board, options={"speed": 8}, BROKER=address(mosquitto), NAME="dry", UPLOAD_EVERY=2)
    for _ in range(2):
        next_wake(node)
    before = node.flash.writes
    wakes = [next_wake(node) for _ in range(6)]
    assert sum(map(uploaded, wakes)) == 3
    # The virtual chip counts each write and erase; the SDK's own (ESP8266) are in the wake's count.
    assert node.flash.writes == before and sum(wake.flash_writes for wake in wakes) == 0
    listener.until(lambda: len(listener.records()) >= 7)


@pytest.mark.parametrize("board", BOARDS)
def test_wakes_without_an_upload_never_touch_the_radio(
    make_node: MakeNode, board: str, mosquitto: Any, listener: Listener
) -> None:
    node = make_node(board, options={"speed": 8}, BROKER=address(mosquitto), NAME="quiet", UPLOAD_EVERY=4)
    node.world.wifi.ap_present = False
    radio = []
    for number in range(9):
        if number == 5:
            node.world.wifi.ap_present = True
        node.faults = trace = faults.Trace()
        wake = next_wake(node)
        asked = sum(call.name in ("wifi", "dns", "ntp") for call in trace.calls)
        assert bool(asked) == uploaded(wake), (number, asked, wake.phases)
        radio.append(uploaded(wake))
    # Through the outage as after it: one wake in four, though retained memory was full in between.
    assert [number for number, on in enumerate(radio) if on] == [0, 4, 8]
    listener.until(lambda: len(listener.records()) >= 9)
    assert [reading["seq"] for reading in listener.records()] == list(range(1, 10))


@pytest.mark.parametrize("board", BOARDS)
def test_readings_larger_than_retained_memory_has_room_for_are_delivered(
    make_node: MakeNode, board: str, mosquitto: Any, listener: Listener
) -> None:
    names = tuple(f"a_field_with_a_long_name_{i:02}" for i in range(27))
    driver = (
        f"FIELDS = {tuple((name, 0) for name in names)!r}\n"
        f"def start(board, options):\n    return 0, None\ndef read(handle):\n    return {tuple(range(27))!r}\n"
    )
    node = make_node(
        board,
        extra={"/sensors/large.py": driver.encode()},
        options={"speed": 8},
        SENSORS={"large": {"driver": "large"}},
        BROKER=address(mosquitto),
        NAME="large",
    )
    node.world.wifi.ap_present = False
    for _ in range(3):
        assert next_wake(node).flash_writes > 0
    node.world.wifi.ap_present = True
    next_wake(node)
    listener.until(lambda: len(listener.records()) >= 4)
    found = listener.records()
    assert [reading["seq"] for reading in found] == [1, 2, 3, 4]
    assert all(reading["large"] == dict(zip(names, range(27))) for reading in found)
    assert node.flash.names().count("outbox.new") == 0


def test_a_pyboard_whose_state_is_in_a_file_dates_nothing_by_a_clock_that_stopped(
    make_node: MakeNode, mosquitto: Any, listener: Listener
) -> None:
    # Firmware before 1.29 has no machine.mem_backup(): retained memory is a file, which outlives a power
    # cut; the clock does not.
    old = {"/boot.py": b"import machine\ndel machine.mem_backup\n"}
    node = make_node("pyboard_d", extra=old, options={"speed": 8}, BROKER=address(mosquitto), NAME="old", UPLOAD_EVERY=3)
    for _ in range(3):
        next_wake(node)
    node.world.wifi.ap_present = False
    node.power_cycle()
    next_wake(node)
    next_wake(node)
    node.world.wifi.ap_present = True
    while len(listener.records()) < 5:
        next_wake(node)
        assert node.wakes < 20
    listener.until(lambda: len({(r["boot"], r["seq"]) for r in listener.records()}) >= 5)
    found = {(r["boot"], r["seq"]): r for r in listener.records()}
    assert {(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)} <= set(found)
    for key, reading in found.items():
        assert reading.get("time") is None or abs(reading["time"] - node.now_s) < 86400, (key, reading)


def test_a_full_store_uploads_at_once(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    small = {"/boot.py": b"import sys\nsys.path.append('/lib')\nfrom node import outbox\noutbox.FLASH_BYTES = 1200\n"}
    node = make_node(extra=small, options={"speed": 8}, BROKER=address(mosquitto), NAME="full", UPLOAD_EVERY=90)
    wakes = [next_wake(node) for _ in range(14)]
    early = [number for number, wake in enumerate(wakes) if uploaded(wake)]
    assert len(early) >= 2 and early[0] == 0 and early[1] > 4, early
    listener.until(lambda: len(listener.records()) > early[-1])
    assert [reading["seq"] for reading in listener.records()] == list(range(1, early[-1] + 2))
