"""Questions on the terminal: asked until the answer is right; an option that answers one is checked the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from dormouse.errors import UsageError

T = TypeVar("T")
Parse = Callable[[str], T]  # raises ValueError that says what is allowed


class Asker:
    """Where answers come from. Arguments: yes, ask nothing: options and defaults; console, where tables and notes go."""

    def __init__(self, yes: bool, console: Console) -> None:
        self.yes, self._console = yes, console

    def note(self, text: str, style: str = "dim") -> None:
        """A line between the questions."""
        self._console.print(text, style=style, markup=False)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """What there is to choose from; not shown when nobody chooses."""
        if self.yes:
            return
        shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for name in head:
            shown.add_column(name, overflow="fold", no_wrap=name == head[0])
        for row in rows:
            shown.add_row(*row)
        self._console.print(shown, markup=False)

    def value(
        self,
        option: str,
        given: str | None,
        question: str,
        parse: Parse[T],
        default: str | None = None,
        *,
        hidden: bool = False,
        twice: bool = False,
    ) -> T:
        """One answer.

        Arguments: option, the one that gives it, with its dashes; given, what it was given, None: nothing; parse, makes the
        value of the text; default, the text that Enter stands for ("": none, not shown), None: there is none; hidden, not
        shown while it is typed; twice, then typed again, for nothing else finds a slip in it.
        Raises UsageError for an option that is wrong, or without an answer.
        """
        if given is not None or self.yes:
            text = given if given is not None else default
            if text is None:
                raise UsageError(f"{option} is missing: with --yes nobody is asked")
            try:
                return parse(text)
            except ValueError as error:
                raise UsageError(f"{option}: {error}") from None
        while True:
            typed = self._typed(option, question, default, hidden, twice)
            try:
                return parse(typed)
            except ValueError as error:
                self.note(f"  {error}", "red")

    def sure(self, question: str, default: bool, option: str) -> bool:
        """Yes or no; with --yes the default."""
        if self.yes:
            return default
        return self._of_terminal(option, lambda: typer.confirm(question, default=default))

    def _typed(self, option: str, question: str, default: str | None, hidden: bool, twice: bool) -> str:
        def once(text: str) -> str:
            return str(typer.prompt(text, default=default, hide_input=hidden, show_default=bool(default) and not hidden))

        while True:
            typed = self._of_terminal(option, lambda: once(question)).strip(None if not hidden else "\r\n")
            if not twice or self._of_terminal(option, lambda: once("  once more")).strip("\r\n") == typed:
                return typed
            self.note("  not the same; again", "red")

    @staticmethod
    def _of_terminal(option: str, read: Callable[[], T]) -> T:
        try:
            return read()
        except typer.Abort as error:
            if isinstance(error.__context__, EOFError):  # no more input: nobody there to ask
                raise UsageError(f"nobody answers: give {option}, or --yes for the defaults") from None
            raise
