"""The power fails at every single write of a deploy: what the board's littlefs holds then, and what the board does with it.

Oracle: littlefs itself (littlefs-python) reads the flash as it was after each write; the guard's half hour is main.py's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy_board import Bench, bench, manifest, was_reset
from littlefs import LittleFS, UserContext

from dormouse.deploying.found import MANIFEST, STAGE
from dormouse.virtual.board import VirtualBoard
from dormouse.virtual.flash import BLOCK

__all__ = ["bench"]

DOOR = "/lib/node/cycle.mpy"
GONE = "/lib/node/gone.mpy"
AFTER_FAILURE_S = 30 * 60


class Image(UserContext):
    """A flash in memory, read only."""

    def __init__(self, data: bytearray) -> None:
        self.data = data
        self.in_size = len(data)

    def read(self, cfg: Any, block: int, off: int, size: int) -> bytearray:
        return self.data[block * BLOCK + off : block * BLOCK + off + size]


def files_of(data: bytearray, paths: set[str]) -> dict[str, bytes | None]:
    """These files, None for those that are not there; and whatever is in the stage."""
    disk = LittleFS(context=Image(data), mount=False, block_size=BLOCK, block_count=len(data) // BLOCK)
    disk.mount()
    there: dict[str, bytes | None] = {}
    for path in paths:
        try:
            with disk.open(path, "rb") as file:
                there[path] = bytes(file.read())
        except FileNotFoundError:
            there[path] = None
    return there


def boot(folder: Path, data: bytearray) -> VirtualBoard:
    """A board with this flash, whose supply has just come back."""
    folder.mkdir()
    (folder / "flash.img").write_bytes(data)
    return VirtualBoard("pyboard_d", {}, state=folder, serial=True)


def test_at_every_write(bench: Callable[..., Bench], tmp_path: Path) -> None:
    desk = bench("pyboard_d", {})
    new = desk.wanted()
    old = {**new, GONE: b"an old module", "/lib/node/link.mpy": b"an old one", DOOR: new["/lib/node/leave.mpy"]}
    old["/config.py"] = new["/config.py"].replace(b"900", b"1800")
    desk.virtual.flash.sync({**{path[1:]: data for path, data in old.items()}, MANIFEST[1:]: manifest(old)})
    log: list[tuple[int, bytes]] = []
    flash = desk.virtual.flash
    image = bytearray(Path(f"/proc/self/fd/{flash.fd}").read_bytes())
    write = flash.write

    def logged(block: int, offset: int, data: bytes) -> bool:
        log.append((block * BLOCK + offset, data))
        return write(block, offset, data)

    flash.write = logged  # type: ignore[method-assign]
    desk.live(until=was_reset)
    assert desk.deploy() == 0
    assert desk.join().ended == "reset"

    changed = {path for path in (*old, *new) if old.get(path) != new.get(path)}
    assert changed == {GONE, "/lib/node/link.mpy", DOOR, "/config.py"}
    kept: dict[str, bytearray] = {}
    order = []
    for place, data in [(0, bytes(image[:1])), *log]:
        image[place : place + len(data)] = data
        there = files_of(image, {*changed, "/main.py"})
        assert there.pop("/main.py") == new["/main.py"]
        if there == {path: old.get(path) for path in changed}:
            state = "old"
        elif there == {path: new.get(path) for path in changed}:
            state = "new"
        else:
            assert there[DOOR] is None, [path for path, content in there.items() if content == new.get(path)]
            state = "shut"
        if state not in order:
            order.append(state)
        assert state == order[-1]  # never back
        kept[state] = bytearray(image)
    assert order == ["old", "shut", "new"]

    # With the door shut: main.py's guard, at once and after its window; then a deploy into that window.
    with boot(tmp_path / "shut", kept["shut"]) as node:
        wakes: list[Any] = []
        first = threading.Thread(target=lambda: wakes.append(node.run_wake(60)))
        first.start()
        desk.close()
        desk.virtual = boot(tmp_path / "again", kept["shut"])
        desk.live(until=was_reset)
        assert desk.deploy() == 0
        assert desk.join().ended == "reset"
        assert desk.on_board() == {**desk.on_board(), **new}
        assert not {GONE, *(path for path in desk.on_board() if path.startswith(STAGE))} & set(desk.on_board())
        first.join()
        assert (wakes[0].ended, wakes[0].sleep_ms) == ("deepsleep", AFTER_FAILURE_S * 1000), wakes[0].output
        assert "ImportError" in wakes[0].output
