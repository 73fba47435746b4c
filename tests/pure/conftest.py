"""Run every tests/pure/test_*.py function on CPython and, as test_x[micropython], on MicroPython.

A file's functions share one MicroPython process (runner.py); where one hangs or kills it, a new process goes on with the rest.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from programs import find_micropython

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
_TIMEOUT_S = 100  # for all functions of a file together
_MARK = "\x1e"  # precedes the runner's own lines
_RESULTS = pytest.StashKey[dict[Path, dict[str, str]]]()


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem(collector: Any, name: str, obj: object) -> Generator[None, Any, Any]:
    """Collect a MicroPythonItem beside every test function."""
    made = yield
    items = made if isinstance(made, list) else [made] if made is not None else []
    return [
        both
        for item in items
        for both in (item, MicroPythonItem.from_parent(collector, name=f"{name}[micropython]", function=name))
    ]


class MicroPythonItem(pytest.Item):
    """One test function, run on MicroPython."""

    def __init__(self, *, function: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.wanted = function  # not "function": pytest reads that name itself
        self.add_marker(pytest.mark.timeout(0))  # run_file has its own

    def runtest(self) -> None:
        interpreter = find_micropython()
        if interpreter is None:
            pytest.skip("no MicroPython interpreter: install the project, or set $MICROPYTHON")
        results = self.session.stash.setdefault(_RESULTS, {})
        if self.path not in results:
            wanted = [
                item.wanted for item in self.session.items if isinstance(item, MicroPythonItem) and item.path == self.path
            ]
            results[self.path] = run_file(interpreter, self.path, wanted)
        trouble = results[self.path].get(self.wanted, "not run")
        if trouble:
            raise MicroPythonError(trouble)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, MicroPythonError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


class MicroPythonError(Exception):
    """A test failed on MicroPython; its text is what the interpreter printed."""


def run_file(interpreter: str, path: Path, functions: list[str], timeout_s: float = _TIMEOUT_S) -> dict[str, str]:
    """Run functions of one test file on MicroPython; return for each "" or what went wrong."""
    results: dict[str, str] = {}
    while left := [name for name in functions if name not in results]:
        folders = [path.parent, _HERE, _ROOT / "src", _ROOT, ".frozen"]
        environment = dict(os.environ, MICROPYPATH=os.pathsep.join(map(str, folders)))
        command = [interpreter, str(_HERE / "runner.py"), path.stem, *left]
        try:
            done = subprocess.run(
                command, cwd=_ROOT, env=environment, capture_output=True, timeout=timeout_s, stdin=subprocess.DEVNULL
            )
            output, ended = done.stdout + done.stderr, f"MicroPython ended with status {done.returncode}"
        except subprocess.TimeoutExpired as late:
            output, ended = (late.stdout or b"") + (late.stderr or b""), f"not finished after {timeout_s} s"
        results.update(_read(output.decode(errors="replace"), left, ended))
    return results


def _read(output: str, functions: list[str], ended: str) -> dict[str, str]:
    """Return the results found in a runner's output; one that was cut off counts as failed."""
    results: dict[str, str] = {}
    _, *parts = output.split(_MARK)
    for part in parts:
        header, _, text = part.partition("\n")
        name, _, verdict = header.partition(" ")
        if verdict == "ok":
            results[name] = ""
        elif verdict == "failed" and (text or name not in results):
            results[name] = _with_source(text.rstrip())
        elif verdict == "start":
            results[name] = f"{text}{ended}"
    if not results:  # not even the import came through
        results = dict.fromkeys(functions, f"{_with_source(output.rstrip())}\n{ended}")
    return results


def _with_source(text: str) -> str:
    """Add the source line below each place that a MicroPython traceback names."""

    def add(match: re.Match[str]) -> str:
        try:
            lines = Path(_ROOT, match[1]).read_text().splitlines()
            return f"{match[0]}\n    {lines[int(match[2]) - 1].strip()}"
        except (OSError, IndexError):
            return match[0]

    return re.sub(r'^  File "([^"]+)", line (\d+), in .*$', add, text, flags=re.MULTILINE)
