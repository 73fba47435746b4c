"""`dormouse deploy` with the real mpremote to a virtual board behind a pseudo-terminal, whole and interrupted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from command_line import ROOT
from deploy_board import IDLE, Bench, bench, manifest, was_reset

from dormouse import boards
from dormouse.deploying import copy, reach
from dormouse.deploying.found import MANIFEST, STAGE
from dormouse.subscriber import Subscriber
from dormouse.virtual.serial import SerialPort

__all__ = ["bench"]

Make = Callable[..., Bench]
FAST = 4  # what a wake waits for is divided by it, where nobody has to get at the board
USERS = {"/boot.py": b"# mine\n", "/data/log.txt": b"mine", "/lib/umqtt/simple.py": b"# mine\n"}


def test_a_new_board_gets_the_node_which_publishes(bench: Make, mosquitto: Any, capsys: pytest.CaptureFixture[str]) -> None:
    desk = bench(
        "pyboard_d", {**USERS, "main.py": IDLE, "lib/node/cycle.py": b"1 / 0\n"}, BROKER=f"{mosquitto.host}:{mosquitto.port}"
    )
    with Subscriber(mosquitto.host, mosquitto.port, "#") as listener:
        desk.live(until=lambda wake: wake.ended == "deepsleep")
        assert desk.deploy() == 0, capsys.readouterr().err
        wake = desk.join()
        assert listener.wait(lambda came: any(it.topic.endswith("/readings") for it in came), 5), wake.output
    said = capsys.readouterr().out
    assert "PYBD-SF2W with STM32F722IEK, MicroPython 1." in said
    assert "remove  /lib/node/cycle.py" in said
    assert "kept as main.before.py" in said
    there = desk.on_board()
    assert {path: there.get(path) for path in desk.wanted()} == desk.wanted()
    assert {path: there.get(path) for path in USERS} == USERS
    assert there["/main.before.py"] == IDLE
    assert "/lib/node/cycle.py" not in there
    assert not [path for path in there if path.startswith(STAGE)]


def test_only_a_changed_setting_is_copied_again(bench: Make, capsys: pytest.CaptureFixture[str]) -> None:
    desk = bench("esp8266", None)
    desk.live(until=was_reset)
    desk.configure(WAKE_EVERY_S=1200)
    assert desk.deploy("--dry-run") == 0
    assert desk.join().ended == "reset"  # the node goes on
    said = capsys.readouterr().out
    assert "would copy    /config.py" in said
    assert "1 to copy, 0 to remove; nothing was changed" in said
    assert "WAKE_EVERY_S = 900" in desk.on_board()["/config.py"].decode()
    desk.live(until=was_reset)
    assert desk.deploy() == 0
    desk.join()
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines() if line.startswith("  copy")] == ["/config.py"]
    assert "1200" in desk.on_board()["/config.py"].decode()
    desk.live(until=was_reset)
    assert desk.deploy() == 0
    desk.join()
    assert "nothing to copy" in capsys.readouterr().out


def test_another_board_is_named_and_goes_on(bench: Make, capsys: pytest.CaptureFixture[str]) -> None:
    desk = bench("esp8266", {"main.py": IDLE})
    desk.board = "feather_s2"
    desk.configure()
    desk.live(until=was_reset)
    assert desk.deploy() == 1
    assert desk.join().ended == "reset"
    said = capsys.readouterr().err
    assert "'ESP module with ESP8266', platform esp8266" in said
    assert "BOARD = 'feather_s2' is a esp32" in said
    assert desk.on_board() == {"/main.py": IDLE}


def test_it_waits_for_the_power_up_window(bench: Make, capsys: pytest.CaptureFixture[str]) -> None:
    desk = bench("feather_s2", None)
    sleeping = bench("feather_s2", {"main.py": b"import machine\nmachine.deepsleep(1000)"})
    sleeping.virtual.run_wake()  # native USB: its port is gone
    assert sleeping.deploy(wait=1) == 1
    said = capsys.readouterr()
    assert "press RESET, or without a battery" in said.out
    assert "no board within 1 s" in said.err
    desk.virtual.serial.detach(True)
    later = threading.Timer(1.0, lambda: desk.live(until=was_reset))
    later.start()
    assert desk.deploy() == 0
    later.join()
    assert desk.join().ended == "reset"
    assert "left; Ctrl-C ends it" in capsys.readouterr().out


@pytest.mark.parametrize("board", ["esp8266", "esp32_c3"])
def test_a_sleeper_behind_an_adapter_is_caught_in_a_wake(
    board: str, bench: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = bench(board, {"main.py": b"import machine, time\ntime.sleep(0.7)\nmachine.deepsleep(60000)"})
    desk.virtual.serial.close()
    desk.virtual.serial = SerialPort(native_usb=False)
    assert desk.virtual.run_wake().ended == "deepsleep"
    later = threading.Timer(1.0, lambda: desk.live(until=was_reset))
    later.start()
    assert desk.deploy("--dry-run") == 0, capsys.readouterr().err
    later.join()
    assert desk.join().ended == "reset"
    assert {it.reset_cause for it in desk.wakes} == {"DEEPSLEEP_RESET"}


def test_a_pc_that_falls_silent_does_not_keep_the_board_awake(bench: Make) -> None:
    desk = bench("pyboard_d", {"main.py": IDLE})
    desk.live(until=was_reset)
    assert desk.virtual.serial_path is not None
    board = boards.read(ROOT, "pyboard_d")
    link = reach.reach(board, desk.virtual.serial_path, 60, lambda _line: None, "", leash_s=5)
    link.write("/flash/half", b"x" * 600)
    link.close()  # as a pulled cable does
    assert desk.join().ended == "reset"


@pytest.mark.parametrize("failing", ["stage", "commit"])
def test_ctrl_c_and_mistakes_let_the_node_go_on(bench: Make, failing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = bench("esp8266", None)
    before = desk.on_board()
    desk.configure(WAKE_EVERY_S=1200)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(copy, failing, interrupt)
    desk.live(until=was_reset)
    assert desk.deploy() == 130
    assert desk.join().ended == "reset"
    after = desk.on_board()
    assert {path: data for path, data in after.items() if not path.startswith(STAGE) and path in before} == before


@pytest.mark.parametrize("writes", [4, 12])
def test_the_power_fails_and_the_next_deploy_completes(bench: Make, writes: int, capsys: pytest.CaptureFixture[str]) -> None:
    desk = bench("feather_s2", {})
    files = {**desk.wanted(), "/main.py": IDLE}
    desk.virtual.flash.sync({path[1:]: data for path, data in {**files, MANIFEST: manifest(files)}.items()})
    desk.configure(WAKE_EVERY_S=1200)
    desk.virtual.cut_power_after(writes)
    desk.live(until=lambda wake: wake.ended != "soft_reset")
    assert desk.deploy() == 1
    assert desk.join().reason == "power cut"
    assert "is gone" in capsys.readouterr().err
    desk.live(until=was_reset)
    assert desk.deploy() == 0
    assert desk.join().ended == "reset"
    assert "1200" in desk.on_board()["/config.py"].decode()
    assert not [path for path in desk.on_board() if path.startswith(STAGE)]


@pytest.mark.parametrize("board", ["feather_s2", "esp8266"])
def test_wake_asks_waits_for_the_answer_deploys_and_the_node_sleeps_again(
    board: str, bench: Make, mosquitto: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = {"BROKER": f"{mosquitto.host}:{mosquitto.port}", "NAME": "kitchen", "SENSORS": {}, "BATTERY": None}
    desk = bench(board, None, **lines)
    desk.virtual.speed = FAST
    assert desk.virtual.run_wake(60).ended == "deepsleep"  # the broker knows it now
    desk.virtual.speed = 1
    desk.configure(**lines, WAKE_EVERY_S=1200)
    with Subscriber(mosquitto.host, mosquitto.port, "dormouse/kitchen/#") as listener:

        def wakes_by_itself() -> None:
            assert listener.wait(lambda came: any(it.topic.endswith("/set") for it in came), 30)
            desk.live(until=was_reset)

        later = threading.Thread(target=wakes_by_itself)
        later.start()
        assert desk.deploy("--wake", wait=60) == 0, capsys.readouterr().err
        later.join()
        assert desk.join().ended == "reset"
        answers = [it.json() for it in listener.take() if it.topic.endswith("/result")]
        assert [it["ok"] for it in answers] == [True]
        said = capsys.readouterr().out
        steps = [
            "asked at 127.0.0.1, dormouse/kitchen/set: stay awake; the node uploads every 20 min",
            "Asked to stay awake: the node hears of it when it uploads next, within 20 min. At once: press RESET",
            "the node has heard it and stays awake for 300 s at the end of this wake",
            "copy    /config.py",
            "are as they should be, by their hashes; the node starts",
        ]
        places = [said.find(step) for step in steps]
        assert -1 not in places, said
        assert places == sorted(places)
        assert b"1200" in desk.on_board()["/config.py"]
        desk.virtual.speed = FAST
        wake = desk.virtual.run_wake(60)
        assert (wake.ended, wake.awake_ms < 20_000) == ("deepsleep", True), wake.output
        assert listener.wait(lambda came: any('"wake_every_s":1200' in it.text for it in came), 5)


def test_wake_does_not_touch_a_board_that_has_not_answered(
    bench: Make, mosquitto: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = bench("esp8266", {"main.py": IDLE}, BROKER=f"{mosquitto.host}:{mosquitto.port}", NAME="kitchen")
    desk.live(until=was_reset)
    assert desk.deploy("--wake", wait=1) == 1
    assert "the node has not answered by MQTT that it stays awake" in capsys.readouterr().err
    assert desk.deploy("--dry-run") == 0  # and now it is taken over
    assert "KeyboardInterrupt" in desk.join().output
