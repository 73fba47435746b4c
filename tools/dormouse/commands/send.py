"""``dormouse send``: a command for a node that sleeps, and its answer."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from dormouse import settings
from dormouse.commands._login import BROKER, CA, CERT, KEY, PASSWORD, TLS, TOPIC, USER
from dormouse.errors import DormouseError, UsageError
from dormouse.project import find_root
from dormouse.report import command_name, duration
from dormouse.watching import access, sending, shared
from dormouse.watching.access import Wanted
from dormouse.watching.client import Link
from dormouse.watching.lines import clean, clock
from dormouse.watching.nodes import MISSING, Node
from dormouse.watching.sending import Sending
from dormouse.watching.topics import SERVICES, Topics

_MOST_LINES = 12
_UNKNOWN_S = 900  # where nobody knows when the node wakes: longer than the default interval

_WORDS = typer.Argument(help="The node, and what it shall do (docs/commands.md).", metavar="NODE NAME=VALUE...")
_ALL = typer.Option("--all", help="To every node, on TOPIC's .../all/set; no NODE then.")
_NO_WAIT = typer.Option("--no-wait", help="Do not wait for the answer.")
_WAIT = typer.Option(min=1, help="Wait so long. Without it: until a while after the node is due.", metavar="SECONDS")
_RETAIN = typer.Option("--retain", help="Settings only: the broker keeps it for nodes that join later, until --cancel.")
_CANCEL = typer.Option("--cancel", help="Take a retained command back.")


def send(
    words: Annotated[list[str] | None, _WORDS] = None,
    to_all: Annotated[bool, _ALL] = False,
    no_wait: Annotated[bool, _NO_WAIT] = False,
    wait: Annotated[int | None, _WAIT] = None,
    retain: Annotated[bool, _RETAIN] = False,
    cancel: Annotated[bool, _CANCEL] = False,
    broker: Annotated[str | None, BROKER] = None,
    user: Annotated[str | None, USER] = None,
    password: Annotated[str | None, PASSWORD] = None,
    tls: Annotated[bool, TLS] = False,
    ca: Annotated[Path | None, CA] = None,
    cert: Annotated[Path | None, CERT] = None,
    key: Annotated[Path | None, KEY] = None,
    topic: Annotated[str | None, TOPIC] = None,
) -> None:
    """Send a command to a node that sleeps, and wait for its answer. For example: dormouse send kitchen wake_every_s=300

    The broker keeps it until the node uploads next. Exit status 1: the node refuses, or has not answered in time.
    """
    root = find_root()
    name, rest = _whom(list(words or ()), to_all)
    schema = settings.load_schema(root)
    if no_wait and wait is not None:
        raise UsageError("--wait and --no-wait: choose one")
    command = {} if cancel else sending.parse(schema, rest)
    if cancel and (rest or retain):
        raise UsageError("--cancel takes a retained command back: no NAME=VALUE, no --retain")
    if retain and (words_once := sending.once(schema, command)):
        raise UsageError(f"{words_once[0]} is obeyed once: retained it would come on every power-up, so the node refuses it")
    found = access.find(root, Wanted(broker, user, password, tls, ca, cert, key, topic), name)
    if found.service not in SERVICES and topic is None:
        raise UsageError(f"SERVICE is {found.service!r}: its commands go another way (docs/services.md)")
    topics = Topics(found.topic, found.name or name, found.user)
    if to_all and not topics.fleet:
        raise UsageError(f"TOPIC is {found.topic!r}, without {{name}}: there is no fleet; name the node")
    names = () if to_all else (found.name or name or "",)
    session = shared.Session(f"dormouse-send-{secrets.token_hex(4)}")
    with Link(found, topics.filters(("status", "result"), names), session) as link:
        run = Sending(link, topics, names)
        if cancel:
            run.look()
            for taken in run.set_topics:
                link.clear(taken)
            print(f"{run.topic}: nothing retained any more. Who has obeyed it keeps its settings: send them null to go back.")
            return
        known = _queue(run, command, found.where, retain)
        if no_wait:
            print(_stays(run, retain))
            return
        _wait(run, known, wait, retain)


def _whom(words: list[str], to_all: bool) -> tuple[str | None, list[str]]:
    if to_all:
        if words and "=" not in words[0]:
            raise UsageError(f"--all is every node: leave out {words[0]!r}")
        return None, words
    if not words or "=" in words[0]:
        raise UsageError("for whom? dormouse send NODE NAME=VALUE, or --all")
    return words[0], words[1:]


def _queue(run: Sending, command: dict[str, Any], where: str, retain: bool) -> list[Node]:
    known = run.look()
    who = run.names[0] if run.names else "all"
    if not known and not retain:
        if run.names:
            raise sending.refuse_unknown(who, run.status_topic, where)
        raise DormouseError(f"no node has a status on {run.status_topic} at {where}: nobody to send it to; nothing was sent")
    if not run.send(command, retain) and not retain:
        raise DormouseError(
            f"the broker at {where} has no subscriber for {run.topic}: the node's session there is gone, and it keeps the "
            "command for nobody. Send it again when the node has uploaded; settings can wait with --retain"
        )
    print(f"{'retained' if retain else 'queued'} on {run.topic}: {run.text}")
    now = time.time()
    for node in sorted(known, key=lambda node: node.name)[:_MOST_LINES]:
        print(clean(f"  {node.name} {_state(node, now)}"))
    if len(known) > _MOST_LINES:
        print(f"  and {len(known) - _MOST_LINES} more nodes")
    return known


def _state(node: Node, now: float) -> str:
    state = node.state(now)
    if node.due is None:
        return f"is {state}; its clock is not set, so when it uploads next is not known"
    if node.due >= now:
        return f"is {state}, uploads next at {clock(node.due)}, in {duration(round(node.due - now))}"
    return f"is {state}: its upload was due at {clock(node.due)}, {duration(round(now - node.due))} ago"


def _stays(run: Sending, retain: bool) -> str:
    name = f"{command_name()} send {run.names[0] if run.names else '--all'}"
    see = f"Its answer: {command_name()} watch{' ' + run.names[0] if run.names else ''}."
    if retain:
        return f"The broker keeps it until {name} --cancel. {see}"
    return (
        f"It stays queued at the broker until the node uploads. {see} It cannot be taken back; a later command for the same "
        f"setting overrides it: {name} wake_every_s=null goes back to config.py's."
    )


def _wait(run: Sending, known: list[Node], wait: int | None, retain: bool) -> None:
    now = time.time()
    if not run.names and (gone := [node.name for node in known if node.state(now) == MISSING]):
        print(f"not waited for: {_some(gone)}, missing for longer than any backoff lasts")
        known = [node for node in known if node.name not in gone]
    due = sending.due_at(known, now) if known else None
    until = now + wait if wait is not None else (due if due is not None else now + _UNKNOWN_S) + sending.AFTER_S
    wanted = [node.name for node in known] or list(run.names)
    if not wanted:
        print(_stays(run, retain))
        return
    who = wanted[0] if len(wanted) == 1 else f"{len(wanted)} nodes"
    console = Console(highlight=False, markup=False, soft_wrap=True)
    print(f"waiting for {who}, at most {duration(round(until - now))}; Ctrl-C ends that, the command stays queued", flush=True)
    status = console.status("") if console.is_terminal else Console(quiet=True).status("")
    try:
        with status:
            good = run.wait(
                wanted, until, lambda left_s: status.update(f"{_came(run, wanted)}{duration(round(left_s))} left"), print
            )
            if good:
                run.settle()
    except KeyboardInterrupt:
        print(_stays(run, retain))
        raise
    _tell(run, wanted, retain)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_LINES} more" if len(names) > _MOST_LINES else ""
    return clean(", ".join(names[:_MOST_LINES]) + more)


def _came(run: Sending, wanted: list[str]) -> str:
    return f"{len(run.answers)} of {len(wanted)} answered, " if len(wanted) > 1 else ""


def _tell(run: Sending, wanted: list[str], retain: bool) -> None:
    refused, silent = [], [name for name in wanted if name not in run.answers]
    now = time.time()
    for name in sorted(run.answers):
        answer = run.answers[name]
        if answer.get("ok"):
            print(clean(f"{name}: ok; it {_state(run.fleet.nodes[name], now)}"))
        else:
            refused.append(f"{name} refuses it: {answer.get('error', 'no reason given')}")
    if silent:
        print(_stays(run, retain))
        refused.append(f"no answer yet from {_some(silent)}")
    if refused:
        raise DormouseError(clean("; ".join(refused)))  # anybody may have published it
