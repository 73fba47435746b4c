"""What if a setting, or the world, were another: rows beside the node as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from dormouse import drivers, settings, typed
from dormouse.battery import life, wakes
from dormouse.battery.life import Life
from dormouse.battery.wakes import Assumed, Cause, Kind
from dormouse.errors import UsageError
from dormouse.project import board_names
from dormouse.settings import Settings

_ASSUMED = {entry.name.upper(): entry.name for entry in fields(Assumed)}
_ADDRESS = ("192.168.1.50/24", "192.168.1.1")
_OUT_DAYS = 3


@dataclass(frozen=True)
class Basis:
    """What all rows start from: the node's settings, what is assumed, and what was measured or traced of it."""

    root: Path
    settings: Settings
    assumed: Assumed
    kinds: Mapping[str, Kind]
    deepsleep: tuple[float, Cause] | None = None

    def life(self) -> Life:
        """As it is."""
        return life.of(self.settings, self.root, self.assumed, self.kinds, self.deepsleep)


@dataclass(frozen=True)
class Row:
    """One row: its name, and what comes of it."""

    name: str
    life: Life


def rows(basis: Basis, asked: Sequence[str] = ()) -> list[Row]:
    """The usual questions that are none already, then those asked for.

    Arguments: basis, the node as it is; asked, "NAME=value, NAME=value" each, names of settings, or of Assumed in upper case.
    Raises UsageError for a name or a value that is not allowed.
    """
    usual = [(name, changed(basis, change)) for name, change in _usual(basis)]
    own = [(text, changed(basis, parsed(text))) for text in asked]
    return [Row(name, found.life()) for name, found in [*usual, *own]]


def parsed(text: str) -> dict[str, Any]:
    """The changes that a text names. Raises UsageError."""
    wrong = f"--if {text!r} is not NAME=value, NAME=value: "
    try:
        words = typed.pairs(text)
    except ValueError as error:
        raise UsageError(wrong + (str(error) or "such as WAKE_EVERY_S=3600; text has quotation marks")) from None
    if not words:
        raise UsageError(wrong + "such as WAKE_EVERY_S=3600, UPLOAD_EVERY=4")
    found = {}
    for name, value in words.items():
        try:
            found[name.upper()] = typed.constant(value)
        except ValueError:
            raise UsageError(wrong + f"{name} is not a constant, such as 3600") from None
    return found


def changed(basis: Basis, changes: Mapping[str, Any]) -> Basis:
    """Another node: with these settings and assumptions in place of its own. A BATTERY's entries are replaced one by one.

    What was measured keeps its value where the model says that nothing changes, and moves by what the model says else; on
    another board it is not known.
    """
    values, assume = dict(basis.settings.values), {}
    for name, value in changes.items():
        if name in _ASSUMED:
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise UsageError(f"--if: {name} is {value!r}; allowed: a number")
            assume[_ASSUMED[name]] = float(value)
        elif name == "BATTERY" and isinstance(value, dict):
            values[name] = {**(values[name] or {}), **value}
        else:
            values[name] = value
    _check(basis.root, values)
    other = replace(basis.settings, values=values)
    assumed = replace(basis.assumed, **assume)
    if values["BOARD"] != basis.settings["BOARD"]:
        return Basis(basis.root, other, assumed, {})
    was = wakes.model(basis.root, basis.settings, basis.assumed)
    now = wakes.model(basis.root, other, assumed)
    currents = life.energy.read_currents(basis.root, values["BOARD"])
    kinds = {}
    for name, kind in basis.kinds.items():
        more_mc = now[name].total_mc(currents) - was[name].total_mc(currents)
        if more_mc:
            kind = replace(now[name], charge_mc=max(0.0, kind.total_mc(currents) + more_mc), source=kind.source)
        kinds[name] = kind
    return replace(basis, settings=other, assumed=assumed, kinds=kinds)


def _check(root: Path, values: dict[str, Any]) -> None:
    schema = settings.load_schema(root)
    wrong = schema.check(values)
    if wrong:
        name, text = wrong[0]
        raise UsageError(f"--if: {name} {text}")
    if values["BOARD"] not in board_names(root):
        raise UsageError(f"--if: BOARD is {values['BOARD']!r}; allowed: {', '.join(board_names(root))}")
    sensors = values["SENSORS"]
    known = drivers.names(root)
    for name, options in sensors.items():
        if options["driver"] not in known:
            raise UsageError(f"--if: SENSORS[{name!r}] has the driver {options['driver']!r}; allowed: {', '.join(known)}")
    # As simulate --board has it: what the board lacks is left out.
    values["SENSORS"] = {name: it for name, it in sensors.items() if not drivers.unfit(root, values["BOARD"], it)}


def _usual(basis: Basis) -> list[tuple[str, dict[str, Any]]]:
    had, assumed = basis.settings, basis.assumed
    every, uploads = had["WAKE_EVERY_S"], had["UPLOAD_EVERY"]
    found: list[tuple[str, dict[str, Any]]] = []
    for factor, words in ((2, "twice"), (4, "four times")):
        if every * factor <= 30 * 86400:
            found.append((f"wakes {words} as seldom", {"WAKE_EVERY_S": every * factor}))
    if every >= 20:
        found.append(("wakes twice as often", {"WAKE_EVERY_S": every // 2}))
    if uploads == 1:
        found.append(("uploads every 4th wake", {"UPLOAD_EVERY": 4}))
    else:
        found.append(("uploads every wake", {"UPLOAD_EVERY": 1}))
    found.append(("without TLS", {"TLS": False}) if had["TLS"] else ("with TLS", {"TLS": True}))
    found.append(("with DHCP", {"STATIC_IP": None}) if had["STATIC_IP"] else ("with a static address", {"STATIC_IP": _ADDRESS}))
    if assumed.rtt_ms < 100:
        found.append(("broker far away, 100 ms", {"RTT_MS": 100}))
    if assumed.failed_pct < 10:
        found.append(("one upload in ten fails", {"FAILED_PCT": 10}))
    if assumed.down_days + assumed.silent_days <= 30 - _OUT_DAYS:
        found.append((f"broker down {_OUT_DAYS} days a month", {"DOWN_DAYS": assumed.down_days + _OUT_DAYS}))
        found.append((f"broker silent {_OUT_DAYS} days a month", {"SILENT_DAYS": assumed.silent_days + _OUT_DAYS}))
    if assumed.celsius > 0 and had["BATTERY"]:
        found.append(("in the cold, 0 °C", {"CELSIUS": 0}))
    return found
