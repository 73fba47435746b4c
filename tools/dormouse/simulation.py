"""One run of the virtual node: wakes it, listens as a second client, sends it commands, and judges every wake."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from dormouse import drivers, energy, ledger
from dormouse.battery import cells
from dormouse.errors import DormouseError, UsageError
from dormouse.ledger import Ledger
from dormouse.project import shown
from dormouse.report import Report, duration
from dormouse.settings import Settings
from dormouse.subscriber import Message, Subscriber
from dormouse.virtual.board import AsleepForEver, VirtualBoard, Wake, World
from dormouse.virtual.interpreter import NoInterpreter, command

_ARRIVAL_S = 3.0  # for what the node's broker has acknowledged to reach the subscriber
_QUIET_S = 0.05
_CAP_S = 150.0  # a wake that takes longer on this computer's clock is cut off
_QUIET_MOST_S = 1.0


def need_interpreter() -> None:
    """Raises DormouseError without one: before anything is started that has to be stopped again."""
    try:
        command()
    except NoInterpreter as error:
        raise DormouseError(str(error)) from error


@dataclass(frozen=True)
class Access:
    """A broker: its address, how it is called on the screen, who logs in, whether it keeps messages for a sleeper."""

    host: str
    port: int
    title: str
    user: str | None = None
    password: str | None = None
    keeps_for_sleepers: bool = True


@dataclass(frozen=True)
class Options:
    """How to run: see `dormouse simulate --help`."""

    wakes: int
    sends: Sequence[str] = ()
    state: Path | None = None
    heap: str | None = None
    trace: Path | None = None
    speed: int = 1
    realtime: bool = False


@dataclass
class Topics:
    """The node's topics. own: the service's, by leaf, "" for any other: src/node/services/__init__.py, _TOPICS."""

    base: str
    own: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path, settings: Settings, unique_id: bytes, user: str | None = None) -> Topics:
        """TOPIC with the node's name and user in it; NAME = None is the end of the chip's id, as src/node/session.py has it."""
        name = settings["NAME"] or unique_id.hex()[-6:]
        service = root / "src" / "node" / "services" / f"{settings['SERVICE']}.py"
        base = settings["TOPIC"].replace("{user}", user or "").replace("{name}", name)
        return cls(base, dict(drivers.constant(service, "_TOPICS") or ()))

    def __getitem__(self, leaf: str) -> str:
        form = self.own.get(leaf, self.own.get("", "{base}/{leaf}"))
        return form.replace("{base}", self.base).replace("{leaf}", leaf)


class Trace:
    """The trace as JSON lines. The supervisor's line of a wake is completed before it is written.

    Arguments: path, the file to write; None for no trace. Raises UsageError when it cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._wake: dict[str, Any] = {}
        self._file: TextIO | None = None
        if path is not None:
            try:
                self._file = path.open("w", encoding="utf-8")
            except OSError as error:
                raise UsageError(f"cannot write {shown(path)}: {(error.strerror or str(error)).lower()}") from error

    def event(self, event: dict[str, Any]) -> None:
        """Take one event of the virtual board."""
        if event.get("event") == "wake":
            self._wake = event
        else:
            self._write(event)

    def complete(self, outcome: str, charge_mc: float | None) -> None:
        """Write the line of the wake that has ended."""
        charge = None if charge_mc is None else round(charge_mc, 1)
        self._write({**self._wake, "outcome": outcome, "charge_mc": charge, "charge_is": "a model"})

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _write(self, event: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(event) + "\n")
            self._file.flush()


