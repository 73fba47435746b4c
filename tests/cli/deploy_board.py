"""A virtual board with a life of its own at a serial port, and `dormouse deploy` to it, in this process."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import ROOT

from dormouse import settings
from dormouse.cli import main
from dormouse.deploying import node
from dormouse.virtual import interpreter
from dormouse.virtual.board import VirtualBoard

CREDENTIALS = 'WIFI = (("dormouse", "sleep-tight"),)\nUSER = None\nPASSWORD = None\n'
# A node that is not Dormouse's: whoever types Ctrl-C finds it awake.
LIFE_S = 45
IDLE = b"import time\nwhile True:\n    time.sleep(0.05)\n"


class Bench:
    """A board on the desk. folder: for its config.py. files: what is on it; None: what a deploy puts there.

    Attributes: virtual, the board; config, credentials: its files on the PC; wakes, its lives.
    """

    def __init__(self, board: str, folder: Path, files: dict[str, bytes] | None, **changes: object) -> None:
        self.board = board
        self.wakes: list[Any] = []
        self.config, self.credentials = folder / "config.py", folder / "credentials.py"
        self.credentials.write_text(CREDENTIALS)
        self.configure(**changes)
        self.virtual = VirtualBoard(board, self.wanted() if files is None else files, serial=True)
        self._thread: threading.Thread | None = None
        self._end = False

    def configure(self, **changes: object) -> None:
        """Write config.py: the template's for this board, with these lines."""
        text = settings.load(ROOT, board=self.board).text(**{"WAKE_EVERY_S": 900, **changes})
        self.config.write_text(text)

    def wanted(self) -> dict[str, bytes]:
        """What a deploy should put on the board."""
        path, secrets = node.credentials(ROOT, self.credentials)
        return node.files(ROOT, settings.load(ROOT, self.config), path, secrets)

    def live(self, until: Callable[[Any], bool]) -> None:
        """Let it live, life after life, until this is true of one that has ended."""

        def lives() -> None:
            while not self._end and (not self.wakes or not until(self.wakes[-1])):
                self.wakes.append(self.virtual.run_wake(LIFE_S))

        self.wakes.clear()
        self._end = False
        self._thread = threading.Thread(target=lives, daemon=True)
        self._thread.start()

    def join(self) -> Any:
        """Wait until live() has what it waited for; the last life."""
        assert self._thread is not None
        self._thread.join(LIFE_S + 30)
        assert not self._thread.is_alive()
        return self.wakes[-1]

    def close(self) -> None:
        """Let the life end, and the board: no process stays behind when a test fails."""
        self._end = True
        if self._thread is not None:
            self._thread.join(LIFE_S + 30)
        self.virtual.close()

    def deploy(self, *words: str, wait: int = 40) -> int:
        """`dormouse deploy`: its exit status."""
        files = ("--config", str(self.config), "--credentials", str(self.credentials))
        port = self.virtual.serial_path
        assert port is not None
        return main(["deploy", "--port", port, *files, "--wait", str(wait), *words])

    def on_board(self) -> dict[str, bytes]:
        """Every file on the board."""
        return {"/" + name: self.virtual.read_file(name) for name in self.virtual.flash.names()}


def was_reset(wake: Any) -> bool:
    """For live(): the board was restarted."""
    return bool(wake.ended == "reset")


def manifest(files: dict[str, bytes]) -> bytes:
    """The list that an earlier deploy of these files left."""
    return json.dumps(
        {"version": 1, "files": {path: hashlib.sha256(data).hexdigest()[:16] for path, data in files.items()}}
    ).encode()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Bench]]:
    """bench(board, files, **settings): see Bench."""
    try:
        interpreter.command()
    except interpreter.NoInterpreter as missing:
        pytest.skip(str(missing))
    monkeypatch.chdir(ROOT)
    made: list[Bench] = []

    def make(board: str, files: dict[str, bytes] | None, **changes: object) -> Bench:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Bench(board, folder, files, **changes))
        return made[-1]

    yield make
    for each in made:
        each.close()
