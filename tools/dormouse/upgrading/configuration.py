"""The user's settings under another version's schema: what is migrated, what is added, and what is to be named."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from dormouse import constants, settings
from dormouse.constants import ConstantsFile, Problem
from dormouse.errors import DormouseError
from dormouse.upgrading import shipped, versions

TABLE = "tools/dormouse/upgrading/migrations.py"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Migration:
    """One row of migrations.MIGRATIONS. new is None for a setting that is gone."""

    version: str
    old: str
    new: str | None
    how: str


@dataclass
class Changes:
    """texts: the new bytes of each file that changes. told: what was done to which line. problems: what the user must do."""

    texts: dict[str, bytes] = field(default_factory=dict)
    told: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def find(mine: Path, new: Path) -> Changes:
    """Compare config.py, credentials.py and nodes/*.py with what the new version knows.

    Arguments: mine, the user's template; new, the other version. Nothing is written.
    Raises DormouseError when the new version's own files cannot be read.
    """
    found = Changes()
    table, schema, old_version = migrations(new), settings.load_schema(new), versions.of(mine)
    known = [row[0] for row in schema.SETTINGS]
    fresh = _read(new, shipped.CONFIG)
    base = fresh
    if (mine / shipped.CONFIG).is_file():
        base = _migrated(found, mine, _read(mine, shipped.CONFIG), table, known, old_version)
        if not base.problems:
            base = _completed(found, mine, base, fresh, schema)
    _judge(found, base, base, schema, table, known)
    for path in sorted((mine / "nodes").glob("*.py")):
        name = shipped.NODES + path.name
        node = _migrated(found, mine, _read(mine, name), table, known, old_version)
        _judge(found, node, base, schema, table, known)
    _secrets(found, mine, new)
    return found


def migrations(new: Path) -> list[Migration]:
    """The table of a version, oldest row first; empty when it has none."""
    try:
        tree = ast.parse((new / TABLE).read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, SyntaxError, ValueError) as error:
        raise DormouseError(f"{new / TABLE} cannot be read: {error}") from error
    for node in tree.body:
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(target, ast.Name) and target.id == "MIGRATIONS":
            assert isinstance(node, (ast.Assign, ast.AnnAssign))
            assert node.value is not None
            rows = [Migration(*row) for row in ast.literal_eval(node.value)]
            return sorted(rows, key=lambda row: versions.order(row.version))
    return []


def _read(root: Path, name: str) -> ConstantsFile:
    try:
        return constants.read(root / name, name)
    except OSError as error:
        raise DormouseError(f"cannot read {root / name}: {error.strerror or error}") from error


def _parsed(name: str, source: str) -> ConstantsFile:
    found = constants.parse(source, name)
    if found.problems:
        raise DormouseError(f"{name} would not be right any more: {found.problems[0]}")
    return found


def _migrated(
    found: Changes, mine: Path, file: ConstantsFile, table: list[Migration], known: list[str], version: str
) -> ConstantsFile:
    """The file with the renamed settings renamed and the converted ones converted."""
    if file.problems:
        return file
    for row in table:
        outer, _, entry = row.old.partition(".")
        constant = file.constants.get(outer)
        if row.new is None or constant is None or (entry and entry not in constant.entries):
            continue
        if row.old == row.new:
            if versions.order(row.version) <= versions.order(version):
                continue  # done by an earlier upgrade
        elif row.old in known or row.new in file.constants:
            continue
        line = constant.entries.get(entry, constant.line) if entry else constant.line
        source = _renamed_entry(file, line, entry, row) if entry else _renamed(file, row)
        if source is None:
            found.problems.append(Problem(file.file, line, f"{row.old} is {row.new} since {row.version}: rename it"))
            continue
        file = _parsed(file.file, source)
        _write(found, mine, file)
        value = "" if entry else f" = {file.constants[row.new].text}"
        what = "means something else now" if row.old == row.new else "has another name"
        found.told.append(Problem(file.file, line, f"{row.old} {what} since {row.version}: {row.new}{value}"))
    return file


def _renamed(file: ConstantsFile, row: Migration) -> str | None:
    assert row.new is not None
    constant = file.constants[row.old]
    lines = file.replaced({row.old: row.how.replace("{}", constant.text)}).split("\n")
    # The comment stays in its column where there is room.
    pattern = rf"{row.old}(\s*=.*?)(\s*)((?:  #.*)?)"
    at = re.fullmatch(pattern, lines[constant.line - 1])
    if not at:
        return None
    gap = " " * max(0, len(at[2]) + len(row.old) - len(row.new)) if at[3] else at[2]
    lines[constant.line - 1] = f"{row.new}{at[1]}{gap}{at[3]}"
    return "\n".join(lines)


def _renamed_entry(file: ConstantsFile, line: int, entry: str, row: Migration) -> str | None:
    """A key of a dictionary, in its line; None when the line is not so simple."""
    assert row.new is not None
    outer, _, new = row.new.partition(".")
    lines = file.source.split("\n")
    changed, count = re.subn(rf"""(["']){re.escape(entry)}\1(?=\s*:)""", rf"\g<1>{new}\g<1>", lines[line - 1])
    if outer != row.old.partition(".")[0] or not new or count != 1 or row.how != "{}":
        return None
    lines[line - 1] = changed
    return "\n".join(lines)


def _completed(found: Changes, mine: Path, file: ConstantsFile, fresh: ConstantsFile, schema: ModuleType) -> ConstantsFile:
    """The file with the settings that it lacks, each after the one that it follows in the new config.py."""
    rows = {row[0]: row for row in schema.SETTINGS if "." not in row[0]}
    order = [*fresh.constants, *(name for name in rows if name not in fresh.constants)]
    for name in order:
        if name in file.constants or name not in rows:
            continue
        lines = file.source.rstrip("\n").split("\n")
        block = _block(fresh, name) if name in fresh.constants else [f"{name} = {rows[name][5]!r}"]
        before = [other for other in order[: order.index(name)] if other in file.constants]
        at = _span(file, before[-1])[1] if before else len(lines)
        file = _parsed(file.file, "\n".join([*lines[:at], *block, *lines[at:]]) + "\n")
        found.told.append(Problem(file.file, file.constants[name].line, f"{name} is new: {file.constants[name].text}"))
        _write(found, mine, file)
    return file


def _span(file: ConstantsFile, name: str) -> tuple[int, int]:
    """The lines of a setting, from its first to before the next thing: it, and the indented comment lines below it."""
    lines = file.source.split("\n")
    start = file.constants[name].line - 1
    statement = next(node for node in ast.parse(file.source).body if node.lineno == start + 1)
    stop = statement.end_lineno or start + 1
    while stop < len(lines) and re.match(r"#\s{2,}\S|\s+#", lines[stop]):
        stop += 1
    return start, stop


def _block(file: ConstantsFile, name: str) -> list[str]:
    """A setting as its file has it: the comment lines directly above it, which are not another setting's, and its own."""
    lines = file.source.split("\n")
    start, stop = _span(file, name)
    above = start
    while above and re.match(r"# \S", lines[above - 1]):
        above -= 1
    return lines[above:stop]


def _judge(
    found: Changes, file: ConstantsFile, base: ConstantsFile, schema: ModuleType, table: list[Migration], known: list[str]
) -> None:
    """What the user must do in one file, under the new schema."""
    if file.problems:
        found.problems += file.problems
        return
    values: dict[str, Any] = {**_defaults(schema), **_values(base), **_values(file)}
    for name, text in schema.check(values):
        outer, _, entry = name.partition(".")
        constant = file.constants.get(outer)
        if constant is None:
            continue  # config.py's own, said of config.py
        line = constant.entries.get(entry, constant.line)
        if outer not in known or (entry and name not in known):
            gone = next((row for row in table if row.old == name and row.new is None), None)
            text = f"is no setting any more since {gone.version}: {gone.how}" if gone else "is no setting of this version"
            text += "; remove it"
        found.problems.append(Problem(file.file, line, f"{name} {text}"))


def _defaults(schema: ModuleType) -> dict[str, Any]:
    """What is missing is not a node's fault."""
    return {row[0]: row[5] for row in schema.SETTINGS if "." not in row[0]}


def _values(file: ConstantsFile) -> dict[str, Any]:
    return {name: constant.value for name, constant in file.constants.items()}


def _secrets(found: Changes, mine: Path, new: Path) -> None:
    example = "credentials.example.py"
    if (mine / shipped.SECRETS).is_file() and (new / example).is_file():
        here, there = _read(mine, shipped.SECRETS), _read(new, example)
        if not here.problems:
            lacking = [name for name in there.constants if name not in here.constants]
            found.problems += [
                Problem(shipped.SECRETS, 0, f"{name} is new: {name} = {there.constants[name].text} ({example})")
                for name in lacking
            ]


def _write(found: Changes, mine: Path, file: ConstantsFile) -> None:
    """The text as the user's file has it: its ends of lines, its byte order mark."""
    was = (mine / file.file).read_bytes()
    data = file.source.encode()
    if b"\r\n" in was:
        data = data.replace(b"\n", b"\r\n")
    found.texts[file.file] = (_BOM if was.startswith(_BOM) else b"") + data
