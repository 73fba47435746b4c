"""What a rule is given: a node's settings with the lines that they come from, and what the template knows of its board."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dormouse import drivers
from dormouse.constants import Constant, ConstantsFile, Problem
from dormouse.errors import DormouseError
from dormouse.virtual import models
from dormouse.virtual.ports import CHIPS, Chip

if TYPE_CHECKING:
    from dormouse.checking import Rule


_TABLES = ("sleep", "pins", "rails", "network", "virtual")  # that rules look at


@dataclass(frozen=True)
class Finding:
    """What a rule has found. setting: a name of config.py or credentials.py. text: goes on after it: "is ...; allowed: ...".

    entry: of a setting that is a dictionary; SENSORS["air"], or BATTERY.mah.
    """

    setting: str
    text: str
    entry: str | None = None

    def named(self) -> str:
        """The whole sentence."""
        if self.entry is None:
            return f"{self.setting} {self.text}"
        at = f"[{self.entry!r}]" if self.setting == "SENSORS" else f".{self.entry}"
        return f"{self.setting}{at} {self.text}"


@dataclass
class Node:
    """A node. values: the settings by name. merged: where each comes from. file: config.py. name: of nodes/NAME.py, or None."""

    root: Path
    values: dict[str, Any]
    merged: dict[str, Constant]
    file: str
    name: str | None = None
    _drivers: dict[str, drivers.Driver] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @cached_property
    def board(self) -> dict[str, Any]:
        """Its board.toml. Raises DormouseError when that cannot be read."""
        try:
            found = models.read(self["BOARD"], self.root / "boards")
        except ValueError as error:
            raise DormouseError(str(error)) from error
        for table in _TABLES:
            if table not in found:
                # A board of the user's own, of an older version.
                raise DormouseError(f"boards/{self['BOARD']}/board.toml: [{table}] is missing; docs/boards.md, Add a board")
        return found

    @property
    def chip(self) -> Chip:
        """What the chip's pins can do. Raises DormouseError for a chip that nobody knows."""
        try:
            return CHIPS[self.board["chip"]]
        except KeyError as error:
            raise DormouseError(f"boards/{self['BOARD']}/board.toml: chip is {error}; allowed: {', '.join(CHIPS)}") from error

    def profile(self, name: str) -> Any:
        """A constant of the board's profile, None where it has none."""
        return drivers.profile(self.root, self["BOARD"], name)

    def sensors(self) -> Iterator[tuple[str, dict[str, Any], drivers.Driver]]:
        """Each sensor: its name, its options, its driver."""
        for name, options in self["SENSORS"].items():
            driver = options["driver"]
            if driver not in self._drivers:
                self._drivers[driver] = drivers.read(self.root, driver)
            yield name, options, self._drivers[driver]

    def problem(self, rule: Rule, found: Finding) -> Problem:
        """What a rule has found, with its file and line."""
        return _problem(self.merged.get(found.setting), self.file, rule, found)


@dataclass
class Secrets:
    """credentials.py as it was read. folder: where it is, and the certificates that it names."""

    read: ConstantsFile
    folder: Path

    def __getitem__(self, name: str) -> Any:
        constant = self.read.constants.get(name)
        return constant.value if constant else None

    def problem(self, rule: Rule, found: Finding) -> Problem:
        """What a rule has found, with its file and line."""
        return _problem(self.read.constants.get(found.setting), self.read.file, rule, found)


def _problem(at: Constant | None, file: str, rule: Rule, found: Finding) -> Problem:
    line = at.entries.get(found.entry, at.line) if at else 0
    return Problem(at.file if at else file, line, found.named(), rule.level, rule.kind)
