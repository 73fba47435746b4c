"""``dormouse check``: the settings of a node, or of a fleet, before they reach a board."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from dormouse import bundle, checking, made_parts, settings
from dormouse.checking import report
from dormouse.constants import ERROR, WARNING, Problem
from dormouse.errors import DormouseError, UsageError
from dormouse.project import find_root, node_names, shown
from dormouse.report import duration
from dormouse.settings import Settings, SettingsError

_DOCUMENT = "docs/check.md"
_WIDTH = 100

_NAME = typer.Argument(help="The node: nodes/NAME.py over config.py. Without it: config.py alone.", metavar="NAME")
_ALL = typer.Option("--all", help="Every node of nodes/, and what they are to each other.")
_CONFIG = typer.Option(help="Settings to check instead of config.py.", metavar="FILE")
_SECRETS = typer.Option(help="Secrets to check instead of credentials.py.", metavar="FILE")
_NODE = typer.Option(help="As NAME.", metavar="NAME", hidden=True)
_FILES = typer.Option("--files", help="List the files that this node needs on its board, with their sizes in bytes.")
_STRICT = typer.Option("--strict", help="Warnings count as errors: exit status 1.")
_JSON = typer.Option("--json", help="For editors and scripts: a list of file, line, level, kind and text.")
_WRITE = typer.Option("--write", help=f"Make the table of {_DOCUMENT} anew.", hidden=True)


def check(
    name: Annotated[str | None, _NAME] = None,
    everyone: Annotated[bool, _ALL] = False,
    config: Annotated[Path | None, _CONFIG] = None,
    credentials: Annotated[Path | None, _SECRETS] = None,
    node: Annotated[str | None, _NODE] = None,
    files: Annotated[bool, _FILES] = False,
    strict: Annotated[bool, _STRICT] = False,
    as_json: Annotated[bool, _JSON] = False,
    write: Annotated[bool, _WRITE] = False,
) -> None:
    """Check config.py and credentials.py without running them, and that everything the node needs compiles.

    Each mistake is one line: file, line, setting, and what is allowed. What is allowed and yet unwise is a warning. Exit
    status 1 when there is a mistake. For example: dormouse check greenhouse
    """
    root, name = find_root(), name or node
    if write:
        _write(root / _DOCUMENT)
        return
    if everyone and (name or files):
        raise UsageError("--all: say NAME, or --files of one node, or --all")
    if everyone and not node_names(root):
        raise UsageError("--all: there is no node in nodes/ yet; dormouse new NAME makes one")
    names: Sequence[str | None] = node_names(root) if everyone else [name]
    found = [_Checked(root, each, config, credentials) for each in names]
    if everyone:
        _clashes(found)
    problems = [problem for each in found for problem in each.problems]
    failed = [problem for problem in problems if strict or problem.level == ERROR]
    if as_json:
        print(report.as_json(problems))
    elif everyone:
        report.lines(problems)
        _table(found)
    else:
        report.warn(problems)
        settings.refuse(problems)
        if failed:
            raise DormouseError("no mistake, and --strict: a warning is not in order either")
        found[0].say(files)
    if failed and everyone and not as_json:
        bad = sum(any(problem in failed for problem in each.problems) for each in found)
        raise DormouseError(f"{bad} of {len(found)} nodes {'are' if bad > 1 else 'is'} not in order")
    if failed:
        raise typer.Exit(1)


class _Checked:
    """One node, looked at. read: None when there are errors in its settings."""

    def __init__(self, root: Path, name: str | None, config: Path | None, credentials: Path | None) -> None:
        self.name, self.read, self.needed = name, None, {}
        self.problems: list[Problem] = []
        self.read: Settings | None
        self.needed: dict[str, bytes]
        try:
            self.read = settings.load(root, config, name)
        except SettingsError as error:
            self.problems += [*error.problems, *error.warnings]
            return
        self.problems += self.read.warnings
        secrets = credentials or root / "credentials.py"
        if credentials or secrets.exists():
            self.problems += settings.check_credentials(self.read, secrets)
        else:
            text = "is not there yet: copy credentials.example.py to it, and fill it in"
            self.problems.append(Problem(shown(secrets), 0, text, WARNING, "secret-file"))
        self.needed = bundle.files(root, self.read, self.read.text(), None)

    def count(self, level: str) -> int:
        """How many problems of a level there are."""
        return len({str(problem) for problem in self.problems if problem.level == level})

    def verdict(self) -> str:
        """In words: "in order", "2 errors", "in order, 1 warning"."""
        parts = [f"{n} {level}{'s' if n > 1 else ''}" for level in (ERROR, WARNING) if (n := self.count(level))]
        return ", ".join(parts if self.count(ERROR) else ["in order", *parts])

    def say(self, files: bool) -> None:
        """What a node needs on its board."""
        assert self.read is not None
        for name, data in self.needed.items() if files else ():
            print(f"{len(data):6} {name}")
        where = f"{self.read.base.file} with nodes/{self.name}.py" if self.name else self.read.base.file
        size = sum(map(len, self.needed.values()))
        warned = self.count(WARNING)
        more = f"; {warned} warning{'s' if warned > 1 else ''}" if warned else ""
        print(f"{where}: in order; {self.read['BOARD']} needs {len(self.needed)} files, {size} bytes, and credentials.py{more}")


def _clashes(found: list[_Checked]) -> None:
    """Add what the nodes of a fleet are to each other."""
    good = [each for each in found if each.read is not None]
    nodes = [each.read.node for each in good if each.read is not None]
    for at, problem in checking.of_fleet(nodes):
        next(each for each, node in zip(good, nodes) if node is at).problems.append(problem)


def _table(found: list[_Checked]) -> None:
    """The fleet, a line for each."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = max(_WIDTH, console.width)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("node", "NAME", "board", "wakes every", "uploads every", "sensors", "verdict"):
        table.add_column(head, no_wrap=head != "verdict")
    for each in found:
        cells = [f"nodes/{each.name}.py", *[""] * 5, each.verdict()]
        if each.read is not None:
            read = each.read
            every_s = read["WAKE_EVERY_S"]
            cells[1:6] = [
                read["NAME"] or "its chip's id", read["BOARD"], duration(every_s), duration(every_s * read["UPLOAD_EVERY"]),
                ", ".join(read["SENSORS"]) or "none",
            ]  # fmt: skip
        table.add_row(*cells, style="red" if each.count(ERROR) else "yellow" if each.count(WARNING) else "green")
    console.print(table)


def _write(path: Path) -> None:
    path.write_text(made_parts.filled(path, {"dormouse check": report.markdown()}), encoding="utf-8")
    print(f"wrote {shown(path)}")
