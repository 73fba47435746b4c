#!/usr/bin/env python3
"""Check types: the device code against each port's stubs, then the tools as any Python.

A file of one port is checked against that port, the others against all three. The stubs come from `tools/setup lint`
(.stubs). tests/stubs_overlay/PORT corrects them, common those that all ports share: a file there sees the one that it stands
for as _port_NAME. Device code is not annotated, so the check is about the firmware: what its modules have and how they are
called. The code's own classes, filled by setattr or put together from parts, and what begins as None are left out of it.

usage: check_types.py [PORT ... | tools]    exit status 1 when pyright reports an error
"""

from __future__ import annotations

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

import device  # noqa: E402

_STUBS = ROOT / ".stubs"
_BUILD = ROOT / "build" / "types"
_PORTS = ("esp32", "esp8266", "stm32")
_RULES: dict[str, Any] = {
    "typeCheckingMode": "standard",
    "reportMissingModuleSource": False,
    "reportWildcardImportFromLibrary": False,
}


def port_of(path: Path) -> str | None:
    """The one port that a device file is for; None: it runs on all of them."""
    start, _, port = path.stem.rpartition("_")
    if start and port in _PORTS:  # on_esp32.py, radio_stm32.py
        return port
    if path.name == "profile.py":
        found = re.search(r"^from power\.on_(\w+) import", path.read_text(), re.MULTILINE)
        return found[1] if found else None
    return None


def own_classes() -> set[str]:
    """The names of the classes that the device code defines."""
    return {name for path in device.files() for name in re.findall(r"^class (\w+)", path.read_text(), re.MULTILINE)}


def corrected(stubs: Path, port: str) -> Path:
    """Put together a set of stubs and its corrections; return the folder."""
    folder = _BUILD / stubs.name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(stubs, folder)
    overlay = ROOT / "tests" / "stubs_overlay" / port
    for correction in overlay.rglob("*.pyi"):
        target = (folder / "stdlib" if port == "common" else folder) / correction.relative_to(overlay)
        if target.exists():
            target.rename(target.with_name(f"_port_{target.name}"))
        shutil.copy(correction, target)
    shutil.copy(ROOT / "credentials.example.py", folder / "credentials.pyi")
    return folder


def pyright(name: str, settings: dict[str, Any], own: set[str]) -> int:
    """Run basedpyright with these settings, print its errors; return how many there are."""
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
    for error in errors:
        start = error["range"]["start"]
        place = f"{Path(error['file']).relative_to(ROOT)}:{start['line'] + 1}:{start['character'] + 1}"
        print(f"{place}: {error['message']} ({error.get('rule', 'syntax')})")
    files = report["summary"]["filesAnalyzed"]
    print(f"{name}: {files} files, {len(errors)} errors", flush=True)
    return len(errors) + (files == 0)


def _is_inferred(error: dict[str, Any], own: set[str]) -> bool:
    """Whether an error comes from guessing the types of the code's own, not annotated attributes."""
    found = re.search(r'for class "(?:type\[)?(\w+)', error["message"])
    if error.get("rule") == "reportAttributeAccessIssue":
        return bool(found) and found[1] in own
    return error.get("rule") in ("reportArgumentType", "reportCallIssue") and bool(
        re.search(r'"None"|"__setitem__"', error["message"])  # x = None or [None] * n, later something else
    )


def check_port(port: str) -> int:
    """Check the device code against one port's stubs."""
    settings = {
        **_RULES,
        "pythonVersion": "3.10",
        "include": [str(path) for path in device.files() if port_of(path) in (None, port)],
        "stubPath": str(corrected(_STUBS / port, port)),
        "typeshedPath": str(corrected(_STUBS / "stdlib", "common")),
        "extraPaths": [str(ROOT / "src"), str(ROOT)],
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


def check_tools() -> int:
    """Check the tools and the tests' own support code."""
    tests = ROOT / "tests"
    settings = {
        **_RULES,
        "include": [str(path) for path in (ROOT / "tools", tests / "support", tests / "lint", tests / "conftest.py")],
        "exclude": [str(ROOT / "tools" / "dormouse" / "virtual" / "shims")],
        "extraPaths": [str(ROOT / "tools"), str(tests / "support")],
        "pythonPlatform": "Linux",
        "reportMissingParameterType": "error",
        "reportUnusedVariable": "error",
        "reportUnusedCoroutine": "error",
    }
    return pyright("tools", settings, set())


def main(names: Sequence[str]) -> int:
    checks: dict[str, Callable[[], int]] = {port: lambda port=port: check_port(port) for port in _PORTS}
    checks["tools"] = check_tools
    return int(sum(checks[name]() for name in names or checks) > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
