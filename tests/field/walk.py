"""The way from the bag to the field as docs/bag_to_field.md tells it: its commands, run as they stand there.

The board is a virtual one: a boot loader or dfu-util for `flash`, then the interpreter behind a pseudo-terminal with a file
system of the board's size, whose files come from `deploy` alone. A line "# ..." in the document is what the hand does.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dfu_util
import firmware_files
from dormouse import boards, cli, log_port, settings
from dormouse.deploying import job
from dormouse.virtual.board import VirtualBoard
from dormouse.virtual.devices import wired
from dormouse.virtual.loader import Loader
from dormouse.virtual.world import WifiWorld, World

ROOT = Path(__file__).resolve().parents[2]
BROKER = "192.168.1.10"  # the document's
DOCUMENT = ROOT / "docs" / "bag_to_field.md"
_BLOCK = re.compile(r"(<!-- (\w+): begin -->\n```console\n)(.*?)(```\n<!-- \2: end -->)", re.DOTALL)
_NUMBER = re.compile(r"\d+(\.\d+)?")
_MOST = 6  # lines of copied files in a row that the document shows in full
# The virtual board is on the broker's host, and check warns of that; how far a step is, which a terminal shows as a bar.
_LEFT_OUT = re.compile(r"on a board that is the node itself|^  \d+ %$")
LIFE_S = 60
FAST = 4  # what a wake waits for is divided by it where nobody has to get at the board
ROM = {"esp32s2": (0x303A, 0x0002), "esp8266": (0x10C4, 0xEA60)}
RUNNING = {"esp32": (0x303A, 0x4001), "stm32": (0xF055, 0x9802), "esp8266": (0x10C4, 0xEA60)}


def blocks() -> dict[str, list[str]]:
    """The document's blocks: the board's name to lines."""
    return {name: text.splitlines() for _, name, text, _ in _BLOCK.findall(DOCUMENT.read_text("utf-8"))}


def write(board: str, lines: list[str]) -> None:
    """Put a board's lines into the document."""
    text = DOCUMENT.read_text("utf-8")
    new = "\n".join(lines).rstrip("\n") + "\n"
    DOCUMENT.write_text(_BLOCK.sub(lambda m: m[1] + (new if m[2] == board else m[3]) + m[4], text), "utf-8")


def masked(lines: list[str]) -> list[str]:
    """Without what is another number each time."""
    return [_NUMBER.sub("0", line) for line in lines]


