"""A command at a pseudo-terminal: its questions are answered, and what is left on the screen is kept."""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from dormouse.errors import DormouseError

WIDTH = 120
_LINES = 50
_PATIENCE_S = 90
_CODES = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|[\r\n]|[^\r\n\x1b]+|\x1b.")


class Answer(NamedTuple):
    """What is typed when a question has come: words of it; unseen: when the terminal does not show what is typed."""

    question: str
    text: str
    unseen: bool = False


class Screen:
    """As much of a terminal as these commands use: lines, colours, a line wiped, lines up. Lines keep their colour codes."""

    def __init__(self) -> None:
        self._lines, self._row, self._fresh = [""], 0, False

    def feed(self, text: str) -> None:
        """What a command has written."""
        for found in _CODES.finditer(text):
            code, letter, whole = found[1], found[2], found[0]
            if whole == "\n":
                self._row += 1
                if self._row == len(self._lines):
                    self._lines.append("")
                self._fresh = False
            elif whole == "\r":
                self._fresh = True  # what comes now stands in the place of what is there
            elif letter == "A":
                self._row = max(0, self._row - int(code or 1))
            elif letter == "K":
                self._lines[self._row] = ""
            elif letter == "m" or not letter:
                if self._fresh:
                    self._lines[self._row] = ""
                    self._fresh = False
                self._lines[self._row] += whole

    def text(self) -> str:
        """What is to be seen, without the empty lines around it."""
        return "\n".join(line.rstrip() for line in self._lines).strip("\n")


def run(words: Sequence[str], cwd: Path, env: dict[str, str], answers: Sequence[Answer] = ()) -> str:
    """Run a program to its end at a terminal of its own; the text that is left there, with colour codes.

    Arguments: words, the program; cwd, env, where and with what; answers, in their order.
    Raises DormouseError when a question does not come, or it does not end.
    """
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", _LINES, WIDTH, 0, 0))
    screen, fresh, waiting = Screen(), "", list(answers)
    end = time.monotonic() + _PATIENCE_S
    process = subprocess.Popen(
        words,
        cwd=cwd,
        env=env,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
    )
    try:
        while process.poll() is None or select.select([master], [], [], 0)[0]:
            if time.monotonic() > end:
                raise DormouseError(f"{' '.join(words)} does not end; it is at: {fresh[-200:]!r}")
            if select.select([master], [], [], 0.05)[0]:
                came = os.read(master, 65536).decode("utf-8", "replace")
                screen.feed(came)
                fresh += came
            asked = fresh.endswith(" ") and waiting and waiting[0].question in fresh
            if asked and _unseen(slave) == waiting[0].unseen:
                os.write(master, waiting.pop(0).text.encode() + b"\n")
                fresh = ""
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(master)
        os.close(slave)
    if waiting:
        raise DormouseError(f"{' '.join(words)} has not asked {waiting[0].question!r}: {screen.text()}")
    return screen.text()


def _unseen(slave: int) -> bool:
    return not termios.tcgetattr(slave)[3] & termios.ECHO
