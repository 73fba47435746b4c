"""Which of the template's modules a program needs: its imports, followed with ast without running anything."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Container, Iterable, Iterator
from functools import cache
from pathlib import Path

from dormouse.errors import DormouseError
from dormouse.parsed import parsed
from dormouse.project import shown

_LAZY = "__getattr__"  # a package's lazy names: they cost nothing until one is asked for
_FOR_A_PC = "cpython"  # a module of this name is what its package needs on CPython
_IMPORTERS = ("__import__", "_step")  # what takes a module's name; _step is node.cycle's
_PROVIDED = ("config", "credentials")  # not part of the template's code: made for each node


class Modules:
    """The template's device modules: those of the root (power, sensors, boards) and of src, which lands in /lib.

    Arguments: root, the template's folder.
    """

    def __init__(self, root: Path) -> None:
        self._folders = (root, root / "src")

    def find(self, name: str) -> Path | None:
        """The source file of a dotted module name; None for a built-in or a folder without __init__.py."""
        for folder in self._folders:
            base = folder.joinpath(*name.split("."))
            if (base / "__init__.py").is_file():
                return base / "__init__.py"
            if base.with_name(base.name + ".py").is_file() and name not in _PROVIDED:
                return base.with_name(base.name + ".py")
        return None

    def needed(self, names: Iterable[str], chosen: str = "", without: Container[str] = ()) -> dict[str, Path]:
        """The modules with these names, the packages they are in, and everything that these import, in any function.

        Arguments: names, dotted names; chosen, a package whose modules are needed only when they are among `names` or
        imported from inside it: an import of one elsewhere is for a configuration that has it; without, modules that
        are not needed whoever imports them.
        Returns dotted name to source file. Modules that are not the template's are left out.
        Raises DormouseError when something is imported from one of the template's modules that it does not have,
        SyntaxError.
        """
        found: dict[str, Path] = {}
        asked = set(names)
        waiting = [(name, "") for name in asked]
        while waiting:
            name, importer = waiting.pop()
            parts = name.split(".")
            if parts[0] == chosen and len(parts) > 1 and name not in asked and importer.split(".")[0] != chosen:
                continue
            for length in range(1, len(parts) + 1):
                module = ".".join(parts[:length])
                path = self.find(module)
                if path is not None and module not in found and module not in without:
                    found[module] = path
                    waiting.extend((imported, module) for imported in self._imports(module, path))
        return found

    def _imports(self, module: str, path: Path) -> Iterator[str]:
        """What a module imports on a board, except in its __getattr__."""
        for node in _importing(parsed(path)):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names if not alias.name.endswith("." + _FOR_A_PC))
            elif isinstance(node, ast.ImportFrom):
                package = _base(module, path, node)
                if package.endswith("." + _FOR_A_PC):
                    continue
                yield package
                for alias in node.names:
                    yield from self._imported_name(module, package, alias.name, node.lineno)
            elif called := _called_import(node):
                yield called

    def _imported_name(self, module: str, package: str, name: str, line: int) -> Iterator[str]:
        """`from package import name`: a module of the package, or something that the package itself defines."""
        path = self.find(package)
        if name == _FOR_A_PC:
            return
        if self.find(f"{package}.{name}") is not None:
            yield f"{package}.{name}"
        elif path is not None and not _defines(parsed(path), name):
            here = self.find(module)
            raise DormouseError(f"{shown(here) if here else module}:{line}: {package} has no {name}")


@cache
def _importing(tree: ast.Module) -> list[ast.AST]:
    return [node for node in _walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom, ast.Call))]


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(tree, ast.Module) and isinstance(child, ast.FunctionDef) and child.name == _LAZY):
            yield child
            yield from _walk(child)


def _base(module: str, path: Path, node: ast.ImportFrom) -> str:
    """The absolute name of the package or module that `from ... import` names."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    if path.name != "__init__.py":
        parts.pop()
    parts = parts[: len(parts) - (node.level - 1)]
    return ".".join((*parts, *filter(None, [node.module])))


def _called_import(node: ast.AST) -> str | None:
    """The module that a call imports by its name: __import__("node.link"), or with the importer as an argument too, as in
    attempt(_step, "node.join").
    """
    if not isinstance(node, ast.Call):
        return None
    parts = [node.func, *node.args]
    for function, name in itertools.pairwise(parts):
        if isinstance(function, ast.Name) and function.id in _IMPORTERS:
            return name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else None
    return None


def _defines(tree: ast.Module, name: str) -> bool:
    if name == "*":
        return True
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == name:
            return True
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            return True
        if isinstance(node, (ast.Import, ast.ImportFrom)) and any(
            (alias.asname or alias.name) in (name, "*") for alias in node.names
        ):
            return True
    return False
