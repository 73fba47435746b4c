"""``dormouse upgrade``: this copy of the template to another version, the user's own files left alone."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.prompt import Confirm

import dormouse
from dormouse.errors import DormouseError, UsageError
from dormouse.project import is_root, shown
from dormouse.upgrading import compare, configuration, prepare, show, source, swap, versions
from dormouse.upgrading import undo as undoing
from dormouse.upgrading.show import Screen
from dormouse.upgrading.swap import Swap

_FROM = typer.Argument(help="The other version: a folder, or a .zip as it was downloaded.", metavar="FROM", show_default=False)
_DIFF = typer.Option("--diff", help="Show every line that changes, too.")
_DRY = typer.Option("--dry-run", help="Show what would change, and change nothing.")
_YES = typer.Option("--yes", help="Do not ask.")
_UNDO = typer.Option("--undo", help="Go back to what the last upgrade replaced.")
_FORCE = typer.Option("--force", help="To an older version too, and over changes that are not committed.")


def upgrade(
    template: Annotated[str | None, _FROM] = None,
    diff: Annotated[bool, _DIFF] = False,
    dry_run: Annotated[bool, _DRY] = False,
    yes: Annotated[bool, _YES] = False,
    undo: Annotated[bool, _UNDO] = False,
    force: Annotated[bool, _FORCE] = False,
) -> None:
    """Bring this copy of the template to another version.

    The difference is shown first. credentials.py, your own sensors and boards are not touched; config.py and nodes/ only where
    a setting is new or has another name. What is replaced is kept in a folder, and --undo goes
    back. For example: dormouse upgrade dormouse-0.2.0.zip
    """
    root = _copy()
    if undo:
        if template is not None or diff or force:
            raise UsageError("--undo goes with --yes and --dry-run only: it goes back to what the last upgrade replaced")
        _undo(root, dry_run, yes)
        return
    if template is None:
        raise UsageError("FROM is missing: the folder or the .zip of the version to upgrade to")
    with source.opened(template) as new:
        if new == root:
            raise UsageError(f"{template} is this copy itself; FROM is another version")
        _upgrade(root, new, template, diff, dry_run, yes, force)


def _copy() -> Path:
    """The user's copy: the current folder or one above it, never the checkout that this package happens to be in."""
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if is_root(folder):
            return folder
    raise UsageError(f"{here} is not in a copy of the template: go to the folder with your config.py, then run it again")


def _upgrade(root: Path, new: Path, named: str, diff: bool, dry_run: bool, yes: bool, force: bool) -> None:
    screen = Screen()
    old_version, new_version = versions.of(root), versions.of(new)
    prepare.allowed(old_version, new_version, new, force)
    screen.line(f"this copy is {old_version}, {named} is {new_version}")
    found, changes = compare.find(root, new), configuration.find(root, new)
    if not (found.written or found.removed or changes.texts):
        screen.problems("left to you", changes.problems, "yellow")
        screen.line("nothing to do: this copy is as that version is", "green")
        return
    work, contents = prepare.swap(root, new, found, changes.texts)
    show.difference(screen, found, changes, new_version, work.backup)
    if diff:
        show.diff(screen, root, new, found, changes.texts)
    prepare.free(root, found, new_version, force)
    needs = versions.dependencies(root)
    if not _may(screen, dry_run, yes, f"Upgrade to {new_version}?"):
        return
    _do(screen, root, work, contents)
    screen.line(f"done: this copy is {new_version} now; what was replaced is in {work.backup}", "bold green")
    screen.line("back again: dormouse upgrade --undo")
    _next(screen, root, len(changes.problems), needs)


def _undo(root: Path, dry_run: bool, yes: bool) -> None:
    screen = Screen()
    work, contents, later = undoing.plan(root)
    needs = versions.dependencies(root)
    screen.line(f"this copy is {work.old}; {work.drop} has what it was as {work.new}")
    screen.line(f"files: {len(work.wrote)} back, {len(work.remove)} removed", "bold")
    screen.names(f"changed since the upgrade: as they are now, they are kept in {work.backup}", later, "yellow")
    if not _may(screen, dry_run, yes, f"Back to {work.new}?"):
        return
    _do(screen, root, work, contents)
    screen.line(f"done: this copy is {work.new} again; what was replaced is in {work.backup}", "bold green")
    _next(screen, root, 0, needs)


def _may(screen: Screen, dry_run: bool, yes: bool, question: str) -> bool:
    if not dry_run and not yes:
        try:
            yes = Confirm.ask(question, console=screen.console, default=False)
        except EOFError:
            raise DormouseError("nothing was changed: nobody answers here; --yes does it without asking") from None
    if dry_run or not yes:
        screen.line("nothing was changed")
        return False
    return True


def _do(screen: Screen, root: Path, work: Swap, contents: Mapping[str, tuple[bytes, bool]]) -> None:
    try:
        with screen.console.status("copying") if screen.console.is_terminal else _quiet():
            try:
                swap.begin(root, work, contents)
            except BaseException:
                swap.give_up(root)
                raise
    except OSError as error:
        raise DormouseError(f"nothing was changed: {error}") from error
    try:
        with _uninterrupted():
            swap.finish(root)
    except OSError as error:
        raise DormouseError(f"cut short: {error}; nothing is lost, and `dormouse upgrade` goes on where it was") from error


@contextmanager
def _quiet() -> Iterator[None]:
    yield


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits for the second that this takes."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not the main thread: no Ctrl-C comes here
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _next(screen: Screen, root: Path, problems: int, needs: list[str]) -> None:
    """What the user does now."""
    if Path(dormouse.__file__).resolve().parents[2] != root:
        screen.line("the `dormouse` that runs here is installed apart from this copy: install it anew (pipx install --force .)")
    elif versions.dependencies(root) != needs:
        python = shown(Path(sys.executable).absolute())
        screen.line(f"it needs other packages now: make demo, or {python} -m pip install --editable .", "yellow")
    if problems:
        screen.line(f"first: the {problems} line{'s' if problems > 1 else ''} named under 'left to you'", "yellow")
    screen.line("next: dormouse check --all, then dormouse deploy NAME for each node")
