"""What a sensor's driver says of itself, read without running it, and what is wrong with a sensor's entry in config.py.

What a driver says: sensors/__init__.py of the template.
"""

from __future__ import annotations

import ast
import difflib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dormouse import options as every_sensor
from dormouse.errors import DormouseError
from dormouse.parsed import parsed
from dormouse.project import shown

PINS = ("pin", "shared pin", "analogue pin", "input pin")  # kinds of an option that names one
_OF_FIELDS = ("offset", "scale", "points", "range")
_MUST = "must be"  # a note that begins so: there is no default
_MOST_MS, _UPLOAD_MS = 15000, 5000  # of src/node/measure.py
_BOOT_MS = 1000  # about: to the first sensor's start
_NUMBER = r"-?\d+(?:\.\d+)?"


@dataclass(frozen=True)
class Option:
    """One row of a driver's _ALLOWED. allowed: the values, or a text of sensors/__init__.py's list."""

    name: str
    allowed: tuple[Any, ...] | str
    unit: str
    default: Any
    note: str | None

    @property
    def needed(self) -> bool:
        """Whether it must be given."""
        return self.default is None and (self.note or "").startswith(_MUST)

    def words(self) -> str:
        """The allowed values in words."""
        if isinstance(self.allowed, tuple):
            address = self.name == "address"
            return ", ".join(f"{value:#x}" if address else str(value) for value in self.allowed)
        known = {
            "pin": 'a pin such as 5 or "X2"',
            "shared pin": 'a pin such as 5 or "X2"',
            "analogue pin": 'a pin with a converter, such as 5 or "X2"',
            "input pin": 'a pin such as 5 or "X2"',
            "bus": "(bus, scl, sda)",
            "yes or no": "True or False",
            "rom": "16 hexadecimal digits",
            "text": "text",
        }
        return f"{known.get(self.allowed, self.allowed)} {self.unit}".rstrip()

    def fits(self, value: Any) -> bool:
        """Whether the option may be so. Raises DormouseError when the driver's own words are unknown."""
        if value is None or isinstance(self.allowed, tuple):
            return value == self.default if value is None else value in self.allowed and type(value) is not bool
        if self.allowed in PINS:
            return (type(value) is int and value >= 0) or (isinstance(value, str) and bool(value))
        if self.allowed == "bus":
            return isinstance(value, tuple) and len(value) == 3
        if self.allowed == "yes or no":
            return isinstance(value, bool)
        if self.allowed == "rom":
            return isinstance(value, str) and re.fullmatch("[0-9a-fA-F]{16}", value) is not None
        if self.allowed == "text":
            return isinstance(value, str) and bool(value)
        found = re.fullmatch(rf"(pair )?({_NUMBER}) to ({_NUMBER})", self.allowed)
        if not found:
            raise DormouseError(f"_ALLOWED of a driver says {self.allowed!r} of {self.name}: not in sensors/__init__.py's list")
        numbers: Any = value if found[1] else (value,)
        if not isinstance(numbers, tuple) or len(numbers) != (2 if found[1] else 1):
            return False
        kinds = (int, float) if "." in found[2] + found[3] else (int,)
        low, high = float(found[2]), float(found[3])
        return all(type(number) in kinds and low <= number <= high for number in numbers)


@dataclass(frozen=True)
class Driver:
    """One module of sensors/. time_ms, active_ua, idle_na: None where it does not say."""

    name: str
    part: str
    fields: dict[str, int]  # name to decimals
    options: tuple[str, ...]
    allowed: dict[str, Option]
    limits: tuple[int, ...]
    needs: str | None
    time_ms: int | None
    active_ua: int | None
    idle_na: int | None


def names(root: Path) -> list[str]:
    """The drivers of the template."""
    return sorted(path.stem for path in (root / "sensors").glob("*.py") if not path.stem.startswith("_"))


def read(root: Path, name: str) -> Driver:
    """What a driver says. Raises DormouseError when it is not one, or has a mistake."""
    path = root / "sensors" / f"{name}.py"
    fields = _constant(path, "FIELDS")
    if not fields:
        raise DormouseError(f"sensors/{name}.py has no FIELDS: see sensors/__init__.py")
    text = ast.get_docstring(parsed(path)) or name
    try:
        fields = dict(fields)
        rows = [Option(*row) for row in _constant(path, "_ALLOWED") or ()]
    except (TypeError, ValueError):
        raise DormouseError(f"sensors/{name}.py: FIELDS or _ALLOWED has another form than sensors/__init__.py says") from None
    return Driver(
        name,
        re.split(r"[:.](?:\s|$)", " ".join(text.split()), maxsplit=1)[0],
        fields,
        tuple(_constant(path, "OPTIONS") or ()),
        {row.name: row for row in rows},
        tuple(_constant(path, "RANGE") or ()),
        _constant(path, "NEEDS"),
        _constant(path, "_TIME_MS"),
        _constant(path, "_ACTIVE_UA"),
        _constant(path, "_IDLE_NA"),
    )


