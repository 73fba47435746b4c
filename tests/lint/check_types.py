#!/usr/bin/env python3
"""Check types: the device code against each port's stubs, then the tools as any Python.

A file is checked against every port that it claims (`claimed`). The stubs come from `tools/setup lint` (.stubs).
tests/stubs_overlay/PORT corrects them, every those of all ports, common the library that all ports share: a file there sees
the one that it stands for as _port_NAME. Device code is not annotated, so the check is about the firmware: what its modules
have and how they are called; typed_copy.py says what the code leaves unsaid. The code's own classes, filled by setattr or put
together from parts, and what begins as None are left out of it. test_check_types.py has what it must see.

usage: check_types.py [PORT ... | tools]    exit status 1 when pyright reports an error
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

import typed_copy  # noqa: E402

import device  # noqa: E402

_STUBS = ROOT / ".stubs"
_BUILD = ROOT / "build" / "types"
_TREES = ROOT / "build" / "typed"  # the copies: not below the settings, else a module finds itself
PORTS = ("esp32", "esp8266", "stm32", "rp2")
_RADIOS = {"nina": ("rp2",)}  # power/radio_nina.py: the ports whose boards have that radio
_RULES: dict[str, Any] = {
    "typeCheckingMode": "standard",
    "reportMissingModuleSource": False,
    "reportWildcardImportFromLibrary": False,
}


def claimed(path: Path) -> tuple[str, ...]:
    """The ports that a device file runs on.

    power/on_esp32.py, node/x_stm32.py: that port. A profile: the one whose power/on_PORT it imports, and its other files
    theirs. Everything else, a driver too, whatever its NEEDS: all of them.
    """
    start, _, last = path.stem.rpartition("_")
    if start and last in PORTS:
        return (last,)
    if start and last in _RADIOS:
        return _RADIOS[last]
    profile = path.parent / "profile.py"
    if path.is_relative_to(ROOT / "boards") and profile.is_file():
        text = profile.read_text()
        named = tuple(re.findall(r"^(?:from power\.|import power\.|from power import )on_(\w+)", text, re.MULTILINE))
        if len(named) != 1 or named[0] not in PORTS:
            sys.exit(f"{path}: its profile imports no power.on_PORT, or several")
        return named
    return PORTS


def own_classes() -> set[str]:
    """The names of the classes that the device code defines."""
    return {name for path in device.files() for name in re.findall(r"^class (\w+)", path.read_text(), re.MULTILINE)}


def corrected(stubs: Path, port: str) -> Path:
    """Put together a set of stubs and its corrections; return the folder."""
    folder = _BUILD / stubs.name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(stubs, folder)
    for overlay in (ROOT / "tests" / "stubs_overlay" / name for name in ((port,) if port == "common" else ("every", port))):
        for correction in overlay.rglob("*.pyi"):
            target = (folder / "stdlib" if port == "common" else folder) / correction.relative_to(overlay)
            if target.exists():
                target.rename(target.with_name(f"_port_{target.name}"))
            shutil.copy(correction, target)
    if port != "common":
        shutil.copy(ROOT / "credentials.example.py", folder / "credentials.pyi")
        (folder / "_typed_board.pyi").write_text(typed_copy.BOARD)
    return folder


def pyright(name: str, settings: dict[str, Any], own: set[str]) -> tuple[int, list[tuple[str, int, str]]]:
    """Run basedpyright with these settings; return how many files it read, and its errors: file, line, text."""
    _BUILD.mkdir(parents=True, exist_ok=True)
    file = _BUILD / f"{name}.json"
    file.write_text(json.dumps(settings, indent=1))
    checker = [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable, "--level", "error"]
    command = [*checker, "--outputjson", "-p", str(file)]
    done = subprocess.run(command, cwd=ROOT, check=False, timeout=300, capture_output=True, text=True)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        sys.exit(f"{name}: basedpyright does not run\n{done.stdout}{done.stderr}")
    errors = [error for error in report["generalDiagnostics"] if not (own and _is_inferred(error, own))]
    return report["summary"]["filesAnalyzed"], [
        (error["file"], error["range"]["start"]["line"] + 1, f"{error['message']} ({error.get('rule', 'syntax')})")
        for error in errors
    ]


def show(name: str, root: Path, found: tuple[int, list[tuple[str, int, str]]]) -> int:
    """Print what pyright() returned; return how many errors there are. root: what the files' names begin with."""
    files, errors = found
    for file, line, text in errors:
        path = Path(file)
        print(f"{path.relative_to(root) if path.is_relative_to(root) else path}:{line}: {text}")
    print(f"{name}: {files} files, {len(errors)} errors", flush=True)
    return len(errors) + (files == 0)


