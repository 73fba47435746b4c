"""The settings of a node: config.py, overlaid by nodes/NAME.py, checked by the schema that the board uses too."""

from __future__ import annotations

import difflib
import importlib.util
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from dormouse import checking, clashes, constants, drivers
from dormouse.checking import Node, Secrets
from dormouse.constants import ERROR, WARNING, Constant, ConstantsFile, Problem
from dormouse.errors import DormouseError, UsageError
from dormouse.project import board_names, node_file, shown


class SettingsError(DormouseError):
    """Something is wrong with a file of settings: one line per problem, "file:line: NAME is ...; allowed: ..."."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = [problem for problem in problems if problem.level == ERROR]
        self.warnings = [problem for problem in problems if problem.level == WARNING]
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass
class Settings:
    """Checked settings: values by name, and config.py's text with the node's lines in it. node: for rules of checking/."""

    values: dict[str, Any]
    base: ConstantsFile
    overlaid: dict[str, str]
    node: Node
    left_out: dict[str, str] = field(default_factory=dict)  # sensors that another board than BOARD cannot have, and why
    warnings: list[Problem] = field(default_factory=list)  # of config.py and nodes/NAME.py: allowed, and perhaps regretted

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def text(self, **changes: object) -> str:
        """The effective config.py: comments kept, the node's lines and then `changes` (NAME=value) put in."""
        return self.base.replaced({**self.overlaid, **{name: repr(value) for name, value in changes.items()}})


@cache
def load_schema(root: Path) -> ModuleType:
    """The template's src/node/schema.py: SETTINGS and check(). It is pure and also runs on the board."""
    path = root / "src" / "node" / "schema.py"
    spec = importlib.util.spec_from_file_location("dormouse_node_schema", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(f"no {shown(path)}: this copy of the template is not complete")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load(root: Path, config: Path | None = None, node: str | None = None, board: str | None = None) -> Settings:
    """Read and check the settings of a node.

    Arguments: root, the template; config, the file to read instead of root/config.py; node, the NAME of a
    nodes/NAME.py whose lines replace those of config.py; board, the board to use instead of BOARD: sensors that it
    cannot have are left out then, and nothing is warned of.
    Raises UsageError when a file is not there or the board is unknown, SettingsError with every error found.
    """
    base = _read(config or root / "config.py")
    overlay = _read(node_file(root, node)) if node else ConstantsFile("", "")
    merged = {**base.constants, **overlay.constants}
    values: dict[str, Any] = {name: constant.value for name, constant in merged.items()}
    overlaid = {name: constant.text for name, constant in overlay.constants.items()}
    if board is not None:
        if board not in board_names(root):
            raise UsageError(f"no board {board!r}; there are: {', '.join(board_names(root))}")
        values["BOARD"], overlaid["BOARD"] = board, repr(board)
    problems = [*base.problems, *overlay.problems] or _check(root, values, merged, base.file)
    checked = Node(root, values, merged, base.file, node)
    left_out: dict[str, str] = {}
    if not problems:
        found = {name: drivers.unfit(root, values["BOARD"], options) for name, options in values["SENSORS"].items()}
        left_out = {name: why for name, why in found.items() if why}
        if board is None:
            # config.py's sensors, and a node on another board: what is to be done is not in the line that is named
            more = f"; nodes/{node}.py needs SENSORS of its own" if "BOARD" in overlaid and "SENSORS" not in overlaid else ""
            problems = [_at_sensor(merged, base.file, name, why + more) for name, why in left_out.items()]
            problems = problems or checking.of_node(checked)
        else:
            problems = _leave_out(checked, left_out)
            overlaid.update({"SENSORS": repr(values["SENSORS"])} if left_out else {})
    refuse(problems)
    return Settings(values, base, overlaid, checked, left_out, _sorted(problems))


def load_credentials(path: Path) -> ConstantsFile:
    """Read a credentials.py without running it. Raises UsageError when it is not there, SettingsError."""
    found = _read(path)
    if found.problems:
        raise SettingsError(found.problems)
    return found


def check_credentials(read: Settings, path: Path) -> list[Problem]:
    """What is wrong, or unwise, in a credentials.py that a node shall have; by line. Raises UsageError when it is not there."""
    found = _read(path)
    return _sorted(found.problems or checking.of_secrets(read.node, Secrets(found, path.parent)))


def refuse(problems: list[Problem]) -> list[Problem]:
    """The problems, when all are warnings. Raises SettingsError when there are errors."""
    if any(problem.level == ERROR for problem in problems):
        raise SettingsError(_sorted(problems))
    return problems


def _sorted(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.file, problem.line))