@dataclass
class Simulation:
    """A run. Arguments: root, the template; files, what is on the board; the rest says itself."""

    root: Path
    settings: Settings
    files: dict[str, bytes]
    access: Access
    world: World
    options: Options
    report: Report
    user: str | None = None  # of credentials.py
    outcomes: list[str] = field(default_factory=list)
    spent: list[tuple[float, float]] = field(default_factory=list)  # mC and s of each good wake and its sleep
    answers: set[object] = field(default_factory=set)

    def run(self) -> bool:
        """Run every wake. Returns whether each published and slept by itself. Raises DormouseError."""
        currents = energy.read_currents(self.root, self.settings["BOARD"])
        with ExitStack() as stack:
            trace = Trace(self.options.trace)
            stack.callback(trace.close)
            new = self.options.state is None or not (self.options.state / "board.json").exists()
            board = stack.enter_context(self._board(trace))
            topics = Topics.of(self.root, self.settings, board.model.unique_id, self.user)
            test_mode = self.settings["TEST_MODE"]
            book = Ledger((topics["readings"], topics["history"]), self.settings["UPLOAD_EVERY"], new=new, test_mode=test_mode)
            access = self.access
            subscriber = Subscriber(access.host, access.port, topics["#"], access.user, access.password)
            stack.enter_context(subscriber)
            self._header(board, topics)
            subscriber.settle(_QUIET_S, _QUIET_MOST_S)
            subscriber.take()  # what others retained there
            for number in range(self.options.wakes):
                with self.report.running(board.wakes + 1):
                    wake, outcome, messages = self._wake(board, book, subscriber)
                charge = energy.wake_mc(currents, wake.phases) if self.options.speed == 1 else None
                self.report.wake(wake, outcome, charge)
                self.report.serial(wake.output)
                self.report.received(m for m in messages if m.topic != topics["set"])
                trace.complete(outcome, charge)
                self._note(wake, outcome, charge)
                self.answers.update(str(m.json().get("id")) for m in messages if m.topic == topics["result"])
                if number == 0:
                    self._send(subscriber, topics)
            self._footer(currents)
        return all(outcome in ledger.GOOD for outcome in self.outcomes) and ledger.PUBLISHED in self.outcomes

    def _board(self, trace: Trace) -> VirtualBoard:
        options = self.options
        try:
            return VirtualBoard(
                self.settings["BOARD"],
                self.files,
                state=options.state,
                world=self.world,
                heap=options.heap,
                speed=options.speed,
                realtime=options.realtime,
                on_event=trace.event,
                boards=self.root / "boards",
            )
        except NoInterpreter as error:
            raise DormouseError(str(error)) from error
        except ValueError as error:
            raise UsageError(str(error)) from error
        except (NotADirectoryError, FileExistsError, PermissionError) as error:
            raise UsageError(f"--state {options.state} is not a folder that can be written") from error

    def _wake(self, board: VirtualBoard, book: Ledger, subscriber: Subscriber) -> tuple[Wake, str, list[Message]]:
        # In test mode the node waits for as long as it would sleep, and that takes as long.
        cap_s = _CAP_S + (2 * self.settings["WAKE_EVERY_S"] if self.settings["TEST_MODE"] else 0)
        try:
            wake = board.run_wake(cap_s)
        except AsleepForEver as error:
            raise DormouseError(f"{error}; nothing will wake it but a new --state folder") from error
        expected = book.judge(wake)
        if expected == ledger.PUBLISHED:
            subscriber.wait(book.arrived, _ARRIVAL_S)
        subscriber.settle(_QUIET_S, _QUIET_MOST_S)
        messages = subscriber.take()
        book.arrived(messages)
        return wake, book.settle(expected), messages

    def _note(self, wake: Wake, outcome: str, charge: float | None) -> None:
        self.outcomes.append(outcome)
        if charge is not None and outcome in ledger.GOOD and wake.sleep_ms is not None:
            self.spent.append((charge, (wake.awake_ms + wake.sleep_ms) / 1000))

    def _send(self, subscriber: Subscriber, topics: Topics) -> None:
        """Commands go out while the node sleeps after its first wake."""
        keeps = self.access.keeps_for_sleepers
        for payload in self.options.sends:
            subscriber.send(topics["set"], payload, qos=1, retain=not keeps)
            self.report.sent(topics["set"], payload, "sent while it sleeps" + ("" if keeps else ", retained"))

    def _header(self, board: VirtualBoard, topics: Topics) -> None:
        settings, report = self.settings, self.report
        size = sum(map(len, self.files.values()))
        kind = ".mpy, as a deploy ships them" if any(name.endswith(".mpy") for name in self.files) else "source"
        report.title(f"Dormouse: main.py on MicroPython, on a virtual {board.model.machine}")
        report.fact("broker", f"{self.access.title} at {self.access.host}:{self.access.port}")
        report.fact("node", f"{topics.base}, wakes every {duration(settings['WAKE_EVERY_S'])}")
        report.fact("files", f"{len(self.files)} on the board, {size / 1024:.1f} KiB ({kind})")
        if board.heap_bytes:
            added = f"{board.heap_added} bytes of the virtual board's own shims"
            report.fact("heap", f"{board.heap_bytes} bytes for the firmware, plus {added}")
        for name, why in settings.left_out.items():
            report.fact("sensors", f"without {name!r}: it {why}")
        model = f"boot, radio, sleep and mC are a model (boards/{settings['BOARD']}/board.toml)"
        report.fact("model", f"{model}; CPU and network are this computer's; times in ms")
        if self.options.speed != 1:
            report.note(f"  Modelled times and awake budgets are divided by {self.options.speed}: no charge is computed.")
        if settings["TEST_MODE"]:
            report.note(f"  TEST_MODE: the node waits {duration(settings['WAKE_EVERY_S'])} instead of sleeping.")
        if not self.access.keeps_for_sleepers:
            report.note(f"  {self.access.title} cannot show a command that waits for a sleeping node: it keeps no queue.")
            if self.options.sends:
                report.note("  So --send sends it retained here. Install mosquitto to see the real thing.")
        report.gap()

    def _footer(self, currents: energy.Currents) -> None:
        self.report.gap()
        for payload in self.options.sends:
            if str(json.loads(payload).get("id")) not in self.answers:
                self.report.note(f"No answer came to the command {payload}.")
        battery = self.settings["BATTERY"]
        if battery is not None and len(self.spent) > 1:
            self._battery(battery, currents)

    def _battery(self, battery: dict[str, Any], currents: energy.Currents) -> None:
        usual = self.spent[1:]  # the first wake has the service window
        charge, seconds = sum(mc for mc, _ in usual), sum(s for _, s in usual)
        kind, capacity = battery.get("type", "lipo"), battery.get("mah", 1000)
        months = energy.life_months(currents, charge, seconds, kind, capacity, cells.stages(self.root, battery))
        text = f"{charge / len(usual):.0f} mC every {duration(seconds / len(usual))}: {kind}, {capacity} mAh,"
        self.report.fact("battery", f"a model, no promise: {text} would last about {months:.1f} months")
        wanted = battery.get("want_months")
        if wanted and months < wanted:
            self.report.note(f"  Less than BATTERY's want_months, {wanted}: wake or upload less often.")