def unfit(root: Path, board: str, options: dict[str, Any]) -> str | None:
    """Why a board cannot have a sensor, in words; None when it can.

    Arguments: root, the template; board, a folder of boards/; options, the sensor's entry of SENSORS, its driver known.
    """
    needs = _constant(root / "sensors" / f"{options['driver']}.py", "NEEDS")
    if needs and _constant(root / "boards" / board / "profile.py", needs) is None:
        return f"is a {options['driver']}, which {board} does not have"
    return None


def problems(root: Path, options: dict[str, Any], awake_s: int) -> list[str]:
    """What is wrong with a sensor's entry, in words that say what is allowed.

    Arguments: root, the template; options, the entry, its driver known; awake_s, MAX_AWAKE_S.
    """
    driver, wrong = read(root, options["driver"]), every_sensor.check(options)
    if wrong:
        return wrong
    known = ("driver", *(row[0] for row in every_sensor.OPTIONS), *driver.options)
    for name, value in options.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"; is it {close[0]}?" if close else ""
            wrong.append(f"has {name!r}; {driver.name} takes: {', '.join(known)}{hint}")
        elif name in driver.allowed and not driver.allowed[name].fits(value):
            wrong.append(f"has {name} {value!r}; allowed: {driver.allowed[name].words()}")
        elif name in _OF_FIELDS:
            wrong += [
                f"has {name} of {field!r}; {driver.name} measures: {', '.join(driver.fields)}"
                for field in value
                if field not in driver.fields
            ]
    wrong += [
        f"has no {option.name}, which {option.note}; allowed: {option.words()}"
        for option in driver.allowed.values()
        if option.needed and option.name not in options
    ]
    both = {field for name in ("offset", "scale") for field in options.get(name, ())} & set(options.get("points", ()))
    wrong += [f"has points of {field}, and offset or scale too; one of the two is enough" for field in sorted(both)]
    return wrong or _too_slow(driver, options, awake_s)


def _too_slow(driver: Driver, options: dict[str, Any], awake_s: int) -> list[str]:
    # As src/node/measure.py has it.
    left_ms = awake_s * 1000 - _BOOT_MS
    most_ms = min(_MOST_MS, max(left_ms - _UPLOAD_MS, left_ms // 3))
    needs_ms = options.get("settle_ms", 0) + options.get("samples", 1) * (driver.time_ms or 0)
    if needs_ms <= most_ms:
        return []
    return [f"needs {needs_ms} ms; MAX_AWAKE_S {awake_s} leaves {most_ms} ms to the sensors"]


def fields(root: Path, driver: str) -> list[str]:
    """The fields that a driver measures. Arguments: root, the template; driver, a module of sensors/."""
    return [field for field, _ in _constant(root / "sensors" / f"{driver}.py", "FIELDS") or ()]


def no_wake_pin(root: Path, board: str, pin: object) -> str | None:
    """Why a pin cannot end a board's sleep, in words; None when it can.

    Arguments: root, the template; board, a folder of boards/; pin, as WAKE_PIN names it.
    """
    pins = _constant(root / "boards" / board / "profile.py", "WAKE_PINS")
    if pins:
        return None if pin in pins else f"has the pin {pin!r}; pins that end {board}'s sleep: {', '.join(map(repr, pins))}"
    return f"needs a pin that ends the sleep, which {board} does not have"


def profile(root: Path, board: str, name: str) -> Any:
    """A constant of a board's profile, None where it has none."""
    return _constant(root / "boards" / board / "profile.py", name)


def constant(path: Path, name: str) -> Any:
    """A constant of a device file, read without running it; const() is seen through. None where it has none.

    Raises DormouseError when the file is not there.
    """
    if not path.is_file():
        raise DormouseError(f"no {path.parent.name}/{path.name}: this copy of the template is not complete")
    return _constant(path, name)


def _constant(path: Path, name: str) -> Any:
    stat = path.stat()
    value = _values(path, stat.st_mtime_ns, stat.st_size).get(name)
    if value is None:
        return None
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError):
        raise DormouseError(f"{shown(path)}:{value.lineno}: {name} is not a constant; it is read, never run") from None


@cache
def _values(path: Path, _mtime_ns: int, _size: int) -> dict[str, ast.expr]:
    """The values of a file's NAME = value lines, of the first of each name."""
    try:
        body = parsed(path).body
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", 0) or 0
        raise DormouseError(f"{shown(path)}:{line}: is not Python: {getattr(error, 'msg', error)}") from error
    found: dict[str, ast.expr] = {}
    for node in body:
        if not isinstance(node, ast.Assign):
            continue
        value = node.value
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "const":
            value = value.args[0]
        for target in node.targets:
            if isinstance(target, ast.Name):
                found.setdefault(target.id, value)
    return found