def _is_inferred(error: dict[str, Any], own: set[str]) -> bool:
    """Whether an error comes from guessing the types of the code's own, not annotated attributes."""
    found = re.search(r'for class "(?:type\[)?(\w+)', error["message"])
    if error.get("rule") == "reportAttributeAccessIssue":
        return bool(found) and found[1] in own
    return error.get("rule") in ("reportArgumentType", "reportCallIssue") and bool(
        # x = None or [None] * n, later something else: what is passed may be None, not what is asked for
        re.search(r'Argument of type "[^"]*\bNone\b|Argument types: \(.*\bNone\b|"__setitem__"', error["message"])
    )


def check_port(port: str, files: Sequence[Path], root: Path) -> tuple[int, list[tuple[str, int, str]]]:
    """Check device files below root against one port's stubs; see pyright(). The copies lie below build/typed/PORT."""
    _BUILD.mkdir(parents=True, exist_ok=True)
    with (_BUILD / "lock").open("w") as lock:  # another run would take the stubs away
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _check_port(port, files, root)


def _check_port(port: str, files: Sequence[Path], root: Path) -> tuple[int, list[tuple[str, int, str]]]:
    stubs, library = corrected(_STUBS / port, port), corrected(_STUBS / "stdlib", "common")
    tree = _TREES / port
    shutil.rmtree(tree, ignore_errors=True)

    def has_module(name: str) -> bool:
        return name == "board" or any((stubs / path).exists() for path in (f"{name}.pyi", f"{name}/__init__.pyi"))

    imported = [*device.files(), ROOT / "src" / "mqtt" / "cpython.py"] if root == ROOT else []
    typed_copy.copy({*files, *imported}, root, tree, has_module)
    settings = {
        **_RULES,
        "pythonVersion": "3.10",
        "include": [str(tree / path.relative_to(root)) for path in files],
        "stubPath": str(stubs),
        "typeshedPath": str(library),
        "extraPaths": [str(tree / "src"), str(tree)],
        # None until set, or bound in a loop that ends otherwise: too much of what is right would be called wrong
        "reportOptionalMemberAccess": False,
        "reportOptionalSubscript": False,
        "reportOptionalIterable": False,
        "reportOptionalOperand": False,
        "reportOptionalCall": False,
        "reportPossiblyUnboundVariable": False,
        "reportGeneralTypeIssues": False,  # MicroPython awaits generators
        "reportAssignmentType": False,
    }
    return pyright(port, settings, own_classes())


def check_device(port: str) -> int:
    """Check the checkout's device code that claims a port; print the errors, return how many there are."""
    files = [path for path in device.files() if port in claimed(path)]
    return show(port, _TREES / port, check_port(port, files, ROOT))


def check_tools() -> int:
    """Check the tools and the tests' own support code."""
    tests = ROOT / "tests"
    settings = {
        **_RULES,
        "include": [str(path) for path in (ROOT / "tools", tests / "support", tests / "lint", tests / "conftest.py")],
        "exclude": [str(ROOT / "tools" / "dormouse" / "virtual" / "shims")],
        "extraPaths": [str(ROOT / "tools"), str(tests / "support"), str(tests / "lint")],
        "pythonPlatform": "Linux",
        "reportMissingParameterType": "error",
        "reportUnusedVariable": "error",
        "reportUnusedCoroutine": "error",
    }
    return show("tools", ROOT, pyright("tools", settings, set()))


def main(names: Sequence[str]) -> int:
    checks: dict[str, Callable[[], int]] = {port: lambda port=port: check_device(port) for port in PORTS}
    checks["tools"] = check_tools
    return int(sum(checks[name]() for name in names or checks) > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
