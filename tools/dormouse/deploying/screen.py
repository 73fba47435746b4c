"""What `dormouse deploy` shows: lines, and on a terminal a bar while files are copied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from dormouse.deploying.found import Firmware
from dormouse.deploying.plan import Plan


class Screen:
    """Prints to standard output."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    def line(self, text: str) -> None:
        """One line."""
        self._console.print(text, markup=False)

    def plan(self, todo: Plan, there: Firmware, dry_run: bool) -> None:
        """What is copied and removed, or would be."""
        if "node/cycle" in there.frozen:
            self.line("its firmware has the modules in it (docs/freeze.md): only what is not frozen is copied")
        for note in todo.notes:
            self.line(f"note: {note}")
        would = "would " if dry_run else ""
        for path in todo.changed:
            content = todo.wanted.get(path)
            self.line(f"  {would}copy    {path}" + (f"  {len(content)} bytes" if content is not None else ""))
        for path in todo.removed:
            self.line(f"  {would}remove  {path}")
        if dry_run:
            self.line(f"{len(todo.changed)} to copy, {len(todo.removed)} to remove; nothing was changed")

    @contextmanager
    def progress(self, todo: Plan) -> Iterator[Callable[[str, int], None]]:
        """While files are copied: the function that it gives is told a name and the bytes of it so far."""
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
