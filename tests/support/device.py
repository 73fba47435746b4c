"""The device code: which files go to a board, and what they import."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = ("src", "power", "sensors", "boards")
_SINGLE = ("main.py", "config.py", "credentials.example.py")
_NEVER_SHIPPED = ("src/mqtt/cpython.py",)  # what lets CPython run the client


def files() -> list[Path]:
    """Every device source, below ROOT: the machinery, the parts, the boards' profiles, main.py and config.py."""
    found = [path for folder in _FOLDERS for path in (ROOT / folder).rglob("*.py")]
    found += [ROOT / name for name in _SINGLE]
    return sorted(path for path in found if path.exists() and name(path) not in _NEVER_SHIPPED)


def name(path: Path) -> str:
    """A file as the tests call it: "src/node/cycle.py"."""
    return path.relative_to(ROOT).as_posix()


def module_file(dotted: str) -> Path | None:
    """The template's file of a dotted module name, as a board would find it; None for a module of the firmware."""
    for folder in (ROOT, ROOT / "src"):
        base = folder.joinpath(*dotted.split("."))
        if base.with_suffix(".py").is_file():
            return base.with_suffix(".py")
        if (base / "__init__.py").is_file():
            return base / "__init__.py"
    return None


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Each import of a file, in functions too: line and dotted name, a relative one made absolute.

    `from package import name` gives package.name where that is a module of the template, else package.
    A computed one, `__import__("boards." + x)`, gives the text it begins with and a star: "boards.*"; one whose name is a
    parameter gives nothing here: `_step("node.link")`, `attempt(_step, "node.link")` count where they stand.
    """
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(path, node)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield node.lineno, inner if module_file(inner) else base
        elif isinstance(node, ast.Call):
            called = [node.func, *node.args]
            for function, name in itertools.pairwise(called):
                if ast.unparse(function) in ("__import__", "importlib.import_module", "_step"):
                    parts = [part for part in ast.walk(name) if isinstance(part, ast.Constant)]
                    if parts:
                        first = min(parts, key=lambda part: part.col_offset).value
                        yield node.lineno, str(first) if ast.unparse(name) == repr(first) else f"{first}*"


def _absolute(path: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = path.relative_to(ROOT).parts
    package = (parts[1:] if parts[0] == "src" else parts)[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])
