"""``dormouse deploy``: the node's files onto its board, by mpremote, over a serial port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from dormouse import boards, settings
from dormouse.deploying import ask, copy, node, plan, reach
from dormouse.deploying import found as founds
from dormouse.deploying.link import Link
from dormouse.deploying.plan import Plan
from dormouse.errors import DormouseError
from dormouse.project import find_root
from dormouse.report import duration

_WAIT_S = 120
_WAKE_MORE_S = 120

_NAME = typer.Argument(help="The node: nodes/NAME.py over config.py. Without it: config.py alone.", metavar="NAME")
_PORT = typer.Option(help="The board's serial port, as in --port COM3 or --port /dev/ttyUSB0. Without it: the only one.")
_WAIT = typer.Option(
    min=1, help=f"Seconds to wait for the board: {_WAIT_S}, or with --wake until after its next upload.", metavar="SECONDS"
)
_WAKE = typer.Option("--wake", help=f"Ask the node by MQTT to stay awake for {ask.STAY_S} s when it uploads next.")
_DRY = typer.Option("--dry-run", help="Change nothing on the board; show what would change.")
_CONFIG = typer.Option(help="Settings to use instead of config.py.", metavar="FILE")
_CREDENTIALS = typer.Option(help="Secrets to use instead of credentials.py.", metavar="FILE")


def deploy(
    name: Annotated[str | None, _NAME] = None,
    port: Annotated[str | None, _PORT] = None,
    wait: Annotated[int | None, _WAIT] = None,
    wake: Annotated[bool, _WAKE] = False,
    dry_run: Annotated[bool, _DRY] = False,
    config: Annotated[Path | None, _CONFIG] = None,
    credentials: Annotated[Path | None, _CREDENTIALS] = None,
) -> None:
    """Copy to the board what this node needs: compiled, what has changed, verified; then let it run.

    An interruption leaves the old node or the new one, or a board that sleeps and waits for another deploy. Files that an
    earlier deploy has left are removed; yours are not touched.
    """
    root = find_root()
    read = settings.load(root, config, name)
    board = boards.read(root, read["BOARD"])
    if board["flash"]["method"] == "none":
        raise DormouseError(f"{read['BOARD']} is not there: choose a BOARD to deploy to; dormouse simulate runs this one")
    where, secrets = node.credentials(root, credentials)
    wanted = node.files(root, read, where, secrets)
    screen = _Screen()
    every_s = read["WAKE_EVERY_S"] * read["UPLOAD_EVERY"]
    with ExitStack() as stack:
        each: Callable[[], None] = lambda: None  # noqa: E731
        if wake:
            access, topic = ask.access(read, secrets, where.parent), ask.topic(read)
            each = _told(screen, stack.enter_context(ask.Wakening(access, topic)))
            screen.line(f"asked at {access.host}, {topic}/set: stay awake; the node uploads every {duration(every_s)}")
        wait_s = wait or (every_s + _WAKE_MORE_S if wake else _WAIT_S)
        link = reach.reach(board, port, wait_s, screen.line, reach.advice(board, every_s), each)
    try:
        _run(link, board, wanted, node.known(root), screen, dry_run)
    except BaseException:
        link.abandon()
        raise
    link.restart()


def _run(
    link: Link, board: dict[str, Any], wanted: dict[str, bytes], known: frozenset[str], screen: _Screen, dry_run: bool
) -> None:
    there = founds.firmware(link)
    version = ".".join(map(str, there.version))
    screen.line(f"{link.port}: {there.machine}, MicroPython {version}, {there.free // 1024} KiB free")
    for note in founds.check(there, board):
        screen.line(f"note: {note}")
    here = founds.files(link, there.root)
    manifest = link.read(there.root + founds.MANIFEST) if founds.MANIFEST in here.files else None
    foreign = plan.is_foreign(here, manifest, wanted[plan.MAIN])
    main = link.read(there.root + plan.MAIN) if foreign and here.hash(plan.FOREIGN_MAIN) is None else None
    todo = plan.make(wanted, here, manifest, known, there.frozen, main)
    plan.space(todo, there, here)
    _show(screen, todo, there, dry_run)
    if dry_run:
        return
    with screen.progress(todo) as progress:
        copy.stage(link, there, todo, progress)
    if todo.steps:
        copy.commit(link, there, todo)
        screen.line(f"{len(todo.wanted)} files are as they should be, by their hashes; the node starts")
    else:
        screen.line("nothing to copy: every file is as it should be; the node starts")


def _show(screen: _Screen, todo: Plan, there: founds.Firmware, dry_run: bool) -> None:
    if "node/cycle" in there.frozen:
        screen.line("its firmware has the modules in it (docs/freeze.md): only what is not frozen is copied")
    for note in todo.notes:
        screen.line(f"note: {note}")
    would = "would " if dry_run else ""
    for path in todo.changed:
        content = todo.wanted.get(path)
        screen.line(f"  {would}copy    {path}" + (f"  {len(content)} bytes" if content is not None else ""))
    for path in todo.removed:
        screen.line(f"  {would}remove  {path}")
    if dry_run:
        screen.line(f"{len(todo.changed)} to copy, {len(todo.removed)} to remove; nothing was changed")


def _told(screen: _Screen, asked: ask.Wakening) -> Callable[[], None]:
    shown: list[int] = []

    def each() -> None:
        if asked.heard and not shown:
            shown.append(1)
            if not asked.heard.get("ok"):
                raise DormouseError(f"--wake: the node refuses: {asked.heard.get('error', asked.heard)}")
            screen.line(f"the node has heard it and stays awake for {ask.STAY_S} s at the end of this wake")

    return each


class _Screen:
    """Lines; on a terminal a bar while files are copied."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    def line(self, text: str) -> None:
        self._console.print(text, markup=False)

    @contextmanager
    def progress(self, todo: Plan) -> Iterator[Callable[[str, int], None]]:
        if not self._console.is_terminal or not todo.copied:
            yield lambda _name, _bytes: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task("copying", total=todo.new_bytes)
            done: dict[str, int] = {}

            def show(name: str, count: int) -> None:
                done[name] = count
                bar.update(task, description=name, completed=sum(done.values()))

            yield show
