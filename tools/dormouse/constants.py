"""Reading a file of constants (config.py, nodes/NAME.py, credentials.py) without running it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_NUMBERS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
}


ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Problem:
    """Something wrong with a line of a file. line is 0 when it is about the whole file. kind: of the rule that says so."""

    file: str
    line: int
    text: str
    level: str = ERROR
    kind: str = "setting"

    def __str__(self) -> str:
        at = f"{self.file}:{self.line}" if self.line else self.file
        return f"{at}: {'warning: ' if self.level == WARNING else ''}{self.text}"


@dataclass
class Constant:
    """One ``NAME = value`` of a file: its value, the value's text, and the lines (from 1) of it and of its entries."""

    value: object
    text: str
    file: str
    line: int
    entries: dict[object, int] = field(default_factory=dict)


@dataclass
class ConstantsFile:
    """A file of constants as it was read: its text, the constants by name, and what is wrong with it."""

    file: str
    source: str
    constants: dict[str, Constant] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)

    def replaced(self, values: dict[str, str]) -> str:
        """The file's text with the values of some constants replaced and everything else, comments too, kept.

        Arguments: values, name to the text of the new value; a name that the file lacks is added at its end.
        """
        data = self.source.encode()
        for name in sorted(self.spans, key=lambda known: self.spans[known], reverse=True):
            if name in values:
                start, end = self.spans[name]
                data = data[:start] + values[name].encode() + data[end:]
        added = [f"{name} = {text}\n" for name, text in values.items() if name not in self.spans]
        gap = b"\n" if added and data and not data.endswith(b"\n") else b""
        return (data + gap + "".join(added).encode()).decode()


def read(path: Path, shown: str) -> ConstantsFile:
    """Read a file of ``NAME = constant`` lines.

    Numbers may be written with + - * / and //. What is not a constant becomes a problem, not an exception.
    Arguments: path, the file; shown, how messages name it.
    Raises OSError when the file cannot be read.
    """
    try:
        return parse(path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n"), shown)
    except UnicodeDecodeError:
        return ConstantsFile(shown, "", problems=[Problem(shown, 0, "is not UTF-8 text")])


def parse(source: str, shown: str) -> ConstantsFile:
    """The same of a text."""
    found = ConstantsFile(shown, source)
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", 0) or 0
        found.problems.append(Problem(shown, line, f"is not Python: {getattr(error, 'msg', error)}"))
        return found
    for statement in tree.body:
        _read_statement(found, statement)
    return found


def _read_statement(found: ConstantsFile, statement: ast.stmt) -> None:
    line = statement.lineno
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return  # a docstring
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1 or not isinstance(statement.targets[0], ast.Name):
        found.problems.append(Problem(found.file, line, "only lines of the form NAME = constant may stand here"))
        return
    name, node = statement.targets[0].id, statement.value
    if name in found.constants:
        first = found.constants[name].line
        found.problems.append(Problem(found.file, line, f"{name} is set twice, first in line {first}"))
        return
    try:
        value = _value(node)
    except _NotConstant as error:
        found.problems.append(Problem(found.file, error.line, f"{name} is not a constant; this file is never run"))
        return
    except ArithmeticError as error:
        found.problems.append(Problem(found.file, line, f"{name}: {error}"))
        return
    span = _span(found.source, node)
    text = found.source.encode()[span[0] : span[1]].decode()
    entries = {}
    if isinstance(node, ast.Dict):
        entries = {_value(key): key.lineno for key in node.keys if key is not None}
    found.constants[name] = Constant(value, text, found.file, line, entries)
    found.spans[name] = span


class _NotConstant(Exception):
    def __init__(self, node: ast.AST) -> None:
        super().__init__()
        self.line = int(getattr(node, "lineno", 0))


def _value(node: ast.AST) -> Any:
    if isinstance(node, ast.Constant) and not isinstance(node.value, complex):
        return node.value
    if isinstance(node, (ast.Tuple, ast.List)):
        items = [_value(item) for item in node.elts]
        return tuple(items) if isinstance(node, ast.Tuple) else items
    if isinstance(node, ast.Dict) and all(isinstance(key, ast.Constant) for key in node.keys):
        return {_value(key): _value(item) for key, item in zip(node.keys, node.values) if key is not None}
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        number = _number(node.operand)
        return -number if isinstance(node.op, ast.USub) else number
    if isinstance(node, ast.BinOp) and type(node.op) in _NUMBERS:
        return _NUMBERS[type(node.op)](_number(node.left), _number(node.right))
    raise _NotConstant(node)


def _number(node: ast.AST) -> Any:
    value = _value(node)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _NotConstant(node)
    return value


def _span(source: str, node: ast.expr) -> tuple[int, int]:
    """Where an expression is in the source: first and last byte offset. An enclosing pair of brackets is not part of
    an ast node; replacing what is inside it is right all the same."""
    lines = source.encode().split(b"\n")
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    start = sum(len(line) + 1 for line in lines[: node.lineno - 1]) + node.col_offset
    end = sum(len(line) + 1 for line in lines[: node.end_lineno - 1]) + node.end_col_offset
    return start, end
