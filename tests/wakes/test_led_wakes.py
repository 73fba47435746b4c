"""What the LED says in test mode, read from the levels of the virtual board's pin; and that it is dark in the field."""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import Any

import pytest
from errors_broker import ScriptedBroker

from dormouse.virtual.models import load
from nodes import BOARDS, ROOT, MakeNode

LED = {"feather_s2": ("13", 1), "pyboard_d": ("F5", 0), "esp8266": ("2", 0)}  # the chip's name, the level that shines
SLEEP = (ROOT / "power/sleep.py").read_bytes()
TICK_MS = 10


def quick() -> dict[str, bytes]:
    """power/sleep.py with shorter slices, which are what the flashes are counted in."""
    assert SLEEP.count(b"_SLICE_MS = const(100)") == 1
    return {"/power/sleep.py": SLEEP.replace(b"_SLICE_MS = const(100)", b"_SLICE_MS = const(%d)" % TICK_MS)}


def lit(wake: Any, board: str) -> list[tuple[int, bool]]:
    """When the LED went on and off, in milliseconds of the host's clock."""
    name, level = LED[board]
    return [(at, now == level) for at, pin, now in wake.pins if pin == name]


def counted(node: Any, board: str, first: Any = None) -> int:
    """The number that the LED says: that of most of its groups of flashes, since a slow host may tear one.

    first: a wake to look at before another is lived.
    """
    counts: Counter[int] = Counter()
    for cap_s in (2.5, 4, 8, 15):
        wake, first = first or node.run_wake(cap_s), None
        ons = [at for at, on in lit(wake, board) if on][1:]  # the first is the wake's own
        groups: list[list[int]] = []
        for at in ons:
            if groups and at - groups[-1][-1] < 12 * TICK_MS:
                groups[-1].append(at)
            else:
                groups.append([at])
        counts.update(map(len, groups[:-1]))  # the last one was cut short
        if counts and counts.most_common(1)[0][1] >= 2:
            return counts.most_common(1)[0][0]
    raise AssertionError(f"no flashes: {counts}")


@pytest.fixture
def make(make_node: MakeNode) -> MakeNode:
    """A node in test mode whose flashes are short. As make_node()."""

    def one(board: str, extra: dict[str, bytes] | None = None, **changes: Any) -> Any:
        settings = {"TEST_MODE": True, "WAKE_EVERY_S": 60, "BATTERY": None, **changes}
        return make_node(board, options={"speed": 8}, extra={**quick(), **(extra or {})}, **settings)

    return one


@pytest.mark.parametrize("board", BOARDS)
def test_lit_until_joined_then_one_flash_for_delivered(make: MakeNode, board: str, mosquitto: Any) -> None:
    assert load(board).pins.get("LED_BLUE", LED[board][0]) == LED[board][0]
    node = make(board, BROKER=f"{mosquitto.host}:{mosquitto.port}")
    wake = node.run_wake(3)
    assert "delivered 1" in wake.output
    levels = lit(wake, board)
    assert [on for _, on in levels[:4]] == [False, True, False, True], levels
    dark_ms = levels[2][0] - levels[1][0]  # after it was lit
    begin = {name: start for name, start, _ in wake.phases}
    assert begin["mqtt"] - begin["measure"] - 20 <= dark_ms <= begin["finish"] - begin["start"] + 20, (levels, begin)
    assert counted(node, board, wake) == 1
    if board == "feather_s2":
        node.scene.fail("sht4x", "nack")
        assert counted(node, board) == 8


def test_what_is_in_the_way(make: MakeNode) -> None:
    with ScriptedBroker() as broker:
        node = make("pyboard_d", BROKER=broker.address.replace("127.0.0.1", "broker.test"), NTP="127.0.0.1")
        names, node.world.dns.fail_ms = node.world.dns.table, 100
        node.world.wifi.ap_present = False
        assert counted(node, "pyboard_d") == 4
        node.world.wifi.ap_present = True
        assert counted(node, "pyboard_d") == 5
        names["broker.test"] = "127.0.0.1"
        broker.mute.add(1)
        assert counted(node, "pyboard_d") == 7
        broker.mute.clear()
        broker.code = 5
        assert counted(node, "pyboard_d") == 6


