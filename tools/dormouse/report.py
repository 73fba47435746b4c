"""What `dormouse simulate` says: colours and a spinner on a terminal, the same lines plain elsewhere."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from dormouse import ledger
from dormouse.project import shown
from dormouse.subscriber import Message
from dormouse.virtual.board import Wake

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_WORDS = {
    ledger.PUBLISHED: ("published", "bold green"),
    ledger.KEPT: ("kept for a later upload", "green"),
    ledger.SLEPT_ON: ("sleeps on", "green"),
    ledger.NOT_PUBLISHED: ("NOT PUBLISHED", "bold red"),
    ledger.NOT_ASLEEP: ("NOT ASLEEP", "bold red"),
}
_USUAL = "delivered "  # how the node's own good news begins


def duration(seconds: float) -> str:
    """Seconds in the largest unit that fits: 600 is "10 min", 905 "15.1 min", 0.5 "0.5 s"."""
    for size, unit in _UNITS:
        if seconds >= size or size == 1:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    raise AssertionError(seconds)


def command_name() -> str:
    """How the user can type this command: by its name, or with the path of the environment it is in."""
    beside = Path(sys.executable).with_name("dormouse")
    return "dormouse" if shutil.which("dormouse") or not beside.exists() else shown(beside)


class Report:
    """Prints one run to standard output."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    def title(self, text: str) -> None:
        """The first line."""
        self._console.print(Text(text, "bold"))

    def fact(self, name: str, text: str) -> None:
        """A line of the header: a name and what it is."""
        self._console.print(Text.assemble((f"  {name:<9}", "cyan"), text))

    def note(self, text: str) -> None:
        """Something that the reader should know."""
        self._console.print(Text(text, "yellow"))

    def gap(self) -> None:
        """An empty line."""
        self._console.print()

    @contextlib.contextmanager
    def running(self, number: int) -> Iterator[None]:
        """While a wake runs: a spinner on a terminal."""
        if self._console.is_terminal:
            why = "; after a power-up it stays awake for a while, so that mpremote can take over" if number == 1 else ""
            with self._console.status(f"wake {number} is running{why}"):
                yield
        else:
            yield

    def wake(self, wake: Wake, outcome: str, charge_mc: float | None) -> None:
        """One line: number, reset cause, outcome, time awake by phases, charge, and the sleep that follows."""
        word, style = _WORDS[outcome]
        phases = " + ".join(f"{name} {length}" for name, _, length in wake.phases if length or name == "boot")
        awake_ms = wake.awake_ms
        asleep = "for ever" if wake.sleep_ms is None else duration(wake.sleep_ms / 1000)
        if wake.ended == "soft_reset" and wake.phases:
            # TEST_MODE: the last phase is the wait that stands for the sleep.
            awake_ms, asleep = wake.phases[-1][1], duration(wake.phases[-1][2] / 1000) + " waited (TEST_MODE)"
        if outcome == ledger.NOT_ASLEEP or wake.ended not in ("deepsleep", "soft_reset"):
            asleep = f"no: {wake.ended}" + (f" ({wake.reason})" if wake.reason else "")
        line = Text.assemble(
            (f"wake {wake.number:<3}", "bold"),
            f" {wake.reset_cause:<16}",
            (f"{word}", style),
            f"  awake {awake_ms} ms",
            (f" = {phases}" if phases else "", "dim"),
        )
        if charge_mc is not None:
            line.append(f"  {charge_mc:.0f} mC", "magenta")
        line.append(f"  sleep {asleep}", "blue")
        self._console.print(line)

    def serial(self, output: str) -> None:
        """What the board printed, except that all went well."""
        for line in output.replace("\r", "").split("\n"):
            if line.strip() and not line.startswith(_USUAL):
                self._console.print(Text(f"         | {line}", "red"))

    def received(self, messages: Iterable[Message]) -> None:
        """Messages as the subscriber received them."""
        for message in messages:
            text = Text.assemble("       ", ("<- ", "bold green"), (message.topic, "cyan"), f"  {message.text}")
            self._console.print(text)

    def sent(self, topic: str, payload: str, how: str) -> None:
        """A command on its way to the sleeping node."""
        self._console.print(
            Text.assemble("       ", ("-> ", "bold yellow"), (topic, "cyan"), f"  {payload}", (f"  {how}", "dim"))
        )

    def end(self, text: str, good: bool) -> None:
        """The verdict."""
        self._console.print(Text(text, "bold green" if good else "bold red"))
