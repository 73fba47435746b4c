"""Tracebacks of a board with the lines of this checkout.

On the board they name modules (File "node.cycle", line 37), not files: a deploy compiles each with its dotted name. Copied by
hand they name paths.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from dormouse.imports import Modules
from dormouse.project import shown

BEGIN = "Traceback (most recent call last):"
_FRAME = re.compile(r'\s+File "([^"]+)", line (\d+)(?:, in (.+))?$')
_DEVICE = ("src", "power", "sensors", "boards")


def is_frame(line: str) -> bool:
    """Whether a line is one of a traceback's places."""
    return _FRAME.match(line) is not None


def decode(root: Path, lines: list[str]) -> tuple[list[str], bool]:
    """A traceback with the source of each place.

    Arguments: root, the template; lines, as they came.
    Returns the lines, "src/node/cycle.py:37: <source>, in run" for those of this template, and whether all of those fit: a
    place that is not in the function that the board names is another version's.
    """
    decoded, fits = [], True
    for line in lines:
        found = _FRAME.match(line)
        path = find(root, found[1]) if found else None
        if not found or path is None:
            decoded.append(line)
            continue
        number, function = int(found[2]), found[3] or ""
        text = _line_of(path, number)
        known = function in _functions_at(path, number) if function else True
        fits = fits and known and bool(text)
        decoded.append(f"  {shown(path)}:{number}: {text or '(no such line)'}" + (f", in {function}" if function else ""))
    return decoded, fits


def find(root: Path, name: str) -> Path | None:
    """The file here of what a traceback names: "node.cycle", "main.py", "/lib/node/cycle.py". None for what is not ours."""
    if not name.endswith(".py"):
        return Modules(root).find(name)
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if parts[0] == "lib":
        parts[0] = "src"
    for path in (root.joinpath(*parts), root.joinpath("src", *parts)):
        if path.is_file() and (len(parts) == 1 or path.relative_to(root).parts[0] in _DEVICE):
            return path
    return None


@cache
def _source(path: Path, _changed_ns: int) -> tuple[list[str], ast.Module | None]:
    text = path.read_text("utf-8", "replace")
    try:
        return text.split("\n"), ast.parse(text)
    except SyntaxError:
        return text.split("\n"), None


def _line_of(path: Path, number: int) -> str:
    lines, _ = _source(path, path.stat().st_mtime_ns)
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def _functions_at(path: Path, number: int) -> set[str]:
    """The names that MicroPython may give a line: its functions', "<module>" outside of them, "<lambda>" and the like."""
    _, tree = _source(path, path.stat().st_mtime_ns)
    if tree is None:
        return set()
    names = {"<lambda>", "<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>"}
    inside = False
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = min([node.lineno, *(it.lineno for it in node.decorator_list)])
            if first <= number <= (node.end_lineno or number):
                names.add(node.name)
                # The line of `def` itself runs outside.
                inside = inside or number > node.lineno
    return names if inside else names | {"<module>"}
