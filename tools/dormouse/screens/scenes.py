"""The scenes: a small made-up fleet in a folder of its own, and one command in each."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dormouse.errors import DormouseError, UsageError
from dormouse.screens import terminal
from dormouse.screens.terminal import Answer
from dormouse.upgrading import shipped
from dormouse.virtual.board import VirtualBoard

_TOOLS = Path(__file__).resolve().parents[2]
_COPIED = (
    "main.py",
    "config.py",
    "credentials.example.py",
    "src",
    "power",
    "sensors",
    "boards",
    "nodes",
    "tools/dormouse/boards.py",
)
_CREDENTIALS = 'WIFI = (("burrow", "hazelnut"),)\nUSER = "node"\nPASSWORD = "acorn"\n'
_MISTAKES = """\
NAME = "greenhouse"
BOARD = "esp32"
WAKE_EVERY_S = 5 * 60
SENSORS = {
    "air": {"driver": "sht4x", "adress": 0x45},
    "bed": {"driver": "soil", "pin": 6, "dry_mv": 2400, "wet_mv": 1100},
}
WAKE_PIN = {"pin": 5}
BROKER = "broker.local"
STATIC_IP = ("192.168.1.50/24", "192.168.2.1")
"""
_GARDEN = """\
NAME = "garden"
BOARD = "esp8266"
WAKE_EVERY_S = 900
SENSORS = {"air": {"driver": "sht4x"}}
"""
# What is typed, and the question before it.
_ANSWERS = (
    Answer("Board [", "esp32_s3"),
    Answer("Wi-Fi network", "burrow"),
    Answer("Its password", "hazelnut", unseen=True),
    Answer("once more", "hazelnut", unseen=True),
    Answer("MQTT broker", "192.168.1.10"),
    Answer("TLS?", "n"),
    Answer("user", ""),
    Answer("Wake every", "5s"),
    Answer("Wake every", "5min"),
    Answer("Sensors", "y"),
    Answer("Battery", "lipo"),
    Answer("capacity", "1200"),
)
# A board that waits: whoever types Ctrl-C finds it awake.
_IDLE = b"import time\nwhile True:\n    time.sleep(0.05)\n"
_LIFE_S = 60
_SHOWN = 4  # of the many copied files, at each end

Scene = Callable[[Path], str]


@contextmanager
def fleet() -> Iterator[Path]:
    """A copy of what a node needs, in a folder that is called as a user's would be."""
    root = _TOOLS.parent
    with tempfile.TemporaryDirectory(prefix="screens-") as folder:
        copy = Path(folder) / "dormouse"
        names = shipped.tracked(root)  # not the user's own nodes and secrets
        if names is None:
            raise DormouseError("screenshots are made in a git checkout")
        for name in names:
            if name.startswith(_COPIED):
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(root / name, copy / name)
        programs = Path(folder) / "bin"
        programs.mkdir()
        (programs / "dormouse").write_text("#!/bin/sh\n")  # so that messages call the command by its name
        (programs / "dormouse").chmod(0o755)
        yield copy


def _run(root: Path, *words: str, answers: tuple[Answer, ...] = (), module: str = "dormouse") -> str:
    env = {
        "PATH": str(root.parent / "bin"),
        "PYTHONPATH": str(_TOOLS),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(root.parent),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }
    for name in ("MICROPYTHON", "LD_LIBRARY_PATH"):
        if name in os.environ:
            env[name] = os.environ[name]
    text = terminal.run([sys.executable, "-m", module, *words], root, env, answers)
    shown = " ".join(word if re.fullmatch(r"[\w.,=/:-]+", word) else f"'{word}'" for word in words)
    return f"\x1b[1m$ dormouse {shown}\x1b[0m\n{text}"


def new(root: Path) -> str:
    """A node, by its questions; one answer is wrong."""
    return _run(root, "new", "greenhouse", "--no-try", answers=_ANSWERS)


def check(root: Path) -> str:
    """A node with mistakes; when the plain ones are mended, there are others."""
    (root / "nodes/greenhouse.py").write_text(_MISTAKES)
    (root / "credentials.py").write_text(_CREDENTIALS)
    first = _run(root, "check", "greenhouse")
    (root / "nodes/greenhouse.py").write_text(_MISTAKES.replace("adress", "address").replace('"pin": 5', '"pin": 13'))
    return f"{first}\n\n{_run(root, 'check', 'greenhouse')}"


def boards(root: Path) -> str:
    """The table."""
    return _run(root, "boards")


