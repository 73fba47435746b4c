"""Device code as the checker of types shall see it: a copy, line by line the same, that says what the code leaves unsaid.

Device code has no annotations: a parameter could be anything, so a wrong call on it would pass. And what __import__("pyb")
gives has any attribute. Here the parameters that always are the same get their type, and such an import becomes a real one.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from pathlib import Path

# What the firmware's objects are called wherever device code hands them on.
PARAMETERS = {
    "wlan": "_typed_network.WLAN",
    "i2c": "_typed_machine.I2C",
    "board": "_typed_board.Board",
}
# The profile, as far as it hands out objects of the firmware.
BOARD = """from typing import Any

import machine
import network

class Board:
    def i2c(self, options: Any) -> machine.I2C: ...
    def radio(self) -> Any: ...
    def timer(self) -> machine.Timer: ...
    def adc_mv(self, pin: Any) -> int: ...
    def __getattr__(self, name: str) -> Any: ...
"""


def annotated(text: str, has_module: Callable[[str], bool]) -> str:
    """A module's source with the parameters' types. has_module: whether the port has a module."""
    lines = text.splitlines()
    wanted: set[str] = set()
    edits: list[tuple[int, int, int, str]] = []  # line, from column, to column, text
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for arg in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
                kind = PARAMETERS.get(arg.arg)
                module = kind.partition(".")[0].removeprefix("_typed_") if kind else ""
                if kind and not arg.annotation and has_module(module):
                    edits.append((arg.lineno, arg.end_col_offset or 0, arg.end_col_offset or 0, f': "{kind}"'))
                    wanted.add(module)
        elif (name := _imported(node)) and has_module(name):
            assert isinstance(node, ast.Call)
            edits.append((node.lineno, node.col_offset, node.end_col_offset or 0, f"_typed_{name}"))
            wanted.add(name)
    for line, start, end, new in sorted(edits, reverse=True):
        old = lines[line - 1].encode()
        lines[line - 1] = (old[:start] + new.encode() + old[end:]).decode()
    lines += [f"import {'_typed_board' if name == 'board' else name} as _typed_{name}" for name in sorted(wanted)]
    return "\n".join(lines) + "\n"


def _imported(node: ast.AST) -> str | None:
    # __import__("pyb"), no more arguments: a module of the firmware.
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "__import__" and len(node.args) == 1 and not node.keywords:
        name = node.args[0]
        if isinstance(name, ast.Constant) and isinstance(name.value, str) and name.value.isidentifier():
            return name.value
    return None


def copy(files: Iterable[Path], root: Path, target: Path, has_module: Callable[[str], bool]) -> None:
    """Copy files below root to the same places below target."""
    for path in files:
        made = target / path.relative_to(root)
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(annotated(path.read_text("utf-8"), has_module), "utf-8")
