"""Source files as syntax trees, each parsed once: a bundle looks at a hundred of them several times."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


def parsed(path: Path) -> ast.Module:
    """The tree of a Python file as it is now; nobody may change it. Raises OSError, SyntaxError."""
    stat = path.stat()
    return _parsed(path, stat.st_mtime_ns, stat.st_size)


@cache
def _parsed(path: Path, _mtime_ns: int, _size: int) -> ast.Module:
    return ast.parse(path.read_bytes(), str(path))
