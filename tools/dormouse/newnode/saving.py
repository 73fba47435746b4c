"""The answers as files, shown before they take another's place; and what to do next."""

from __future__ import annotations

import difflib
from pathlib import Path

from rich.console import Console

from dormouse import boards as facts
from dormouse.errors import DormouseError
from dormouse.newnode import layout, secret
from dormouse.newnode.ask import Asker
from dormouse.newnode.draft import Draft
from dormouse.newnode.secret import Secrets
from dormouse.newnode.written import PRIVATE, Files
from dormouse.project import shown
from dormouse.report import command_name

_STEPS = (
    ("check", "what is wrong, and what it needs"),
    ("simulate", "a virtual board: the node runs there"),
    ("flash", "MicroPython onto the board"),
    ("deploy", "the node's files onto the board"),
    ("logs", "what it does, a line per wake"),
)
_VIRTUAL = ("simulate",)
_HEAD = "# {name}, one node of a fleet: each line replaces the line of that name in config.py.\n\n"


def save(path: Path, draft: Draft, secrets: Secrets, renew: bool, force: bool, ask: Asker, console: Console) -> None:
    """Write nodes/NAME.py (path), with renew credentials.py and the CA: all or none. Raises DormouseError."""
    text = _HEAD.format(name=draft["NAME"]) + layout.lines(draft.base, draft.own())
    changes: list[tuple[Path, str, str]] = []
    if path.exists() and path.read_text(encoding="utf-8") != text:
        changes.append((path, path.read_text(encoding="utf-8"), text))
    before = secret.read(draft.root)
    if renew and secrets.there and secrets.text() != before.text():
        changes.append((secrets.path, before.masked(), secrets.masked(before)))
    ca = secrets.path.with_name(secret.CA_FILE)
    if secrets.ca and ca.exists() and ca.read_bytes() != secrets.ca:
        changes.append((ca, "another certificate\n", "the certificate of --ca\n"))
    for which, old, fresh in changes:
        difference = difflib.unified_diff(old.splitlines(), fresh.splitlines(), "as it is", "anew", lineterm="", n=0)
        console.print("\n".join([f"{shown(which)}:", *list(difference)[2:]]), markup=False)
    if changes and not ask.sure("Overwrite?", force, "--force"):
        raise DormouseError(f"{', '.join(shown(which) for which, _, _ in changes)}: there already; nothing was written")
    try:
        path.parent.mkdir(exist_ok=True)
        with Files() as files:
            if secrets.ca:
                files.add(ca, secrets.ca)
            if renew:
                files.add(secrets.path, secrets.text().encode(), PRIVATE)
            files.add(path, text.encode())
            files.commit()
    except OSError as error:
        where = shown(Path(error.filename or path))
        raise DormouseError(f"cannot write {where}: {error.strerror}; nothing has changed") from error


def told(path: Path, draft: Draft, secrets: Secrets, renew: bool, console: Console) -> None:
    """Say what was written and what comes next."""
    console.print(f"\nwrote {shown(path)}:", markup=False)
    for line in path.read_text(encoding="utf-8").splitlines()[2:]:
        console.print(f"  {line}", style="dim", markup=False)
    if renew:
        console.print(f"wrote {shown(secrets.path)}: Wi-Fi, user and password; for you alone, git ignores it", markup=False)
    if secrets.ca:
        console.print(f"wrote {shown(secrets.path.with_name(secret.CA_FILE))}: the authority's certificate", markup=False)
    no_hardware = facts.read(draft.root, draft["BOARD"])["flash"]["method"] == "none"
    console.print("next:", markup=False)
    for step, what in _STEPS:
        if (step in _VIRTUAL) == no_hardware or step == "check":
            console.print(f"  {command_name()} {step} {draft['NAME']}  # {what}", markup=False)
