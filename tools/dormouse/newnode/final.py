"""The last look before a node is written: all that `dormouse check` would say of it, its secrets and its fleet."""

from __future__ import annotations

import contextlib

from dormouse import bundle, checking, settings
from dormouse.checking import Node
from dormouse.constants import ERROR, Problem
from dormouse.errors import DormouseError
from dormouse.newnode.draft import Draft, plain
from dormouse.newnode.secret import Secrets
from dormouse.project import node_names
from dormouse.settings import SettingsError


def look(draft: Draft, secrets: Secrets, renew: bool) -> list[str]:
    """What is unwise, in words. renew: credentials.py is to be written. Raises DormouseError with all that is wrong."""
    try:
        read = draft.load()
    except SettingsError as error:
        raise _wrong(error.problems) from None
    problems = [*read.warnings]
    problems += secrets.problems(read) if renew else settings.check_credentials(read, secrets.path)
    problems += _of_fleet(draft, read.node)
    if any(it.level == ERROR for it in problems):
        raise _wrong(problems)
    bundle.files(draft.root, read, read.text(), None)  # what it needs is there, and compiles
    return list(dict.fromkeys(map(plain, problems)))


def _wrong(problems: list[Problem]) -> DormouseError:
    return DormouseError("\n".join([*(plain(it) for it in problems if it.level == ERROR), "nothing was written"]))


def _of_fleet(draft: Draft, node: Node) -> list[Problem]:
    """What it is to the others that are in order."""
    others = []
    for name in node_names(draft.root):
        if name != draft["NAME"]:
            with contextlib.suppress(SettingsError):
                others.append(settings.load(draft.root, node=name).node)
    # It comes last, so that what is wrong with two of one kind is wrong with this one.
    return [problem for whose, problem in checking.of_fleet([*others, node]) if whose is node]
