"""The test harness itself: a function of tests/pure that fails on MicroPython must show, one that hangs must not hang."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

_PURE = Path(__file__).parent / "pure" / "conftest.py"
_TESTS = """
def test_good():
    pass

def test_bad():
    assert 1 == 2, "one is not two"

def test_hang():
    while True:
        pass

def test_after():
    pass
"""


@pytest.fixture(scope="module")
def pure() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pure_conftest", _PURE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_function_gets_its_own_result(pure: ModuleType, micropython: str, tmp_path: Path) -> None:
    path = tmp_path / "sample.py"
    path.write_text(_TESTS)
    results = pure.run_file(micropython, path, ["test_good", "test_bad", "test_hang", "test_after"], timeout_s=1)
    assert results["test_good"] == "" and results["test_after"] == ""
    assert "one is not two" in results["test_bad"] and f'"{path}", line 6' in results["test_bad"]
    assert "assert 1 == 2" in results["test_bad"], "the source line is shown"
    assert "not finished after 1 s" in results["test_hang"]


def test_import_error_fails_every_function(pure: ModuleType, micropython: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("import nosuchmodule\n" + _TESTS)
    results = pure.run_file(micropython, path, ["test_good", "test_after"])
    assert all("no module named 'nosuchmodule'" in text for text in results.values()) and len(results) == 2


def test_a_dead_interpreter_fails_every_function(pure: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "sample.py"
    path.write_text(_TESTS)
    results = pure.run_file("/bin/false", path, ["test_good"])
    assert results == {"test_good": "\nMicroPython ended with status 1"}
