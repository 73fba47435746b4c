"""One node onto one board that has been reached: look, plan, check the room, copy, verify."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dormouse import boards, settings
from dormouse.checking import report
from dormouse.constants import ConstantsFile
from dormouse.deploying import copy, node, plan
from dormouse.deploying import found as founds
from dormouse.deploying.link import Link
from dormouse.deploying.screen import Screen
from dormouse.errors import DormouseError
from dormouse.homeassistant import discovery
from dormouse.settings import Settings


@dataclass(frozen=True)
class Job:
    """What a node is on the PC. name: of nodes/NAME.py, None for config.py alone; wanted: its files, path on the board to
    content; known: the template's modules (node.known); secrets, where: credentials.py and its path."""

    name: str | None
    read: Settings
    board: dict[str, Any]
    wanted: dict[str, bytes]
    known: frozenset[str]
    secrets: ConstantsFile
    where: Path

    @property
    def upload_every_s(self) -> int:
        """Seconds from one upload to the next."""
        return int(self.read["WAKE_EVERY_S"] * self.read["UPLOAD_EVERY"])


def prepare(root: Path, name: str | None, config: Path | None = None, credentials: Path | None = None) -> Job:
    """Read, check and compile a node. Raises DormouseError, UsageError: before any board is touched."""
    read = settings.load(root, config, name)
    board = boards.read(root, read["BOARD"])
    if board["flash"]["method"] == "none":
        raise DormouseError(f"{read['BOARD']} is not there: choose a BOARD to deploy to; dormouse simulate runs this one")
    where, secrets = node.credentials(root, credentials)
    report.warn(read.warnings + settings.refuse(settings.check_credentials(read, where)))
    return Job(name, read, board, node.files(root, read, where, secrets), node.known(root), secrets, where)


def run(link: Link, job: Job, screen: Screen, dry_run: bool) -> None:
    """Deploy, and restart the board, also after a mistake. Raises DormouseError, link.LinkLost."""
    try:
        _run(link, job, screen, dry_run)
    except BaseException:
        link.abandon()
        raise
    link.restart()


def _run(link: Link, job: Job, screen: Screen, dry_run: bool) -> None:
    there = founds.firmware(link)
    version = ".".join(map(str, there.version))
    screen.line(f"{link.port}: {there.machine}, MicroPython {version}, {there.free // 1024} KiB free")
    for note in founds.check(there, job.board):
        screen.line(f"note: {note}")
    here = founds.files(link, there.root)
    manifest = link.read(there.root + founds.MANIFEST) if founds.MANIFEST in here.files else None
    was = plan.node_of(manifest)
    if was != job.name and was is not None:
        screen.line(f"note: this board was {was} until now")
    foreign = plan.is_foreign(here, manifest, job.wanted[plan.MAIN])
    main = link.read(there.root + plan.MAIN) if foreign and here.hash(plan.FOREIGN_MAIN) is None else None
    former = link.read(there.root + discovery.PATH) if discovery.PATH in here.files else None
    wanted, notes = discovery.updated(job.wanted, former)
    for note in notes:
        screen.line(f"note: {note}")
    todo = plan.make(wanted, here, manifest, job.known, there.frozen, main, job.name)
    plan.space(todo, there, here)
    screen.plan(todo, there, dry_run)
    if dry_run:
        return
    with screen.progress(todo) as progress:
        copy.stage(link, there, todo, progress)
    if todo.steps:
        copy.commit(link, there, todo)
        screen.line(f"{len(todo.wanted)} files are as they should be, by their hashes; the node starts")
    else:
        screen.line("nothing to copy: every file is as it should be; the node starts")
