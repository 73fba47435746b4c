"""The wakes in a trace of `dormouse simulate --trace`, in place of the model's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dormouse import ledger
from dormouse.battery.wakes import EXACT, QUIET, UPLOAD, Kind, Phase
from dormouse.errors import DormouseError, UsageError
from dormouse.project import shown

_WINDOW = "window"  # only after a power-up: no ordinary wake


@dataclass
class _Sum:
    wakes: int = 0
    ms: dict[str, float] = field(default_factory=dict)


def read(path: Path, board: str, model: dict[str, Kind]) -> dict[str, Kind]:
    """The kinds of wakes in a trace, each phase as long as it was on average. Failed wakes and the first one do not count.

    Arguments: path, the trace; board, the one that it must be of; model, the kinds of wakes that the settings lead to, for what
    a trace does not have: how far a number may be off, and the sensors' own charge.
    Raises UsageError for a file that is no trace, or another board's; DormouseError for one without an ordinary wake.
    """
    sums: dict[str, _Sum] = {}
    phases: list[tuple[str, float]] = []
    for number, event in _events(path):
        try:
            if event["event"] == "phase":
                phases.append((event["phase"], float(event["length_ms"])))
                continue
            if event["event"] != "wake":
                continue
            if event["board"] != board:
                raise UsageError(f"{shown(path)}: a trace of the board {event['board']!r}; the settings have {board!r}")
            good = event.get("outcome") in (ledger.PUBLISHED, ledger.KEPT)
            if good and event.get("charge_mc") is None:
                raise UsageError(f"{shown(path)}: made with --speed, which makes its times wrong; simulate without")
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"{shown(path)}:{number}: not a line of simulate --trace: {error}") from error
        names = [name for name, _ in phases]
        if good and _WINDOW not in names and "measure" in names:
            _add(sums.setdefault(UPLOAD if "link" in names else QUIET, _Sum()), phases)
        phases = []
    if not sums:
        raise DormouseError(f"{shown(path)}: no ordinary wake in it, only a first one or failed ones: simulate --wakes 5")
    return {name: _kind(name, found, model[name]) for name, found in sums.items()}


def _add(found: _Sum, phases: list[tuple[str, float]]) -> None:
    found.wakes += 1
    for name, ms in phases:
        found.ms[name] = found.ms.get(name, 0.0) + ms


def _kind(name: str, found: _Sum, model: Kind) -> Kind:
    causes = {phase.name: phase.cause for phase in model.phases}
    phases = tuple(Phase(phase, ms / found.wakes, causes.get(phase, EXACT)) for phase, ms in found.ms.items())
    return Kind(name, phases, model.sensors_mc, f"trace, {found.wakes} wakes" if found.wakes > 1 else "trace, one wake")


def _events(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                try:
                    event = json.loads(line)
                except ValueError as error:
                    raise UsageError(f"{shown(path)}:{number}: no JSON: is it a trace of dormouse simulate?") from error
                if not isinstance(event, dict) or "event" not in event:
                    raise UsageError(f"{shown(path)}:{number}: not a line of a trace of dormouse simulate")
                yield number, event
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"cannot read {shown(path)}: {(reason or str(error)).lower()}") from error
