"""What is taken out of a node's modules before they are compiled, and that nothing else changes."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

from dormouse import settings, shorten

ROOT = Path(__file__).resolve().parents[2]
_TEXT = '''
def outer(first, second=2, *, third=3, **more):
    """first: stays in the docstring."""
    def inner(first):
        return [first + other for other in second]
    return inner(first), third, more, lambda fourth: fourth + first


class Thing:
    def __init__(self, value):
        self.value = value

    def grown(self, by):
        return self.value + by


def seen(called, attribute):
    return called, attribute.attribute, "quoted", outer(1, [2], third=attribute)
'''


def shortened(tmp_path: Path, text: str, other: str = "") -> str:
    path, more = tmp_path / "module.py", tmp_path / "more.py"
    path.write_text(text)
    more.write_text(other)
    return shorten.sources({"module": path}, [path, more])["module"].decode()


def test_lines_and_meaning_stay(tmp_path: Path) -> None:
    short = shortened(tmp_path, _TEXT, "seen(called=5)\n")
    assert len(short.splitlines()) == len(_TEXT.splitlines())
    (tmp_path / "short.py").write_text(short)
    ran = runpy.run_path(str(tmp_path / "short.py"))
    found, third, more, function = ran["outer"](1, [1, 2], third=5, fifth=6)
    assert (found, third, more, function(3)) == ([2, 3], 5, {"fifth": 6}, 4)
    assert ran["Thing"](3).grown(4) == 7


def test_what_is_known_elsewhere_stays(tmp_path: Path) -> None:
    names = {
        arg.arg
        for node in ast.walk(ast.parse(shortened(tmp_path, _TEXT, "seen(called=5)\n")))
        if isinstance(node, ast.arguments)
        for arg in (*node.args, *node.kwonlyargs)
    }
    # A keyword of a call, an attribute, a keyword-only argument; and the new ones.
    assert {"called", "value", "third"} <= names
    assert names - {"called", "value", "third", "attribute"} == {"_a", "_b", "_c", "_d", "_e"}


def test_every_module_of_a_node_still_parses_with_the_same_functions() -> None:
    from dormouse import bundle

    read = settings.load(ROOT)
    modules = bundle.modules(ROOT, read)
    for name, text in shorten.sources(modules, modules.values()).items():
        was, now = (ast.parse(source) for source in (modules[name].read_bytes(), text))
        for before, after in zip(ast.walk(was), ast.walk(now), strict=True):
            assert type(before) is type(after) and getattr(before, "lineno", 0) == getattr(after, "lineno", 0)


def test_the_schema_says_the_same_without_its_notes(tmp_path: Path) -> None:
    whole = settings.load_schema(ROOT)
    path = ROOT / "src/node/schema.py"
    text = shorten.sources({"node.schema": path}, [path])["node.schema"]
    (tmp_path / "schema.py").write_bytes(text)
    short = runpy.run_path(str(tmp_path / "schema.py"))
    assert len(text) < len(path.read_bytes()) - 500
    for row, kept in zip(whole.SETTINGS + whole.WORDS, short["SETTINGS"] + short["WORDS"], strict=True):
        assert row[:6] == kept[:6]
        assert whole.allowed(row) == short["allowed"](kept)
