"""`dormouse deploy` with the real mpremote to a virtual board behind a pseudo-terminal, whole and interrupted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from command_line import ROOT
from deploy_board import IDLE, Bench, bench, manifest, was_reset

from dormouse import boards
from dormouse.deploying import ask, copy, reach
from dormouse.deploying.found import MANIFEST, STAGE
from dormouse.subscriber import Subscriber

__all__ = ["bench"]

Make = Callable[..., Bench]
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
    assert "press its reset button" in said.out
    assert "no board within 1 s" in said.err
    desk.virtual.serial.detach(True)
    later = threading.Timer(1.0, lambda: desk.live(until=was_reset))
    later.start()
    assert desk.deploy() == 0
    later.join()
    assert desk.join().ended == "reset"
    assert "left; Ctrl-C ends it" in capsys.readouterr().out


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


def test_stay_awake_is_asked_for_and_used(bench: Make, mosquitto: Any, capsys: pytest.CaptureFixture[str]) -> None:
    server = f"{mosquitto.host}:{mosquitto.port}"
    desk = bench("esp8266", None, BROKER=server, NAME="kitchen")
    desk.live(until=lambda wake: wake.ended == "deepsleep")
    desk.join()  # the broker knows it now
    with ask.Wakening(ask.Access(mosquitto.host, mosquitto.port), "dormouse/kitchen", 10) as asked:
        desk.configure(BROKER=server, NAME="kitchen", WAKE_EVERY_S=1200)
        desk.live(until=was_reset)
        end = time.monotonic() + 20
        while asked.heard is None and time.monotonic() < end:
            time.sleep(0.02)
        assert asked.heard is not None
        assert asked.heard["ok"] is True
        assert desk.deploy() == 0, capsys.readouterr().err
    assert desk.join().ended == "reset"
    assert "1200" in desk.on_board()["/config.py"].decode()
