"""``dormouse deploy``: the node's files onto its board, by mpremote, over a serial port."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from dormouse.deploying import ask, fleet, job, reach
from dormouse.deploying.job import Job
from dormouse.deploying.screen import Screen
from dormouse.errors import DormouseError, UsageError
from dormouse.project import find_root, node_names
from dormouse.report import duration
from dormouse.watching import access

_WAIT_S = 120
_WAKE_MORE_S = 120

_NAME = typer.Argument(help="The node: nodes/NAME.py over config.py. Without it: config.py alone.", metavar="NAME")
_ALL = typer.Option("--all", help="Every node of nodes/ whose board is connected, or comes: a board knows which node it is.")
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
    everyone: Annotated[bool, _ALL] = False,
    port: Annotated[str | None, _PORT] = None,
    wait: Annotated[int | None, _WAIT] = None,
    wake: Annotated[bool, _WAKE] = False,
    dry_run: Annotated[bool, _DRY] = False,
    config: Annotated[Path | None, _CONFIG] = None,
    credentials: Annotated[Path | None, _CREDENTIALS] = None,
) -> None:
    """Copy to the board what this node needs: compiled, what has changed, verified; then let it run.

    An interruption leaves the old node or the new one, or a board that sleeps and waits for another deploy. Files that an
    earlier deploy has left are removed; yours are not touched. For example: dormouse deploy greenhouse --wake
    """
    root = find_root()
    if everyone and name is not None:
        raise UsageError("NAME and --all: say one of them")
    names: Sequence[str | None] = node_names(root) if everyone else [name]
    if not names:
        raise UsageError("--all: there is no node in nodes/ yet; dormouse new NAME makes one")
    todo = [job.prepare(root, each, config, credentials) for each in names]
    screen = Screen()
    longest_s = max(it.upload_every_s for it in todo)
    with ExitStack() as stack:
        may_knock = _asked(todo, screen, stack) if wake else lambda: True
        wait_s = wait or (longest_s + _WAKE_MORE_S if wake else _WAIT_S)
        if everyone:
            fleet.deploy(todo, port, wait_s, screen, dry_run, may_knock)
            return
        only = todo[0]
        link = reach.reach(only.board, port, wait_s, screen.line, reach.advice(only.board, only.read.values, wake), may_knock)
    job.run(link, only, screen, dry_run)


def _asked(todo: Sequence[Job], screen: Screen, stack: ExitStack) -> Callable[[], bool]:
    """Ask each node to stay awake. Returns a function that shows answers, and says whether there was one a moment ago."""
    waiting: list[tuple[Job, ask.Wakening]] = []
    for it in todo:
        broker = access.of(it.read, it.secrets, it.where.parent)
        topic = ask.topic(it.read, broker.user)
        waiting.append((it, stack.enter_context(ask.Wakening(broker, topic))))
        every = duration(it.upload_every_s)
        screen.line(f"asked at {broker.host}, {topic}/set: stay awake; the node uploads every {every}")
    heard_at: list[float] = []

    def may_knock() -> bool:
        for pair in [pair for pair in waiting if pair[1].heard]:
            waiting.remove(pair)
            answer = pair[1].heard or {}
            if not answer.get("ok"):
                raise DormouseError(f"--wake: the node refuses: {answer.get('error', answer)}")
            screen.line(f"the node has heard it and stays awake for {ask.STAY_S} s at the end of this wake")
            heard_at.append(time.monotonic())
        # Before that Ctrl-C would end the wake in which it hears it, and the next one would stay awake for nobody.
        return any(time.monotonic() - at > ask.SETTLE_S for at in heard_at)

    return may_knock
