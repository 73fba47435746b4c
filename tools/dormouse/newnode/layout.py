"""Lines of settings as config.py has them: NAME = value, with the comment that config.py has there."""

from __future__ import annotations

import io
import json
import re
import tokenize
from typing import Any

from dormouse.constants import ConstantsFile

_COLUMN = 30  # of the comments, where config.py shows no other
_WIDTH = 120
_INDENT = "    "
_IN_HEX = "address"


def literal(value: Any, name: str = "") -> str:
    """A value as Python writes it, on one line, text in double quotes. name: of the setting or option."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(entry, key)}" for key, entry in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        inside = ", ".join(map(literal, value)) + ("," if len(value) == 1 else "")
        return f"({inside})"
    if isinstance(value, int) and not isinstance(value, bool):
        if name == _IN_HEX:
            return f"{value:#04x}"
        if name.endswith("_EVERY_S"):
            return _seconds(value)
    return repr(value)


def lines(base: ConstantsFile, values: dict[str, Any]) -> str:
    """The lines of some constants. Arguments: base, the file with the comments; values, by name."""
    comments = _Comments(base)
    return "".join(line.rstrip() + "\n" for name, value in values.items() for line in _constant(comments, name, value))


def _seconds(value: int) -> str:
    for size, text in ((86400, "24 * 60 * 60"), (3600, "60 * 60"), (60, "60")):
        if value >= 2 * size and value % size == 0:
            return f"{value // size} * {text}"
    return str(value)


def _constant(comments: _Comments, name: str, value: Any) -> list[str]:
    comment, column, more = comments.of(name)
    if not isinstance(value, dict) or not value:
        return [_line(f"{name} = {literal(value, name)}", comment, column), *more]
    # An entry on a line of its own, as config.py has it.
    made = [_line(f"{name} = {{", comment, column)]
    for key, entry in value.items():
        text = f"{_INDENT}{literal(key)}: {literal(entry, key)},"
        if len(text) > _WIDTH and isinstance(entry, dict):
            made += [f"{_INDENT}{literal(key)}: {{"]
            made += [f"{_INDENT * 2}{literal(inner)}: {literal(one, inner)}," for inner, one in entry.items()]
            made += [f"{_INDENT}}},"]
        else:
            made.append(_line(text, *comments.of(name, key)[:2]))
    return [*made, "}"]


def _line(text: str, comment: str, column: int) -> str:
    if not comment:
        return text
    return f"{text:<{column - 2}}  {comment}"


class _Comments:
    """Those of a file of constants."""

    def __init__(self, base: ConstantsFile) -> None:
        self._base = base
        self._lines = base.source.split("\n")
        self._at: dict[int, tuple[str, int]] = {}  # line, from 1: text and column
        for token in tokenize.generate_tokens(io.StringIO(base.source).readline):
            if token.type == tokenize.COMMENT and token.start[1]:
                self._at[token.start[0]] = (token.string, token.start[1])

    def of(self, name: str, entry: object = None) -> tuple[str, int, list[str]]:
        """Comment ("": none), its column, and the lines that go on with it, of a constant or of an entry of one."""
        constant = self._base.constants.get(name)
        if constant is None or (entry is not None and (name == "SENSORS" or entry not in constant.entries)):
            return "", _COLUMN, []
        line = constant.line if entry is None else constant.entries[entry]
        text, column = self._at.get(line, ("", _COLUMN))
        more = []
        while line < len(self._lines) and re.match(r"#\s{8}", self._lines[line]):
            more.append(self._lines[line])
            line += 1
        return text, column, more if text else []
