"""Words that are obeyed once, at the end of the wake: upload_now, stay_awake, restart, clear."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dormouse.virtual.calls import CALLS
from nodes import BOARDS, ROOT, Listener, MakeNode

SET = "dormouse/cmd/set"
SPEED = 20


def node_of(make_node: MakeNode, broker: Any, board: str = "feather_s2", **changes: object) -> Any:
    # A short window after each reset, and a budget of 3 s of the host's time for a busy machine.
    extra: Any = changes.pop("extra", None)
    options = {"speed": changes.pop("speed", SPEED)}
    settings = {"NAME": "cmd", "BROKER": f"{broker.host}:{broker.port}", "SENSORS": {}, "BATTERY": None, "MAX_AWAKE_S": 60}
    return make_node(board, options=options, extra=extra, **{**settings, **changes})


def phases(wake: Any) -> list[str]:
    return [phase[0] for phase in wake.phases]


def slept(wake: Any) -> Any:
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    return wake


def answers(listener: Listener) -> list[Any]:
    return [(result["id"], result.get("error")) for result in listener.on("result")]


class ResetAt:
    """The board resets at a call of its hardware: the first of that name, in that phase, once it was served."""

    def __init__(self, name: str, phase: str) -> None:
        self.name, self.phase = name, phase
        self.met = False
        self._now = ""

    def serve(self, life: Any, request: Any) -> bytes | None:
        """Answer a call."""
        if request.name == "mark":
            self._now = request.payload[12:].decode()
        result: bytes = CALLS[request.name](life, request.payload)
        if self.met or (request.name, self._now) != (self.name, self.phase):
            return result
        self.met = True
        return bytes(life.finish("reset"))


@pytest.mark.parametrize("board", BOARDS)
def test_a_restart_happens_once(make_node: MakeNode, board: str, mosquitto: Any, listener: Listener) -> None:
    node = node_of(make_node, mosquitto, board)
    slept(node.run_wake())
    listener.publish(SET, {"id": 1, "restart": True})
    wake = node.run_wake()
    assert wake.ended == "reset", wake.output
    # The next wake measures at once, and is nobody's failure.
    assert "delivered 1" in slept(node.run_wake()).output
    slept(node.run_wake())
    listener.until(lambda: len(listener.records()) == 4)
    assert answers(listener) == [(1, None)]
    assert {reading["boot"] for reading in listener.records()} == {1}


@pytest.mark.parametrize(
    ("name", "phase", "ends"),
    [
        # Noted, not acknowledged: the broker sends it again, and it is done once.
        ("mem.set", "mqtt", ["reset", "reset", "deepsleep", "deepsleep"]),
        # Acknowledged, not done.
        ("wifi", "finish", ["reset", "reset", "deepsleep", "deepsleep"]),
        # Forgotten in order to be done.
        ("mem.set", "finish", ["reset", "deepsleep", "deepsleep"]),
    ],
)
def test_a_reset_between_noting_and_doing_does_it_once_at_most(
    make_node: MakeNode, mosquitto: Any, listener: Listener, name: str, phase: str, ends: list[str]
) -> None:
    node = node_of(make_node, mosquitto)
    slept(node.run_wake())
    listener.publish(SET, {"id": 1, "restart": True, "wake_every_s": 600})
    node.faults = fault = ResetAt(name, phase)
    wakes = [node.run_wake() for _ in ends]
    assert fault.met
    assert [wake.ended for wake in wakes] == ends, [wake.output for wake in wakes]
    assert wakes[-1].sleep_ms <= 900000
    listener.until(lambda: len(answers(listener)) == 1)
    assert answers(listener) == [(1, None)]


def test_retained_words_are_refused_in_every_cold_boot(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    node = node_of(make_node, mosquitto)
    listener.publish("dormouse/all/set", {"id": 1, "restart": True}, retain=True)
    listener.publish(SET, {"id": 2, "stay_awake": 5, "wake_every_s": 60}, retain=True)
    refused = [(1, "restart: not retained"), (2, "stay_awake: not retained")]
    slept(node.run_wake())
    assert slept(node.run_wake()).sleep_ms > 400000
    assert sorted(answers(listener)) == refused
    node.power_cycle()
    while "mqtt" not in phases(slept(node.run_wake())):
        pass
    assert sorted(answers(listener)) == sorted(refused * 2)


def test_a_word_that_was_queued_and_retained_is_obeyed_once(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    node = node_of(make_node, mosquitto)
    slept(node.run_wake())
    # The session's queue has it without the flag (MQTT-3.3.1-9), and then it comes as what is retained.
    listener.publish(SET, {"id": 1, "restart": True}, retain=True)
    assert node.run_wake().ended == "reset"
    slept(node.run_wake())
    slept(node.run_wake())
    assert answers(listener) == [(1, None)]


def test_upload_now_makes_the_next_wake_upload_or_the_first_that_can(
    make_node: MakeNode, mosquitto: Any, listener: Listener
) -> None:
    node = node_of(make_node, mosquitto, UPLOAD_EVERY=4)
    slept(node.run_wake())
    listener.publish(SET, {"id": 1, "upload_now": True})
    wakes = [slept(node.run_wake()) for _ in range(4)]
    # Readings 2 to 5, of which the last is due.
    assert ["mqtt" in phases(wake) for wake in wakes] == [False, False, False, True]
    assert answers(listener) == [(1, None)]
    node.world.wifi.ap_present = False
    assert "link" in phases(slept(node.run_wake()))
    node.world.wifi.ap_present = True
    assert "delivered 2" in slept(node.run_wake()).output
    assert "link" not in phases(slept(node.run_wake()))


def test_stay_awake_is_bounded_by_the_day_whatever_the_clock(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    # A day of 1920 s, which allows 40 s: its true 1800 s are too long for a test. Each 48 s of sleep give one back.
    extra = {}
    for name in ("chores", "commands"):
        code = (ROOT / f"src/node/{name}.py").read_text()
        assert code.count("const(21600)") == 1
        extra[f"/lib/node/{name}.py"] = code.replace("const(21600)", "const(480)").encode()
    node = node_of(make_node, mosquitto, WAKE_EVERY_S=60, NTP="127.0.0.1", extra=extra)
    node.world.ntp.mode = "silent"
    slept(node.run_wake())
    stays = []
    for number, seconds in enumerate((20, 16, 9)):
        listener.publish(SET, {"id": number, "stay_awake": seconds})
        wake = slept(node.run_wake())
        # As modelled, and rather more.
        stays.append(sum(length * SPEED / 1000 for phase, _, length in wake.phases if phase == "window"))
        # While its clock is not set: to the wake that was due anyway. Later to a slot.
        assert number or wake.sleep_ms <= 60000 - 20 * 1000
        node.world.ntp.mode = "good"
    # 36 s are used, and two or three sleeps have given one or two of them back.
    assert stays[0] >= 20 and stays[1] >= 16 and stays[2] == 0
    listener.until(lambda: len(answers(listener)) >= 3)
    (first, second, (number, error)) = answers(listener)
    assert (first, second, number) == ((0, None), (1, None), 2)
    assert error in [f"stay_awake: 0 to {left}" for left in range(4, 8)]


def test_the_deadline_leaves_a_board_alone_that_stays_awake_and_a_reset_then_is_no_failure(
    make_node: MakeNode, mosquitto: Any, listener: Listener
) -> None:
    node = node_of(make_node, mosquitto, speed=8, MAX_AWAKE_S=20)
    slept(node.run_wake())
    listener.publish(SET, {"id": 1, "stay_awake": 24})
    wake = slept(node.run_wake())
    assert wake.awake_ms >= 24000 // 8 > 20000 // 8  # at the virtual board's speed; MAX_AWAKE_S is 20
    listener.publish(SET, {"id": 2, "stay_awake": 600})
    node.faults = fault = ResetAt("mark", "window")
    assert node.run_wake().ended == "reset"
    assert fault.met
    wake = slept(node.run_wake())
    assert "delivered 1" in wake.output
    assert wake.awake_ms < 24000 // 8  # no second stay
    assert answers(listener) == [(1, None), (2, None)]


def test_clear_forgets_the_network_the_failures_and_the_settings_and_nothing_else(
    make_node: MakeNode, mosquitto: Any, listener: Listener
) -> None:
    node = node_of(make_node, mosquitto, WAKE_EVERY_S=3600)
    slept(node.run_wake())
    listener.publish("dormouse/all/set", {"id": 1, "wake_every_s": 60}, retain=True)
    assert slept(node.run_wake()).sleep_ms <= 90000
    node.world.wifi.ap_present = False
    slept(node.run_wake())
    node.world.wifi.ap_present = True
    listener.publish(SET, {"id": 2, "clear": True})
    assert slept(node.run_wake()).sleep_ms > 1790000
    # The retained setting is not obeyed a second time, not even after a power cut.
    node.power_cycle()
    wakes = [slept(node.run_wake()) for _ in range(3)]
    assert all(wake.sleep_ms > 1790000 for wake in wakes if "mqtt" in phases(wake))
    assert any("mqtt" in phases(wake) for wake in wakes)
    assert answers(listener) == [(1, None), (2, None)]
    kept = json.loads(node.read_file("settings.json"))
    assert list(kept) == ["heard"]
    boots = [reading["boot"] for reading in listener.records()]
    assert boots == sorted(boots)
