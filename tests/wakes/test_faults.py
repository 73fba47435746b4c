"""Whatever the world does, the node itself goes back to sleep within its budget, and keeps the reading."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from nodes import BOARDS, Listener, MakeNode

MAX_AWAKE_S = 5
SLACK_MS = 100


def assert_slept(wake: Any, max_awake_s: float = MAX_AWAKE_S) -> None:
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    assert wake.awake_ms - wake.waited_ms <= max_awake_s * 1000 + SLACK_MS, wake.phases
    assert wake.sleep_ms > 0


def next_wake(node: Any) -> Any:
    """The next wake that does something: a sleep beyond the board's limit is made of several."""
    while True:
        wake = node.run_wake()
        assert_slept(wake)
        if any(phase[0] == "measure" for phase in wake.phases):
            return wake


@pytest.fixture
def silent() -> Iterator[str]:
    """A broker that accepts TCP and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def address(broker: Any) -> str:
    return f"{broker.host}:{broker.port}"


@pytest.mark.parametrize("board", BOARDS)
def test_broker_down(make_node: MakeNode, board: str, free_port: int) -> None:
    node = make_node(board, BROKER=f"127.0.0.1:{free_port}", MAX_AWAKE_S=MAX_AWAKE_S)
    for _ in range(2):
        assert "upload failed" in next_wake(node).output


@pytest.mark.parametrize("board", BOARDS)
def test_broker_silent(make_node: MakeNode, board: str, silent: str) -> None:
    node = make_node(board, BROKER=silent, MAX_AWAKE_S=MAX_AWAKE_S)
    for _ in range(2):
        assert "upload failed" in next_wake(node).output


@pytest.mark.parametrize("board", BOARDS)
def test_ap_absent(make_node: MakeNode, board: str, free_port: int) -> None:
    node = make_node(board, BROKER=f"127.0.0.1:{free_port}", MAX_AWAKE_S=MAX_AWAKE_S)
    node.world.wifi.ap_present = False
    for _ in range(2):
        assert "upload failed" in next_wake(node).output


@pytest.mark.parametrize("board", BOARDS)
def test_wrong_password(make_node: MakeNode, board: str, free_port: int) -> None:
    wrong = b'WIFI = (("dormouse", "wrong"),)\nUSER = None\nPASSWORD = None\n'
    # Twice as fast as life: each port takes seconds to say so.
    broker = f"127.0.0.1:{free_port}"
    node = make_node(board, credentials=wrong, options={"speed": 2}, BROKER=broker, MAX_AWAKE_S=20)
    wake = node.run_wake()
    assert_slept(wake, 10)
    assert "upload failed: LinkError password" in wake.output


@pytest.mark.parametrize("board", BOARDS)
def test_a_sensor_that_raises_costs_only_its_own_fields(
    make_node: MakeNode, board: str, mosquitto: Any, listener: Listener
) -> None:
    broken = b"FIELDS = (('x', 0),)\ndef start(board, options):\n    return 0, None\ndef read(handle):\n    return 1 // 0,\n"
    sensors = {"bad": {"driver": "broken"}, "air": {"driver": "sht4x"}}
    extra = {"/sensors/broken.py": broken}
    node = make_node(board, extra=extra, options={"speed": 4}, SENSORS=sensors, BROKER=address(mosquitto), MAX_AWAKE_S=20)
    wake = node.run_wake()
    assert_slept(wake, 5)
    listener.until(lambda: bool(listener.records()))
    reading = listener.records()[0]
    assert "bad" not in reading and "temperature_c" in reading["air"]
    assert "ZeroDivisionError" in wake.output


def test_what_was_not_sent_goes_out_when_the_broker_is_back(
    make_node: MakeNode, mosquitto: Any, listener: Listener
) -> None:
    node = make_node(BROKER=address(mosquitto), MAX_AWAKE_S=MAX_AWAKE_S)
    node.world.wifi.ap_present = False
    for _ in range(3):
        next_wake(node)
    node.world.wifi.ap_present = True
    next_wake(node)
    listener.until(lambda: len(listener.records()) >= 4)
    assert [reading["seq"] for reading in listener.records()] == [1, 2, 3, 4]
    assert all(reading["time"] > 1.7e9 for reading in listener.records())


def test_an_endless_loop_in_a_driver_ends_in_sleep(make_node: MakeNode, free_port: int) -> None:
    endless = b"FIELDS = ()\ndef start(board, options):\n    while True:\n        pass\n"
    node = make_node(
        extra={"/sensors/endless.py": endless},
        SENSORS={"bad": {"driver": "endless"}},
        BROKER=f"127.0.0.1:{free_port}",
        MAX_AWAKE_S=MAX_AWAKE_S,
    )
    assert_slept(node.run_wake())


def test_a_wrong_configuration_is_named_and_ends_in_sleep(make_node: MakeNode) -> None:
    node = make_node(options={"speed": 20}, UPLOAD_EVERY=200)
    wake = node.run_wake()
    assert (wake.ended, wake.by) == ("deepsleep", "node")
    assert "config.py: UPLOAD_EVERY is 200; allowed: 1 to 96 wakes" in wake.output
    # Still wrong after the sleep: still not an awake REPL.
    assert (node.run_wake().ended, node.run_wake().by) == ("deepsleep", "node")


def test_missing_credentials_end_in_sleep(make_node: MakeNode, free_port: int) -> None:
    node = make_node(credentials=b"", BROKER=f"127.0.0.1:{free_port}", MAX_AWAKE_S=MAX_AWAKE_S)
    assert_slept(node.run_wake())
