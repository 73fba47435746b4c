"""What a sensor's driver says of itself, read without running it: the options it takes, the part of a board it needs."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

_COMMON = ("driver", "offset")  # options that src/node/measure.py sees to


def unfit(root: Path, board: str, options: dict[str, Any]) -> str | None:
    """Why a board cannot have a sensor, in words; None when it can.

    Arguments: root, the template; board, a folder of boards/; options, the sensor's entry of SENSORS, its driver known.
    """
    needs = _constant(root / "sensors" / f"{options['driver']}.py", "NEEDS")
    if needs and _constant(root / "boards" / board / "profile.py", needs) is None:
        return f"is a {options['driver']}, which {board} does not have"
    return None


def unknown_options(root: Path, options: dict[str, Any]) -> str | None:
    """The options that a sensor's driver does not take, in words with those it takes; None when it takes all."""
    known = (*_COMMON, *(_constant(root / "sensors" / f"{options['driver']}.py", "OPTIONS") or ()))
    wrong = [name for name in options if name not in known]
    return f"has {', '.join(map(repr, wrong))}; {options['driver']} takes: {', '.join(known)}" if wrong else None


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


def _constant(path: Path, name: str) -> Any:
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            return ast.literal_eval(node.value)
    return None