def logs(root: Path) -> str:
    """Six wakes, three of them with something wrong."""
    return _run(root, "logs", "--wakes", "6", module="dormouse.screens.logged")


def deploy(root: Path) -> str:
    """A new board gets the node; then a setting is changed."""
    (root / "credentials.py").write_text(_CREDENTIALS)
    node = root / "nodes/garden.py"
    node.write_text(_GARDEN)
    board = VirtualBoard("esp8266", {"main.py": _IDLE}, serial=True)
    try:
        first = _deployed(root, board)
        node.write_text(_GARDEN.replace("900", "600"))
        second = _deployed(root, board)
    finally:
        board.close()
    lines = first.split("\n")
    copied = [n for n, line in enumerate(lines) if line.startswith("  copy ")]
    left_out = copied[_SHOWN:-_SHOWN]
    lines[left_out[0] : left_out[-1] + 1] = [f"\x1b[2m  ({len(left_out)} more such lines)\x1b[0m"]
    text = "\n".join([*lines, "", second]).replace(str(board.serial_path), "/dev/ttyUSB0")
    # Blocks of the flash are freed at other moments in each run.
    return re.sub(r"(\d+) KiB free", lambda found: f"{round(int(found[1]), -2)} KiB free", text)


def upgrade(root: Path) -> str:
    """A made-up next version: a new driver, a new setting, and one file that the user has changed too."""
    _put_version(root, "0.1.0")
    new = root.parent / "dormouse-0.2.0"
    shutil.copytree(root, new)
    for name in ("src/node/cycle.py", "sensors/sht4x.py"):
        (new / name).write_text((new / name).read_text("utf-8") + "\n# better\n", "utf-8")
    (new / "sensors/scd30.py").write_text("FIELDS = ()\n")
    (new / "power/rtc.py").unlink()
    schema, config = new / "src/node/schema.py", new / "config.py"
    row = '    ("QUIET_AT_NIGHT", "bool", "", None, None, False, "no uploads from 22 to 6 h"),\n    ("BROKER",'
    schema.write_text(schema.read_text("utf-8").replace('    ("BROKER",', row, 1), "utf-8")
    line = "QUIET_AT_NIGHT = False        # True: no uploads from 22 to 6 h\nBROKER ="
    config.write_text(config.read_text("utf-8").replace("BROKER =", line, 1), "utf-8")
    _put_version(new, "0.2.0")
    (root / "sensors/sht4x.py").write_text((root / "sensors/sht4x.py").read_text("utf-8") + "\n# mine\n", "utf-8")
    (root / "sensors/mine.py").write_text("FIELDS = ()\n")
    (root / "nodes/greenhouse.py").write_text('NAME = "greenhouse"\nWAKE_EVERY_S = 5 * 60\n')
    text = _run(root, "upgrade", "../dormouse-0.2.0", answers=(Answer("Upgrade to", "y"),))
    # A user's `dormouse` is the copy's own.
    return "\n".join(line for line in text.split("\n") if "is installed apart" not in line)


def _put_version(root: Path, version: str) -> None:
    init = root / "tools/dormouse/__init__.py"
    init.parent.mkdir(parents=True, exist_ok=True)
    init.write_text(f'__version__ = "{version}"\n')
    (root / shipped.LIST).unlink(missing_ok=True)
    (root / shipped.NAMES).unlink(missing_ok=True)
    names = sorted({*shipped.names(root), shipped.NAMES})
    (root / shipped.NAMES).write_text("".join(f"{name}\n" for name in names))
    shipped.note(root)


def _deployed(root: Path, board: VirtualBoard) -> str:
    """One deploy; the board lives meanwhile."""

    def lives() -> None:
        while board.run_wake(_LIFE_S).ended != "reset":  # deploy's last word
            pass

    thread = threading.Thread(target=lives, daemon=True)
    thread.start()
    try:
        return _run(root, "deploy", "garden", "--port", str(board.serial_path))
    finally:
        thread.join(2 * _LIFE_S)


SCENES: dict[str, Scene] = {"boards": boards, "check": check, "deploy": deploy, "logs": logs, "new": new, "upgrade": upgrade}


def play(name: str) -> str:
    """What a scene leaves on its terminal, with colour codes. Raises UsageError for a name that is none, DormouseError."""
    if name not in SCENES:
        raise UsageError(f"no picture {name!r}; there are: {', '.join(SCENES)}")
    with fleet() as root:
        return SCENES[name](root)