def test_a_mistake_in_the_program(make: MakeNode) -> None:
    late = {"/lib/node/keep.py": b"def add(*args):\n    raise KeyError('late')\n"}  # a .py goes before its .mpy
    assert counted(make("esp8266", late), "esp8266") == 9


WRONG = b'BOARD = "%s"\nTEST_MODE = \n'


@pytest.mark.parametrize("board", ["feather_s2", "esp8266"])
def test_the_guards_window_says_that_it_is_the_configuration(make: MakeNode, board: str) -> None:
    main = (ROOT / "main.py").read_bytes().replace(b"_WINDOW_S = 10\n", b"_WINDOW_S = 1\n")
    node = make(board, {"/config.py": WRONG % board.encode(), "/main.py": main})
    wake = node.run_wake()
    assert (wake.ended, wake.sleep_ms) == ("deepsleep", 30 * 60 * 1000), wake.output
    # A second has ten flashes and a half of this length: three and a pause, three and a pause, ...
    ons = [on for _, on in lit(wake, board)].count(True)
    assert ons >= 6, wake.pins
    # After a sleep nobody is there.
    assert lit(node.run_wake(), board) == []


@pytest.mark.parametrize("board", BOARDS)
def test_in_the_field_the_led_is_never_touched(make_node: MakeNode, board: str, free_port: int) -> None:
    node = make_node(board, options={"speed": 16}, BROKER=f"127.0.0.1:{free_port}", MAX_AWAKE_S=60, BATTERY=None)
    with pytest.raises(FileNotFoundError):
        node.read_file("/lib/node/lamp.mpy")
    wakes = [node.run_wake()]
    node.flash.sync({"/main.py": node.read_file("/main.py"), "/config.py": WRONG % board.encode()})
    node.power_cycle()
    wakes.append(node.run_wake(3))
    for wake in wakes:
        assert lit(wake, board) == [], wake.output


def test_dark_when_test_mode_has_ended_by_itself(make: MakeNode) -> None:
    # Two hours are too long for a test.
    begin = (ROOT / "src/node/reading.py").read_bytes()
    sleep = quick()["/power/sleep.py"]
    assert (begin.count(b"const(7200)"), sleep.count(b"const(2 * 3600)")) == (1, 1)
    extra = {
        "/lib/node/reading.py": begin.replace(b"const(7200)", b"const(50)"),
        "/power/sleep.py": sleep.replace(b"const(2 * 3600)", b"const(50)"),
    }
    node = make("feather_s2", extra, UPLOAD_EVERY=96, UPLOAD_IF={}, BROKER="127.0.0.1")
    wakes = [node.run_wake(3) for _ in range(3)]
    assert wakes[0].ended == "killed"  # in its wait
    assert wakes[-1].ended == "deepsleep"
    assert [bool(lit(wake, "feather_s2")) for wake in wakes] == [wake.ended == "killed" for wake in wakes]


def test_the_table_in_the_docs_is_the_programs() -> None:
    text = (ROOT / "docs/led.md").read_text("utf-8")
    rows = [(int(count), meaning) for count, meaning in re.findall(r"^\| (\d+) \| (.+?) \|", text, re.MULTILINE)]
    tree = ast.parse((ROOT / "src/node/lamp.py").read_text("utf-8"))
    constants = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    means = constants.pop("_MEANS")
    assert isinstance(means, ast.Call)
    assert rows == list(ast.literal_eval(means.args[0]))
    numbers = [ast.literal_eval(value.args[0]) for value in constants.values() if isinstance(value, ast.Call)]
    assert numbers == [count for count, _ in rows] == list(range(1, len(rows) + 1))
