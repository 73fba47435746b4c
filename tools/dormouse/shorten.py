"""What a node's modules say without need, taken out before they are compiled.

MicroPython keeps the name of every argument for calls by name, and a name once met stays in memory (py/qstr.c, py/emitglue.c):
a hundred of them, and their places in a table that doubles when it is full. What nobody calls by name needs none of its own: in
each module such arguments are _a, _b... Functions, attributes and line numbers stay as they are, so a traceback tells the same.
"""

from __future__ import annotations

import ast
import string
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from dormouse.parsed import parsed

_SCHEMA = "node.schema"
# Kinds of settings whose note is in no message of node.schema: it is for the documentation, on the PC.
_SILENT = ("int", "number", "bool", "true", "name", "country", "sensors", "dict")
_NEW = [f"_{letter}" for letter in string.ascii_lowercase]


def sources(modules: Mapping[str, Path], everywhere: Iterable[Path]) -> dict[str, bytes]:
    """The modules' texts with short arguments.

    Arguments: modules, dotted name to source file, those of a node; everywhere, all of the template's device code: a name that
    means something there besides an argument is left alone.
    Raises SyntaxError.
    """
    taken = frozenset(_NEW).union(*(_all_meant(parsed(path)) for path in everywhere))
    result = {}
    for name, path in modules.items():
        text = _shortened(path.read_bytes(), parsed(path), taken)
        result[name] = _without_notes(text) if name == _SCHEMA else text
    return result


def _without_notes(text: bytes) -> bytes:
    """node.schema with the notes empty that the board has no use for: it checks config.py where memory is short."""
    lines = text.split(b"\n")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Tuple) and len(node.elts) == 7 and isinstance(node.elts[1], ast.Constant):
            note = node.elts[6]
            silent = str(node.elts[1].value).rstrip("?") in _SILENT
            if silent and isinstance(note, ast.Constant) and note.lineno == note.end_lineno:
                line = lines[note.lineno - 1]
                lines[note.lineno - 1] = line[: note.col_offset] + b'""' + line[note.end_col_offset :]
    return b"\n".join(lines)


@cache
def _all_meant(tree: ast.Module) -> frozenset[str]:
    return frozenset(_meant(tree))


def _meant(tree: ast.Module) -> Iterator[str]:
    """Every name in a module that is more than a local variable: known elsewhere, or there anyway."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else ()
        yield from (found.id for target in targets for found in ast.walk(target) if isinstance(found, ast.Name))
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            yield from node.names
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (part for alias in node.names for part in (*alias.name.split("."), alias.asname or ""))
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name
        elif isinstance(node, ast.JoinedStr):
            # Where its names are, the tree says only from Python 3.12 on.
            yield from (found.id for found in ast.walk(node) if isinstance(found, ast.Name))
        elif isinstance(node, ast.arguments):
            yield from (arg.arg for arg in (*node.kwonlyargs, node.vararg, node.kwarg) if arg)


@cache
def _shortened(text: bytes, tree: ast.Module, taken: frozenset[str]) -> bytes:
    arguments = {arg.arg for node in ast.walk(tree) if isinstance(node, ast.arguments) for arg in node.args}
    # The same name is the same everywhere in the module, whatever function it is in: nothing can come to hide another.
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}.union(_meant(tree))
    new = dict(zip(sorted(arguments - taken), (name for name in _NEW if name not in used)))
    lines = text.split(b"\n")
    places = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.arg)):
            name = node.id if isinstance(node, ast.Name) else node.arg
            if name in new:
                places.append((node.lineno - 1, node.col_offset, name))
    for row, column, name in sorted(places, reverse=True):
        line = lines[row]
        lines[row] = line[:column] + new[name].encode() + line[column + len(name) :]
    return b"\n".join(lines)
