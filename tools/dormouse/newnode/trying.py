"""The broker, tried until it answers, or its silence is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from dormouse.errors import DormouseError
from dormouse.newnode import parts, secret, trial
from dormouse.newnode.ask import Asker
from dormouse.newnode.draft import Draft
from dormouse.newnode.parts import Given
from dormouse.newnode.secret import Secrets
from dormouse.newnode.verdicts import Broker, Outcome


def until_it_answers(draft: Draft, secrets: Secrets, ask: Asker, renew: bool, console: Console) -> None:
    """Try the broker; ask again for it as long as the user wants to. Raises DormouseError where it is given up."""
    while True:
        wanted = secret.broker(draft["BROKER"], draft["TLS"], secrets, parts.checks(draft))
        outcome = _tried(wanted, console)
        if outcome.good:
            console.print(outcome.text, style="green", markup=False)
            return
        if ask.yes:
            raise DormouseError(f"{outcome.text}; nothing was written (--no-try: do not connect)")
        console.print(outcome.text, style="yellow", markup=False)
        answer = ask.value("--no-try", None, "Write it all the same? yes, no, or again: other answers", _answer, "again")
        if answer == "yes":
            return
        if answer == "no":
            raise DormouseError("nothing was written")
        parts.broker(draft, secrets, Given(), ask, renew)


def _answer(text: str) -> str:
    found = [word for word in ("yes", "no", "again") if text and word.startswith(text.lower())]
    if len(found) != 1:
        raise ValueError(f"{text!r}; allowed: yes, no, again")
    return found[0]


def _tried(wanted: Broker, console: Console) -> Outcome:
    with _progress(f"trying {wanted.where}", console) as each:
        return trial.run(wanted, each)


@contextmanager
def _progress(text: str, console: Console) -> Iterator[Callable[[float], None]]:
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(text) as status:
        yield lambda passed: status.update(f"{text}, {passed:.0f} of {trial.DEADLINE_S:.0f} s")
