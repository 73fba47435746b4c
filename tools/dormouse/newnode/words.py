"""Answers as people type them: times, sensors with options, names. ValueError says what is allowed."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from dormouse import constants, settings, typed
from dormouse.project import shown

_UNITS = {"": 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
# Names that Windows gives to devices, with any suffix: learn.microsoft.com, Naming Files, Paths, and Namespaces.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{kind}{digit}" for kind in ("com", "lpt") for digit in range(10))}
_ALL = "all"
_SENSOR = "NAME=DRIVER or NAME=DRIVER,OPTION=VALUE,..., such as air=sht4x,address=0x45"


def seconds(text: str) -> int:
    """A time: 900, 90s, 15min, 2h, 1d."""
    found = re.fullmatch(r"(\d{1,9})\s*([a-z]*)", text.strip().lower())
    if not found or found[2] not in _UNITS:
        raise ValueError(f"{text!r} is no time; allowed: seconds, or such as 90s, 15min, 2h, 1d")
    return int(found[1]) * _UNITS[found[2]]


def time(value: int) -> str:
    """The words for seconds() that mean these seconds."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if value and value % size == 0:
            return f"{value // size}{unit}"
    return f"{value}s"


def sensor(text: str) -> tuple[str, dict[str, Any]]:
    """ "bed=soil,pin=6,dry_mv=2400": the sensor's name and its entry of SENSORS."""
    name, equals, rest = text.partition("=")
    driver, _, rest = rest.partition(",")
    if not equals or not name.strip() or not driver.strip():
        raise ValueError(f"{text!r} is no sensor; allowed: {_SENSOR}")
    return name.strip(), {"driver": driver.strip(), **options(rest)}


def options(text: str) -> dict[str, Any]:
    """ "pin=6,supply=(7,0),edge=rising": as the arguments of a call; a word without quotes is text."""
    quoted = re.sub(r"=\s*([0-9a-fA-F]{16})(?=\s*(?:,|$))", r'="\1"', text)  # a ROM code
    try:
        words = typed.pairs(quoted)
    except ValueError as error:
        raise ValueError(str(error) or f"{text!r} are no options; allowed: such as address=0x45,every=2") from None
    found: dict[str, Any] = {}
    for name, value in words.items():
        try:
            found[name] = typed.constant(_Words().visit(value))
        except (ValueError, RecursionError):
            raise ValueError(f"{name} is no constant; allowed: a number, a word, True, or such as (0, 9, 8)") from None
    return found


def constant(text: str) -> Any:
    """One value of an option."""
    try:
        (value,) = options(f"x={text}").values()
    except ValueError:
        raise ValueError(f"{text!r} is no value; allowed: a number, a word, True, or such as (0, 9, 8)") from None
    return value


class _Words(ast.NodeTransformer):
    """Names become text: pin=X2, precision=low."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(node.id)


def node_name(root: Path, name: str) -> str:
    """NAME, when it is a name and fits a file on every system; a file of that name may be there, another node not."""
    row = next(row for row in settings.load_schema(root).SETTINGS if row[0] == "NAME")
    allowed = settings.load_schema(root).allowed(row).removesuffix(" or None")
    if not name or settings.load_schema(root).problem(row, name):
        raise ValueError(f"NAME is {name!r}; allowed: {allowed}")
    if name.startswith("-") or name in _DEVICES:
        why = "begins as an option does" if name.startswith("-") else "is a device's name on Windows"
        raise ValueError(f"NAME is {name!r}, which {why}; allowed: another of {allowed}")
    if name == _ALL:
        raise ValueError(f"NAME is {name!r}, which stands for every node (dormouse/all/set); allowed: another of {allowed}")
    return name


def taken(root: Path, name: str) -> str:
    """Where another node has this NAME already; "" when none has. The examples do not count."""
    files = [root / "config.py", *sorted((root / "nodes").glob("*.py"))]
    for path in files:
        if path.stem == name or path.stem.startswith(("example", ".")):
            continue
        try:
            found = constants.read(path, shown(path)).constants.get("NAME")
        except OSError:
            continue
        if found is not None and found.value == name:
            return f"{found.file}:{found.line}"
    return ""
