"""What a user sees of an upgrade before it is done: counts, whose changes are touched, and on request every line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

from dormouse.constants import Problem
from dormouse.upgrading.compare import Difference
from dormouse.upgrading.configuration import Changes

_MOST = 12  # names in one list
_STYLES = {"+": "green", "-": "red", "@": "cyan"}


class Screen:
    """Lines, coloured on a terminal."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True, emoji=False, markup=False)

    def line(self, text: str = "", style: str = "") -> None:
        """One line."""
        self.console.print(Text(text, style))

    def names(self, title: str, names: list[str], style: str = "") -> None:
        """A title and the names below it; nothing when there are none."""
        if names:
            self.line(title, style)
            for name in names[:_MOST]:
                self.line(f"  {name}")
            if len(names) > _MOST:
                self.line(f"  and {len(names) - _MOST} more")

    def problems(self, title: str, problems: Iterable[Problem], style: str = "") -> None:
        """A title, and a line for each problem, by file and line."""
        found = sorted(problems, key=lambda problem: (problem.file, problem.line))
        if found:
            self.line(title, style)
            for problem in found:
                self.line(f"  {problem}")


def difference(screen: Screen, found: Difference, changes: Changes, new: str, backup: str) -> None:
    """The short form."""
    counts = (("added", found.added), ("changed", found.changed), ("removed", found.removed))
    screen.line("files: " + ", ".join(f"{len(paths)} {word}" for word, paths in counts), "bold")
    if not found.listed:
        screen.line(f"this copy has no list of what was shipped: all that differs is replaced, and kept in {backup}", "yellow")
    screen.names(f"changed by you and by {new}: the new ones come, yours are kept in {backup}", found.both, "yellow")
    screen.names(f"changed by you, not by {new}: they stay as they are", found.kept)
    screen.names(f"changed by you, not in {new} any more: they stay, and nothing may use them", found.left, "yellow")
    screen.names("your own, untouched", [path for path in found.own if path not in changes.texts])
    screen.problems("your settings, changed so", changes.told, "bold")
    screen.problems("left to you", changes.problems, "yellow")


def diff(screen: Screen, mine: Path, new: Path, found: Difference, texts: Mapping[str, bytes]) -> None:
    """Every line that changes; of what is added or removed only the name."""
    for path in found.removed:
        screen.line(f"removed {path}", "red")
    for path in found.written:
        if path not in found.changed:
            screen.line(f"added   {path}", "green")
    for path in found.changed:
        _one(screen, path, (mine / path).read_bytes(), (new / path).read_bytes())
    for path, data in texts.items():
        _one(screen, path, (mine / path).read_bytes() if (mine / path).is_file() else b"", data)


def _one(screen: Screen, path: str, old: bytes, new: bytes) -> None:
    try:
        before, after = (data.decode("utf-8").splitlines() for data in (old, new))
    except UnicodeDecodeError:
        screen.line(f"changed {path}: {len(old)} bytes, now {len(new)}")
        return
    for line in difflib.unified_diff(before, after, f"{path} (yours)", f"{path} (new)", lineterm=""):
        screen.line(line, "bold" if line.startswith(("+++", "---")) else _STYLES.get(line[:1], ""))
