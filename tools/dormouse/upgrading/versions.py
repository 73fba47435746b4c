"""Versions of the template: which a folder has, which is newer, and what it needs of the PC."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from dormouse.errors import DormouseError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_INIT = "tools/dormouse/__init__.py"


def of(root: Path) -> str:
    """The version of a template. Raises DormouseError when it has none."""
    try:
        found = re.search(r'^__version__ = "([^"]+)"', (root / _INIT).read_text("utf-8"), re.MULTILINE)
    except OSError:
        found = None
    if not found:
        raise DormouseError(f"{root} has no version: {_INIT} is not there or not Dormouse's")
    return found[1]


def order(version: str) -> tuple[tuple[int, ...], bool, str]:
    """Something to compare versions by: 0.9 < 0.10.0rc1 < 0.10 = 0.10.0."""
    found = re.match(r"(\d+(?:\.\d+)*)(.*)", version)
    if not found:
        raise DormouseError(f"{version!r} is not a version such as 0.2.0")
    numbers = [int(part) for part in found[1].split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers), not found[2], found[2]


def needs_python(root: Path) -> tuple[int, ...]:
    """The oldest Python that a template's tools run on; () when it does not say."""
    found = re.match(r">=\s*(\d+)\.(\d+)", str(_project(root).get("requires-python", "")))
    return tuple(map(int, found.groups())) if found else ()


def dependencies(root: Path) -> list[str]:
    """What a template's tools need of the package index."""
    return sorted(map(str, _project(root).get("dependencies", ())))


def _project(root: Path) -> dict[str, Any]:
    try:
        return dict(tomllib.loads((root / "pyproject.toml").read_text("utf-8")).get("project", {}))
    except (OSError, ValueError):
        return {}
