"""What the stubs, and tests/stubs_overlay which corrects them, say that a port's firmware has; what the shims' source takes.

Both are read, not imported: a stub describes another interpreter's modules.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STUBS = ROOT / ".stubs"
OVERLAY = ROOT / "tests" / "stubs_overlay"
SHIMS = ROOT / "tools" / "dormouse" / "virtual" / "shims"


@dataclass(frozen=True)
class Call:
    """How a function may be called: positions, the names that may be given, and how many of both must be."""

    positional: float  # at most so many; inf: any number
    names: frozenset[str]
    any_name: bool
    must: int  # arguments that have no default
    forwards: bool = False  # the rest goes to init()

    @classmethod
    def of(cls, node: ast.FunctionDef | ast.Lambda, *, method: bool, private: bool) -> Call:
        """From a definition. private: an argument whose name begins with an underscore goes by position only, as a shim
        says what Python's `/` says in a stub, which MicroPython's grammar does not have."""
        given = node.args
        ordered = [*given.posonlyargs, *given.args]
        defaults = len(given.defaults)
        if method and not _is_static(node):
            ordered, named = ordered[1:], [arg for arg in given.args if arg is not ordered[0]]
        else:
            named = list(given.args)
        names = {arg.arg for arg in [*named, *given.kwonlyargs] if not (private and arg.arg.startswith("_"))}
        must = len(ordered) - defaults + sum(default is None for default in given.kw_defaults)
        most = float("inf") if given.vararg else len(ordered)
        return cls(most, frozenset(names), given.kwarg is not None, max(0, must), private and _forwards(node))

    def with_init(self, init: Call) -> Call:
        """What a constructor takes that hands the rest to init()."""
        most = self.must + init.positional if self.positional == float("inf") else self.positional
        return Call(most, self.names | init.names, init.any_name, self.must)


def _forwards(node: ast.AST) -> bool:
    """Whether a function hands its **kwargs to init(), itself or by its base class."""
    return any(
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("init", "__init__")
        and any(keyword.arg is None for keyword in call.keywords)
        for call in ast.walk(node)
    )


def _is_static(node: ast.AST) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in getattr(node, "decorator_list", ()))


@dataclass
class Thing:
    """A name of a module or class. What it is: "value", "function", "class", "module", or "absent", which an overlay says
    with the annotation Absent."""

    kind: str
    value: object = None  # of a constant; None: the source says none
    calls: list[Call] = field(default_factory=list)
    members: dict[str, Thing] = field(default_factory=dict)


class Reader:
    """Modules by name, from the first folder that has them. private: see Call.of."""

    def __init__(self, folders: list[Path], *, private: bool) -> None:
        self._folders, self._private = folders, private
        self._read: dict[str, dict[str, Thing]] = {}

    def module(self, name: str) -> dict[str, Thing] | None:
        """The names of a module; None: there is no such module."""
        if name in self._read:
            return self._read[name]
        path = self._find(name)
        if path is None:
            return None
        names: dict[str, Thing] = {}
        self._read[name] = names
        self._fill(names, ast.parse(path.read_text("utf-8")).body, {}, method=False)
        return names

    def _find(self, name: str) -> Path | None:
        for folder in self._folders:
            original = name.removeprefix("_port_")
            if name != original and folder.is_relative_to(OVERLAY):
                continue
            for file in (f"{original}.pyi", f"{original}/__init__.pyi", f"{original}.py"):
                if (folder / file).is_file():
                    return folder / file
        return None

    def _fill(self, names: dict[str, Thing], body: list[ast.stmt], scope: dict[str, Thing], *, method: bool) -> None:
        fresh: set[str] = set()  # an overload joins those of the same file; a definition beats what was imported
        for node in body:
            if isinstance(node, ast.FunctionDef):
                if node.name not in fresh:
                    names[node.name] = Thing("function")
                    fresh.add(node.name)
                names[node.name].calls.append(Call.of(node, method=method, private=self._private))
            elif isinstance(node, ast.ClassDef):
                members: dict[str, Thing] = {}
                for base in reversed(node.bases):
                    found = self._look(base, {**scope, **names})
                    members.update(found.members if found else {"__init__": Thing("value")} if self._private else {})
                self._fill(members, node.body, {**scope, **names}, method=True)
                names[node.name] = Thing("class", members=members)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                absent = ast.unparse(node.annotation) == "Absent"
                names[node.target.id] = Thing("absent" if absent else "value", _literal(node.value))
            elif isinstance(node, ast.Assign):
                self._assign(names, node, scope, method=method)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(names, node)
            elif isinstance(node, (ast.If, ast.Try)):
                self._fill(names, [*node.body, *node.orelse], scope, method=method)

    def _assign(self, names: dict[str, Thing], node: ast.Assign, scope: dict[str, Thing], *, method: bool) -> None:
        thing = self._look(node.value, {**scope, **names})
        if isinstance(node.value, ast.Lambda):
            thing = Thing("function", calls=[Call.of(node.value, method=method, private=self._private)])
        for target in node.targets:
            if isinstance(target, ast.Name):
                names[target.id] = thing or Thing("value", _literal(node.value))

    def _import(self, names: dict[str, Thing], node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name] = Thing("module", members=self.module(alias.name) or {})
            return
        found = self.module(node.module or "") or {}
        for alias in node.names:
            if alias.name == "*":
                names.update({name: thing for name, thing in found.items() if not name.startswith("_")})
            else:
                names[alias.asname or alias.name] = found.get(alias.name, Thing("value"))

    def _look(self, node: ast.expr, names: dict[str, Thing]) -> Thing | None:
        if isinstance(node, ast.Name):
            return names.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self._look(node.value, names)
            return owner.members.get(node.attr) if owner else None
        return None


def _literal(node: ast.expr | None) -> object:
    try:
        value: object = ast.literal_eval(node) if node else None
    except ValueError:
        return None
    return None if value is Ellipsis else value


def firmware(port: str) -> Reader:
    """What a port's firmware has."""
    folders = [OVERLAY / port, OVERLAY / "every", STUBS / port, OVERLAY / "common", STUBS / "stdlib" / "stdlib"]
    return Reader(folders, private=False)


def shims(port: str) -> Reader:
    """What a port's shims take."""
    return Reader([SHIMS / port, SHIMS / "common"], private=True)


def ports() -> list[str]:
    """The ports that have shims."""
    return sorted(path.name for path in SHIMS.iterdir() if path.is_dir() and path.name not in ("common", "__pycache__"))


def shim_modules(port: str) -> Iterator[str]:
    """The firmware's modules that the shims of a port stand for."""
    found = {path.stem for folder in (port, "common") for path in (SHIMS / folder).glob("*.py")}
    yield from sorted(name for name in found if not name.startswith("_"))
