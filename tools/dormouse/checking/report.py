"""What the rules have found, as it is shown: lines, JSON for editors; and the table of docs/check.md."""

from __future__ import annotations

import json
from collections.abc import Iterable

from rich.console import Console

from dormouse import checking
from dormouse.constants import ERROR, Problem

_STYLE = {checking.ERROR: "bold red", checking.WARNING: "yellow"}
_OF = {checking.NODE: "config.py", checking.SECRETS: "credentials.py", checking.FLEET: "--all"}


def warn(problems: Iterable[Problem]) -> None:
    """Say each warning once, on standard error: file, line, "warning:", what. On a terminal in yellow."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    for text in dict.fromkeys(str(problem) for problem in problems if problem.level != ERROR):
        console.print(text, style=_STYLE[checking.WARNING])


def lines(problems: Iterable[Problem]) -> None:
    """Say each problem, errors in red: for a fleet, where one node's errors do not keep the others from being looked at."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    for text, level in dict.fromkeys((str(problem), problem.level) for problem in problems):
        console.print(text, style=_STYLE[level])


def as_json(problems: Iterable[Problem]) -> str:
    """A list of {"file", "line", "level", "kind", "text"}, one problem a line; line 0: of the whole file."""
    rows = [json.dumps({name: getattr(it, name) for name in ("file", "line", "level", "kind", "text")}) for it in problems]
    return "[" + ",\n ".join(dict.fromkeys(rows)) + "]"


def markdown() -> str:
    """Every rule as a row of docs/check.md."""
    rows = ["| what is looked at | of | level | what the node does |", "|---|---|---|---|"]
    rows += [f"| {it.what} | {_OF[it.of]} | {it.level} | {it.then} |" for it in checking.rules().values()]
    return "\n".join(rows) + "\n"