def _leave_out(node: Node, left_out: dict[str, str]) -> list[Problem]:
    """On another board than the settings are for: take out those sensors, and add to them what the rules refuse.

    Returns what else is an error.
    """
    sensors = node["SENSORS"]
    node.values["SENSORS"] = {name: options for name, options in sensors.items() if name not in left_out}
    errors = []
    for problem in checking.of_node(node):
        name = next((name for name in sensors if problem.text.startswith(f"SENSORS[{name!r}] ")), None)
        if problem.level == ERROR and name is None:
            errors.append(problem)
        elif problem.level == ERROR and name is not None:
            left_out.setdefault(name, problem.text.partition("] ")[2])
    node.values["SENSORS"] = {name: options for name, options in sensors.items() if name not in left_out}
    return errors


def _read(path: Path) -> ConstantsFile:
    try:
        return constants.read(path, shown(path))
    except OSError as error:
        raise UsageError(f"cannot read {shown(path)}: {(error.strerror or str(error)).lower()}") from error


def _check(root: Path, values: dict[str, Any], merged: dict[str, Constant], file: str) -> list[Problem]:
    known = [row[0] for row in load_schema(root).SETTINGS]
    problems = []
    for name, message in load_schema(root).check(values):
        outer, _, entry = name.partition(".")
        if outer not in known or (entry and name not in known):
            close = difflib.get_close_matches(name, known, 1)
            message += f"; is it {close[0]}?" if close else ""
        constant = merged.get(outer)
        if constant is None:
            problems.append(Problem(file, 0, f"{name} {message}"))
        else:
            line = constant.entries.get(entry, constant.line)
            problems.append(Problem(constant.file, line, f"{name} {message}"))
    return problems or _check_files(root, values, merged, file)


def _check_files(root: Path, values: dict[str, Any], merged: dict[str, Constant], file: str) -> list[Problem]:
    """The board and the drivers that the settings name must be in the template."""
    problems = []
    at = merged.get("BOARD")
    if values["BOARD"] not in board_names(root):
        text = f"BOARD is {values['BOARD']!r}; allowed: {', '.join(board_names(root))}"
        problems.append(Problem(at.file if at else file, at.line if at else 0, text))
    elif values["WAKE_PIN"] is not None and (why := drivers.no_wake_pin(root, values["BOARD"], values["WAKE_PIN"]["pin"])):
        problems.append(_at_line(merged, file, "WAKE_PIN", why))
    services = sorted(path.stem for path in (root / "src" / "node" / "services").glob("*.py") if path.stem[0] != "_")
    if values["SERVICE"] not in services:
        problems.append(_at_line(merged, file, "SERVICE", f"is {values['SERVICE']!r}; allowed: {', '.join(services)}"))
    known = drivers.names(root)
    wrong: list[tuple[str, str]] = []
    for sensor, options in values["SENSORS"].items():
        if options["driver"] not in known:
            wrong.append((sensor, f"has the driver {options['driver']!r}; allowed: {', '.join(known)}"))
        else:
            wrong += [(sensor, text) for text in drivers.problems(root, options, values["MAX_AWAKE_S"])]
    if not problems:
        wrong = wrong or clashes.find(root, values)
    problems += [_at_sensor(merged, file, sensor, text) for sensor, text in wrong]
    for name in () if problems else values["UPLOAD_IF"]:
        sensor, _, field = name.partition(".")
        fields = drivers.fields(root, values["SENSORS"][sensor]["driver"])
        if field not in fields:
            text = f"names {name!r}; {sensor} has: {', '.join(fields)}"
            problems.append(_at_line(merged, file, "UPLOAD_IF", text))
    return problems


def _at_line(merged: dict[str, Constant], file: str, name: str, text: str) -> Problem:
    at = merged.get(name)
    return Problem(at.file if at else file, at.line if at else 0, f"{name} {text}")


def _at_sensor(merged: dict[str, Constant], file: str, sensor: str, text: str) -> Problem:
    at = merged.get("SENSORS")
    line = at.entries.get(sensor, at.line) if at else 0
    return Problem(at.file if at else file, line, f"SENSORS[{sensor!r}] {text}")
