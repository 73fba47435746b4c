"""The cable is pulled out at every single command of a deploy: from a board that lives on it, and from one with a battery.

The power failing between two writes of the flash: test_deploy_cuts.py.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from deploy_board import IDLE, Bench, bench, manifest, was_reset

from dormouse.commands import deploy as command
from dormouse.deploying import link, node, reach
from dormouse.deploying.found import MANIFEST, STAGE
from dormouse.deploying.link import LinkLost

__all__ = ["bench"]

# A small node, which is the same for a deploy: files that change, that stay, that come, that go.
NEW = {
    "/main.py": IDLE,
    "/lib/node/cycle.mpy": b"M\x06\0\x1f cycle",
    "/lib/node/link.mpy": b"M\x06\0\x1f link 2",
    "/lib/mqtt/burst.mpy": b"M\x06\0\x1f burst",
    "/config.py": b"# config 2\n",
}
OLD = {**NEW, "/lib/node/link.mpy": b"M\x06\0\x1f link 1", "/config.py": b"# config 1\n"}
OLD["/lib/node/gone.mpy"] = b"M\x06\0\x1f gone"
del OLD["/lib/mqtt/burst.mpy"]
FAST = 8


def image(desk: Bench) -> bytes:
    return os.pread(desk.virtual.flash.fd, os.fstat(desk.virtual.flash.fd).st_size, 0)


def test_at_every_command(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(node, "files", lambda *_: NEW)
    desk = bench("pyboard_d", {path[1:]: data for path, data in {**OLD, MANIFEST: manifest(OLD)}.items()})
    begin, serial = image(desk), desk.virtual.serial
    serial.battery = False
    commands, seen = 0, []
    while True:
        os.pwrite(desk.virtual.flash.fd, begin, 0)
        serial.pull_after = commands
        desk.live(until=lambda _wake: True)
        told = ""
        try:
            command.deploy(port=serial.path, config=desk.config, credentials=desk.credentials, wait=2)
        except link.DormouseError as error:
            told = str(error)
            assert isinstance(error, LinkLost) or not seen or seen == [("old", 0)], told  # it had been reached
        life, there = desk.join(), desk.on_board()
        said = capsys.readouterr().out
        staged = sum(path.startswith(STAGE + "/") for path in there)
        there = {path: data for path, data in there.items() if path != MANIFEST and not path.startswith(STAGE)}
        assert there in (OLD, NEW), commands
        state = ("old" if there == OLD else "new", staged)
        if serial.pull_after is not None:
            break  # it was the last
        assert life.reason == "power cut"
        # The last command restarts the board: by then everything is in place, and known to be.
        assert ("the node starts" in said) == (not told)
        if state not in seen:
            seen.append(state)
        commands += 1
    assert (told, life.ended, state) == ("", "reset", ("new", 0)), life.output
    assert commands > 25
    assert seen == [("old", 0), ("old", 1), ("old", 2), ("old", 3), ("old", 4), ("old", 5), ("old", 6), ("new", 0)]


def test_a_node_with_half_a_deploy_beside_it_does_its_work(bench: Callable[..., Bench], mosquitto: Any) -> None:
    desk = bench("pyboard_d", None, BROKER=f"{mosquitto.host}:{mosquitto.port}", SENSORS={}, BATTERY=None)
    half = {STAGE[1:] + "/0123456789abcdef": b"M\x06\0\x1f half", STAGE[1:] + "/steps": b"mv\t/dormouse.new/01"}
    desk.virtual.flash.sync({**{path[1:]: data for path, data in desk.wanted().items()}, **half})
    desk.virtual.speed = FAST
    wake = desk.virtual.run_wake(60)
    assert wake.ended == "deepsleep"
    assert "delivered 1" in wake.output


def test_with_a_battery_the_board_finishes_alone_and_is_a_node_again(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node, "files", lambda *_: NEW)
    monkeypatch.setattr(reach, "reach", functools.partial(reach.reach, leash_s=3))
    desk = bench("pyboard_d", {path[1:]: data for path, data in OLD.items()})
    serial, run = desk.virtual.serial, link.Link.run

    def pulled(self: link.Link, script: str) -> str:
        if "os.rename" in script:
            serial.pull_after = 0
        return run(self, script)

    monkeypatch.setattr(link.Link, "run", pulled)
    desk.live(until=was_reset)
    with pytest.raises(LinkLost, match="is gone"):
        command.deploy(port=serial.path, config=desk.config, credentials=desk.credentials)
    begin = time.monotonic()
    assert desk.join().ended == "reset"
    assert time.monotonic() - begin > 1  # by its leash
    assert {path: desk.on_board().get(path) for path in NEW} == NEW