class Walk:
    """One board's way. Arguments: board; folder, a copy of the template; server, the broker as "host:port"; speed, of the
    wakes that `logs` shows.

    Attributes: did, the lines so far; virtual, the board, once it is flashed; wakes, its lives; flashed, what `flash` wrote.
    """

    def __init__(self, board: str, folder: Path, server: str, speed: int, monkeypatch: Any, capsys: Any) -> None:
        self.facts = boards.read(ROOT, board)
        self.board, self._folder, self._capsys, self._patch, self._speed = board, folder, capsys, monkeypatch, speed
        # What the document says, and what is there.
        self._there = {BROKER: server}
        self.did: list[str] = []
        self.output: dict[str, list[str]] = {}
        self.virtual: VirtualBoard | None = None
        self.wakes: list[Any] = []
        self.flashed = b""
        self.firmware = b""
        self._ports: list[SimpleNamespace] = []
        self._pressed = False
        self._thread: threading.Thread | None = None
        monkeypatch.setattr("serial.tools.list_ports.comports", lambda *_, **__: self._plugged())

    def close(self) -> None:
        """Let go of the board."""
        if self._thread is not None:
            self._thread.join(LIFE_S)
        if self.virtual is not None:
            self.virtual.close()

    def line(self, text: str) -> list[str]:
        """Do a line of the document. Returns what it printed."""
        if text.startswith("# "):
            self._hand(text)
            self.did.append(text)
            return []
        words = [self._there.get(word, word) for word in shlex.split(text.removeprefix("$ "))]
        assert words[0] == "dormouse"
        self._capsys.readouterr()
        with self._scene(words):
            status = cli.main(words[1:])
        said = self._capsys.readouterr()
        assert status == 0, f"{text}: {status}\n{said.out}\n{said.err}"
        lines = [self._shown(line) for line in (said.err + said.out).splitlines() if not _LEFT_OUT.search(line)]
        self.did += [text, *_short(lines), *(["^C"] if words[1] == "logs" else []), ""]
        return lines

    def live(self, until: Callable[[Any], bool], most: int = 9) -> None:
        """Let the board live, until this is true of a life that has ended."""
        board = self.virtual
        assert board is not None
        if self._pressed:
            board.wake_by_pin()
            self._pressed = False
        self.wakes = []

        def lives() -> None:
            while not self.wakes or not (until(self.wakes[-1]) or len(self.wakes) == most):
                self.wakes.append(board.run_wake(LIFE_S))

        self._thread = threading.Thread(target=lives, daemon=True)
        self._thread.start()

    def join(self) -> list[Any]:
        """Wait for that; the lives."""
        assert self._thread is not None
        self._thread.join(LIFE_S + 30)
        assert not self._thread.is_alive()
        return self.wakes

    def sleep(self) -> Any:
        """Let it live until it sleeps, with nobody at the port. Returns the wake."""
        assert self.virtual is not None
        self.virtual.speed = FAST
        self.live(until=lambda wake: wake.ended == "deepsleep")
        return self.join()[-1]

    def files(self) -> dict[str, bytes]:
        """What is on the board."""
        assert self.virtual is not None
        return {"/" + name: self.virtual.read_file(name) for name in self.virtual.flash.names()}

    def _hand(self, text: str) -> None:
        if "press" in text or "plug" in text:
            self._pressed = True
        if found := re.search(r"`(nodes/\w+\.py)`: `(\w+) = (.+)`", text):
            path = self._folder / found[1]
            old = path.read_text()
            new = re.sub(rf"^{found[2]} = [^#\n]*", f"{found[2]} = {found[3]}  ", old, flags=re.MULTILINE)
            assert new != old, f"{found[2]} is not in {found[1]}"
            path.write_text(new)

    @contextlib.contextmanager
    def _scene(self, words: list[str]) -> Iterator[None]:
        """What is on the desk while a command runs."""
        command, name = words[1], words[2] if len(words) > 2 else ""
        if command == "flash":
            with self._flash(words):
                yield
            self._start(name)
        elif command == "deploy":
            assert self.virtual is not None
            self.virtual.speed = 1
            self.live(until=lambda wake: wake.ended == "reset")
            yield
            self.join()
        elif command == "logs":
            with self._heard():
                yield
            self.join()
        else:
            yield

    @contextlib.contextmanager
    def _flash(self, words: list[str]) -> Iterator[None]:
        path = self._folder / words[words.index("--firmware") + 1]
        facts = self.facts
        machine, offset = facts["firmware"]["machine"], facts["flash"]["offset"]
        if facts["flash"]["method"] == "dfu":
            self.firmware = firmware_files.dfu(machine)
            path.write_bytes(self.firmware)
            tool = dfu_util.install(self._folder / "bin")
            self._patch.setenv("PATH", f"{tool}{os.pathsep}{os.environ['PATH']}")
            yield
            self.flashed = (tool / "written").read_bytes()
            return
        self.firmware = firmware_files.esp(facts["chip"], machine, offset)
        path.write_bytes(self.firmware)
        vid, pid = ROM[facts["chip"]]
        with Loader(facts["chip"], facts["flash"]["flash_bytes"]) as chip:
            self._ports = [SimpleNamespace(device=chip.path, vid=vid, pid=pid, serial_number=None)]
            yield
            self._ports = []
        self.flashed = bytes(chip.flash[offset : offset + len(self.firmware)])

    def _start(self, name: str) -> None:
        """MicroPython runs, with an empty file system; the node's sensors are wired."""
        config = settings.load(self._folder, node=name).text().encode()
        world = World(wifi=WifiWorld(ssid="willow", password="acorns and nuts"))
        world.devices = lambda now_ms, scene: wired(config, now_ms, scene)
        self.virtual = VirtualBoard(self.board, {}, serial=True, world=world)

    @contextlib.contextmanager
    def _heard(self) -> Iterator[None]:
        """The board lives while somebody listens, who types Ctrl-C when it sleeps again."""
        board, listen = self.virtual, log_port.listen
        assert board is not None
        board.speed = self._speed
        lives = 1 if self.facts["usb"] == "native" else 2

        def watched(*arguments: Any) -> Iterator[Any]:
            begun = False
            for event in listen(*arguments):
                yield event
                if not begun:
                    begun = True
                    self.live(until=lambda _wake: False, most=lives)
                elif event.kind in ("idle", "gone") and self._thread is not None and not self._thread.is_alive():
                    raise KeyboardInterrupt

        self._patch.setattr(log_port, "listen", watched)
        yield
        self._patch.setattr(log_port, "listen", listen)

    def _plugged(self) -> list[SimpleNamespace]:
        path = self.virtual.serial_path if self.virtual is not None else None
        if path is None or not Path(path).exists():
            return self._ports
        vid, pid = RUNNING[self.facts["port"]]
        return [SimpleNamespace(device=path, vid=vid, pid=pid, serial_number="1")]

    def _shown(self, line: str) -> str:
        native = self.facts["usb"] == "native"
        port = "/dev/ttyACM0" if native else "/dev/ttyUSB0"
        line = re.sub(r"/dev/pts/\d+|/\S+/dormouse-tty-\w+/tty", port, line)
        for word, there in self._there.items():
            line = line.replace(f'"{there}"', f'"{word}"'.ljust(len(there) + 2)).replace(there, word)
        line = re.sub(r"\S+/bin/dormouse", "dormouse", line.replace(f"{self._folder}/", ""))
        return line.replace("; 1 warning", "").rstrip()  # that one


def _short(lines: list[str]) -> list[str]:
    """Copied files in a row: the first and the last two."""
    short: list[str] = []
    run: list[str] = []
    for line in [*lines, ""]:
        if line.startswith("  copy  "):
            run.append(line)
            continue
        short += run if len(run) <= _MOST else [run[0], f"  ... and {len(run) - 3} more", *run[-2:]]
        run = []
        short.append(line)
    return short[:-1]


def expected(folder: Path, name: str) -> dict[str, bytes]:
    """What a deploy of this node puts on its board."""
    return job.prepare(folder, name).wanted
