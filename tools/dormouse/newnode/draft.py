"""A node before it has a file: config.py's values, and what is said anew, checked as `dormouse check` checks it."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from dormouse import constants, drivers, settings
from dormouse.constants import ERROR, ConstantsFile, Problem
from dormouse.errors import UsageError
from dormouse.newnode import layout
from dormouse.project import shown
from dormouse.settings import Settings, SettingsError

PREFIX = "dormouse-new-"  # of folders where things are checked before they are written
# What nobody is asked for, and what another board, other sensors or a second node make wrong: the value that is always right.
_ELSE_NOTHING: dict[str, Any] = {"WAKE_PIN": None, "UPLOAD_IF": {}}


class Draft:
    """The settings of a node to be.

    Arguments: root, the template; name, the node's NAME; again, True when nodes/NAME.py is there and is where to begin.
    Attributes: base, config.py; changes, the values that are the node's own, by name.
    Raises UsageError, SettingsError when what is there is not in order.
    """

    def __init__(self, root: Path, name: str, again: bool = False) -> None:
        self.root = root
        self.base = _config(root)
        # Some services want a NAME, which config.py need not have: it has one as soon as there is a node.
        read = settings.load(root, node=name) if again else self._look({"NAME": layout.literal(name)})
        if isinstance(read, SettingsError):
            raise SettingsError([replace(problem, file=self.base.file) for problem in read.problems])
        self._read = read
        self._looked: dict[str, Settings | SettingsError] = {}  # most answers are what was there already
        own = {known: self._read[known] for known in self._read.overlaid} if again else {}
        self.changes: dict[str, Any] = {**own, "NAME": name}

    def __getitem__(self, name: str) -> Any:
        return self.changes[name] if name in self.changes else self._read[name]

    def put(self, name: str, value: Any) -> Any:
        """Make a value the node's own. Raises ValueError with the check's own words when it may not be."""
        before = dict(self.changes)
        self.changes[name] = value
        # Fields of sensors that are not there yet would be all that the check says.
        without = {"UPLOAD_IF": {}} if name == "SENSORS" else {}
        if wrong := [text for text in self.problems(without) if about(text) == name]:
            self.changes = before
            raise ValueError("; ".join(wrong))
        return value

    def load(self, changes: dict[str, Any] | None = None) -> Settings:
        """The settings, checked. changes: more of them. Raises SettingsError, with lines of a file that nobody has."""
        there = {name: constant.value for name, constant in self.base.constants.items()}
        values = {**self.changes, **(changes or {})}
        texts = {name: layout.literal(it) for name, it in values.items() if name not in there or it != there[name]}
        key = repr(sorted(texts.items()))
        if key not in self._looked:
            self._looked[key] = self._look(texts)
        found = self._looked[key]
        if isinstance(found, SettingsError):
            raise found
        return found

    def _look(self, texts: dict[str, str]) -> Settings | SettingsError:
        with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
            config = Path(folder, "config.py")
            config.write_text(self.base.replaced(texts), encoding="utf-8")
            try:
                return settings.load(self.root, config)
            except SettingsError as error:
                return error

    def problems(self, changes: dict[str, Any] | None = None) -> list[str]:
        """What the check says of all of it, without file and line: no file has it yet."""
        try:
            self.load(changes)
        except SettingsError as error:
            return [plain(problem) for problem in error.problems if problem.level == ERROR]
        return []

    def rough(self) -> Settings:
        """The settings while sensors are still to be said; config.py's while there is more that is not right yet."""
        try:
            return self.load({"SENSORS": {}, **_ELSE_NOTHING})
        except SettingsError:
            return self._read

    def untouched(self) -> bool:
        """Whether config.py still says what it came with: every line that is not a dictionary of the user's."""
        defaults = {row[0]: row[5] for row in settings.load_schema(self.root).SETTINGS if row[1] not in ("sensors", "dict?")}
        return all(constant.value == defaults.get(name, constant.value) for name, constant in self.base.constants.items())

    def unfit(self) -> dict[str, str]:
        """The sensors that the board has not, and why."""
        found = {name: drivers.unfit(self.root, self["BOARD"], options) for name, options in self["SENSORS"].items()}
        return {name: why for name, why in found.items() if why}

    def settle(self) -> list[str]:
        """Take back what config.py says for another board, other sensors, or one node only. Returns it in words."""
        told = []
        if self["STATIC_IP"] is not None and "STATIC_IP" not in self.changes:
            self.changes["STATIC_IP"] = None
            told.append("config.py's STATIC_IP can be one node's only: this one has None; give it an address of its own")
        for name in dict.fromkeys(about(text) for text in self.problems()):
            if name in _ELSE_NOTHING:
                why = next(text for text in self.problems() if about(text) == name)
                self.changes[name] = _ELSE_NOTHING[name]
                told.append(f"config.py's {why}: this node has {name} = {_ELSE_NOTHING[name]!r}")
        return told

    def own(self) -> dict[str, Any]:
        """What differs from config.py, in its order, NAME first."""
        values = {name: constant.value for name, constant in self.base.constants.items()}
        rest = [name for name in values if name != "NAME" and name in self.changes and self.changes[name] != values[name]]
        return {"NAME": self.changes["NAME"], **{name: self.changes[name] for name in rest}}


def _config(root: Path) -> ConstantsFile:
    path = root / "config.py"
    try:
        found = constants.read(path, shown(path))
    except OSError as error:
        raise UsageError(f"cannot read {shown(path)}: {(error.strerror or str(error)).lower()}") from error
    if found.problems:
        raise SettingsError(found.problems)
    return found


def plain(problem: Problem) -> str:
    """A problem's text without the folder in which it was looked for."""
    text = problem.text.replace(tempfile.gettempdir(), "")  # where a space may be in
    return re.sub(rf"[^\s'\"]*{PREFIX}[^/\\]*[/\\]", "", text)


def about(text: str) -> str:
    """The setting that a problem's text begins with."""
    found = re.match("[A-Z_0-9]+", text)
    return found[0] if found else ""
