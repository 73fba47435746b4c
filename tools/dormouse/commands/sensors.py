"""``dormouse sensors``: every driver with its fields, options, times and currents, as the tables of docs/sensors.md."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from dormouse import drivers, made_parts, mpy, options
from dormouse.project import find_root

_DOCUMENT = "docs/sensors.md"
_WRITE = typer.Option("--write", help=f"Make the tables of {_DOCUMENT} anew.")
_CHECK = typer.Option("--check", help=f"Write nothing; fail when {_DOCUMENT} is stale.")
_UNITS = {"c": "°C", "pct": "%", "hpa": "hPa", "v": "V", "mv": "mV", "ma": "mA", "mw": "mW", "hz": "Hz"}


def sensors(write: Annotated[bool, _WRITE] = False, check: Annotated[bool, _CHECK] = False) -> None:
    """Print what can be measured: drivers, fields, options, times, currents, sizes.

    All of it comes from the drivers themselves and from the description of what every sensor takes. For example:
    dormouse sensors
    """
    root = find_root()
    if not write and not check:
        print("\n".join(make(root) for make in TABLES.values()), end="")
        return
    made_parts.settle({root / _DOCUMENT: filled(root)}, check, "dormouse sensors --write")


def filled(root: Path) -> str:
    """The document with fresh tables. Raises UsageError where it has no place for one."""
    return made_parts.filled(root / _DOCUMENT, {f"dormouse sensors: {name}": make(root) for name, make in TABLES.items()})


def _parts(root: Path) -> str:
    rows = []
    for name in drivers.names(root):
        driver = drivers.read(root, name)
        address = driver.allowed.get("address")
        size = len(mpy.compile_module(root / "sensors" / f"{name}.py", f"sensors.{name}"))
        rows.append(
            (
                f"`{name}`", driver.part, "<br>".join(_field(*field) for field in driver.fields.items()),
                _told(driver.time_ms), _told(driver.active_ua), _told(driver.idle_na, 1000),
                f"{address.default:#x}" if address else "", str(size),
            )
        )  # fmt: skip
    head = ("driver", "part", "fields, and their last digit", "ms", "µA active", "µA at rest", "I2C", ".mpy bytes")
    return _table(head, rows)


def _own(root: Path) -> str:
    rows = []
    for name in drivers.names(root):
        for option in drivers.read(root, name).allowed.values():
            default = f"{option.default:#x}" if option.name == "address" and option.default else f"`{option.default!r}`"
            if option.default is None:
                default = ""
            rows.append((f"`{name}`", f"`{option.name}`", option.words(), default, option.note or ""))
    return _table(("driver", "option", "allowed", "default", "what"), rows)


def _every(_: Path) -> str:
    rows = [(f"`{row[0]}`", options.allowed(row), "" if row[5] is None else f"`{row[5]!r}`", row[6]) for row in options.OPTIONS]
    return _table(("option", "allowed", "default", "what"), rows)


TABLES: dict[str, Callable[[Path], str]] = {"drivers": _parts, "options": _own, "every sensor": _every}


def _field(name: str, places: int) -> str:
    _, named, word = name.rpartition("_")
    unit = _UNITS.get(word, word if named else "")
    return f"`{name}` {10**-places:.{places}f} {unit}".rstrip()


def _told(value: int | None, divisor: int = 1) -> str:
    if value is None:
        return "?"
    return f"{value / divisor:g}"


def _table(head: tuple[str, ...], rows: list[Any]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
