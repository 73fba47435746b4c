"""NAME=value,NAME=value as it is typed in an option: read as the arguments of a call, of which nothing is run."""

from __future__ import annotations

import ast
from typing import Any


def pairs(text: str) -> dict[str, ast.expr]:
    """The values by their names, still to be read by constant(). Raises ValueError: in words where a name is there twice."""
    try:
        call = ast.parse(f"f({text})", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):  # the last two: nested too deeply
        raise ValueError from None
    # "a=1)(b=2" would be a call of what a call returns.
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
        raise ValueError
    found: dict[str, ast.expr] = {}
    for word in call.keywords:
        if word.arg is None:
            raise ValueError
        if word.arg in found:
            raise ValueError(f"{word.arg} is given twice")
        found[word.arg] = word.value
    return found


def constant(value: ast.expr) -> Any:
    """A value of pairs(). Raises ValueError when it is no constant."""
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ValueError from None
