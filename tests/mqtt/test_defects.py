"""Every weakness of mqtt_as, brought back into a copy of src/, turns its test red: a test that cannot fail proves nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from clientkit import ROOT, SOURCE
from defects import Defect
from defects_bytes import BYTES
from defects_life import LIFE

from programs import find_micropython

DEFECTS = [*LIFE, *BYTES]
_HERE = Path(__file__).resolve().parent
_LIMIT_S = 10  # for one test: a defective client may hang
_AT_ONCE = 6  # most of a test is waiting
_SPOILT = ("SyntaxError", "NameError", "ImportError", "ModuleNotFoundError")  # a variant that does not even run
_TESTS = sorted({defect.test for defect in DEFECTS})
_FILES = sorted({test.partition("::")[0] for test in _TESTS})
_NAMES = [f"w{d.weakness:02}-{n}-{d.test.partition('::')[2]}" for n, d in enumerate(DEFECTS)]


def copied(folder: Path) -> Path:
    """A copy of src/."""
    return shutil.copytree(SOURCE, folder / "src", ignore=shutil.ignore_patterns("__pycache__"))


def check(source: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run the tests named in a process of its own, against a folder of sources."""
    names = [f"{_HERE / name.partition('::')[0]}.py::{name.partition('::')[2]}" for name in tests]
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "--tb=short", "-p", "no:cacheprovider", "-p", "pytest_timeout"]
    command += [f"--timeout={_LIMIT_S}", f"--basetemp={source.parent / 'pytest'}", *names]
    # Other plugins take longer to load than most of these tests.
    environment = {**os.environ, "DORMOUSE_SRC": str(source), "COLUMNS": "500", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)


def spoil(source: Path, defect: Defect) -> None:
    """Put the defect into a copy; it must still compile."""
    path = source / defect.path
    text = path.read_text()
    found = text.count(defect.old)
    assert found == 1, f"{defect.old!r} is {found} times in {defect.path}: defects.py is out of date"
    text = text.replace(defect.old, defect.new)
    compile(text, str(path), "exec")
    path.write_text(text)


def spoil_and_check(defect: Defect, folder: Path) -> subprocess.CompletedProcess[str]:
    source = copied(folder)
    spoil(source, defect)
    return check(source, defect.test)


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[subprocess.CompletedProcess[str]]]]:
    """The runs of all defects that this session wants, a few at a time."""
    if find_micropython() is None:
        pytest.skip("no MicroPython interpreter: install the project, or set $MICROPYTHON")
    if sys.platform == "win32":
        pytest.skip("a test that hangs is cut short by a signal, which Windows has not")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        runs = {}
        for item in request.session.items:
            if item.path == request.path and (callspec := getattr(item, "callspec", None)):
                name = callspec.id
                folder = tmp_path_factory.mktemp("defect")
                if name in _NAMES:
                    runs[name] = pool.submit(spoil_and_check, DEFECTS[_NAMES.index(name)], folder)
                else:
                    runs[name] = pool.submit(check, copied(folder), *(test for test in _TESTS if test.startswith(name + "::")))
        yield runs
        for run in runs.values():
            run.cancel()


@pytest.mark.parametrize("name", _NAMES)
def test_the_defect_is_found(name: str, outcomes: dict[str, Future[subprocess.CompletedProcess[str]]]) -> None:
    done = outcomes[name].result(100)
    output = done.stdout + done.stderr
    if re.search(r"^1 skipped", done.stdout, re.MULTILINE):
        pytest.skip(f"what it needs is not here:\n{output}")
    test = DEFECTS[_NAMES.index(name)].test
    assert done.returncode == 1, f"{test} does not see it:\n{output}"
    assert re.search(rf"^FAILED .*{re.escape(test.replace('::', '.py::'))}", output, re.MULTILINE), output
    assert "1 failed" in output.splitlines()[-1], output
    assert not [word for word in _SPOILT if word in output], output


@pytest.mark.parametrize("file", _FILES)
def test_without_a_defect_every_test_named_passes(
    file: str, outcomes: dict[str, Future[subprocess.CompletedProcess[str]]]
) -> None:
    done = outcomes[file].result(100)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_weakness_has_a_test_and_a_defect() -> None:
    defined = {int(n) for path in _HERE.glob("test_*.py") for n in re.findall(r"def test_\w*?w(\d\d)_", path.read_text())}
    assert defined == set(range(1, 27))
    assert {defect.weakness for defect in DEFECTS} == set(range(1, 27))


def test_a_defect_out_of_date_is_noticed(tmp_path: Path) -> None:
    source = copied(tmp_path)
    with pytest.raises(AssertionError, match="out of date"):
        spoil(source, Defect(1, "", "mqtt/packet.py", "no such text", ""))
    with pytest.raises(SyntaxError):
        spoil(source, Defect(1, "", "mqtt/queue.py", "class MsgQueue:", "class MsgQueue"))
