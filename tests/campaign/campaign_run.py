"""One point of the campaign: a board meets one fault, its following wakes are undisturbed, and all is judged from outside.

Oracles: mosquitto and paho for what was delivered; the supervisor's clock for the time awake; the trace's marks for what was
taken. A wake that came past its phase "measure" has taken a reading.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaign_nodes import (
    MAX_AWAKE_S,
    SCENARIOS,
    SPEED,
    Key,
    Listener,
    Prepared,
    command,
    copy,
    keys,
    name_of,
    opened,
    run_wake,
)

from dormouse.virtual import faults, models
from dormouse.virtual.board import VirtualBoard, Wake

_BUDGET_MS = MAX_AWAKE_S * 1000 // SPEED
_SLACK_MS = 100
_FEW = 4  # wakes that measure, beyond the next upload in turn
_MOST = 12  # wakes that only sleep on
_TEMPERATURE = (-20, 60)  # degrees Celsius: what the scene can have


@dataclass(frozen=True)
class Point:
    """A call of a scenario's wake. number: on its board."""

    number: int
    scenario: str
    call: faults.Call

    def __str__(self) -> str:
        return f"{self.scenario} {self.call.phase} {self.call.name} {self.call.detail}".rstrip()


@dataclass(frozen=True)
class Case:
    """A point and what happens there. board: its name."""

    board: str
    point: Point
    fault: faults.Fault

    def __str__(self) -> str:
        return f"--board {self.board} --point {self.point.number} --fault {self.fault}"


def cases(prepared: list[Prepared]) -> list[Case]:
    """Every fault at every point, in a lasting order. prepared: of one board or of several."""
    found: list[Case] = []
    numbers: dict[str, int] = {}
    for p in prepared:
        model = models.load(p.board)
        for call in p.calls:
            kinds = faults.of(model, call)
            if kinds:
                numbers[p.board] = numbers.get(p.board, -1) + 1
                point = Point(numbers[p.board], p.scenario, call)
                found += [Case(p.board, point, fault) for fault in kinds]
    return found


@dataclass
class Outcome:
    """problems: what was wrong, in words; empty: nothing. wakes: how many there were. output: the board's. crashed: whether the
    interpreter itself ended at the fault, so that the fault went no further.
    """

    case: Case
    problems: list[str]
    wakes: int
    output: str = ""
    crashed: bool = False


def took(wake: Wake) -> bool:
    """Whether the wake took a reading."""
    phases = [phase[0] for phase in wake.phases]
    return "measure" in phases and phases[-1] != "measure"


def _measured(wake: Wake) -> bool:
    return any(phase[0] == "measure" for phase in wake.phases)


def ended_well(wake: Wake, fault: faults.Fault | None, call: faults.Call | None = None) -> list[str]:
    """What is wrong with a wake's end. fault: what it met, at a call."""
    wrong = []
    ends = [("deepsleep", "node")]
    stuck = fault and (fault.kind == "stall" or (fault.kind == "exception" and fault.value == faults.LOOP))
    if fault and fault.kind in ("reset", "torn"):
        ends = [("reset", "node")]
    elif fault and fault.kind == "cut":
        ends = [("killed", "supervisor")]
    elif stuck:
        ends += [("watchdog", "supervisor"), ("reset", "node")]
    elif fault and call and fault.kind == "error" and call.name.startswith("flash.") and "exited: -11" in wake.reason:
        # The exception leaves littlefs's C code in the middle (extmod/vfs_blockdev.c, mp_call_method_n_kw), with pointers to
        # an open file that is no more: the interpreter may crash, as the firmware may, whose panic is a reset.
        ends = [("crashed", "supervisor")]
    if (wake.ended, wake.by) not in ends:
        wrong.append(f"wake {wake.number} ended in {wake.ended} by {wake.by} {wake.reason}".rstrip())
    if wake.ended == "deepsleep" and not wake.sleep_ms:
        wrong.append(f"wake {wake.number} sleeps for ever")
    if wake.awake_ms - wake.waited_ms > _BUDGET_MS + _SLACK_MS:
        wrong.append(f"wake {wake.number} was awake for {wake.awake_ms} ms of {_BUDGET_MS}")
    return wrong


def missing(found: set[Key]) -> set[Key]:
    """Gaps in what was delivered."""
    boots = {boot for boot, _ in found}
    return {(b, s) for b in boots for s in range(1, max(s for k, s in found if k == b) + 1)} - found


def run(prepared: Prepared, case: Case, chip: int, listener: Listener, interpreter: str) -> Outcome:
    """Let a case happen. chip: a number that no other case has at this broker."""
    name, fault = name_of(chip), case.fault
    listener.follow(name)
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        copy(prepared.folder, Path(folder) / "board")
        node = opened(case.board, Path(folder) / "board", chip, {}, interpreter)
        try:
            if prepared.scenario == "command":
                command(node, listener, prepared.port)
            node.faults = injection = faults.Injection(fault, chip)
            wake = run_wake(node)
            node.faults = None
            node.world.ntp.mode, node.world.ntp.offset_s = "good", 0.0
            problems = ended_well(wake, fault, case.point.call)
            if not injection.met:
                problems.append("the point was not reached: it is not the traced wake")
            output = wake.output
            taken = prepared.taken + took(wake)
            count, more, text = _recover(node, prepared, listener, name, taken)
            problems += more
            taken += count
        finally:
            node.close()
    readings = listener.forget(name)
    problems += _judge(prepared, case, readings, taken)
    return Outcome(case, problems, node.wakes, output + text, wake.ended == "crashed")


def _recover(node: VirtualBoard, prepared: Prepared, listener: Listener, name: str, taken: int) -> tuple[int, list[str], str]:
    """Undisturbed wakes until one has delivered. Returns the readings taken, what was wrong, the output."""
    problems: list[str] = []
    text = ""
    measured = count = 0
    limit = SCENARIOS[prepared.scenario] + _FEW
    for _ in range(limit + _MOST):
        wake = run_wake(node)
        problems += ended_well(wake, None)
        text += wake.output
        measured += _measured(wake)
        count += took(wake)
        if problems or measured > limit:
            break
        if any(phase[0] == "mqtt" for phase in wake.phases) and "delivered " in wake.output and not failed(wake):
            listener.settle(name, taken + count - len(prepared.delivered))
            return count, problems, text
    return count, problems or [f"not recovered within {measured} wakes"], text


def failed(wake: Wake) -> bool:
    """Whether the wake says that something went wrong."""
    return "Traceback" in wake.output or "failed" in wake.output


def forgets(fault: faults.Fault, call: faults.Call) -> bool:
    """Whether the fault itself destroys what retained memory holds."""
    return fault.kind == "cut" or (fault.kind == "wrong" and call.name == "mem.get")


def _judge(prepared: Prepared, case: Case, readings: list[dict[str, Any]], taken: int) -> list[str]:
    found = prepared.delivered | keys(readings)
    problems = [f"not JSON: {r['broken']}" for r in readings if "broken" in r]
    dropped = max((r.get("dropped", 0) for r in readings), default=0)
    if forgets(case.fault, case.point.call):
        writes = [c.number for c in prepared.calls if c.name.startswith("flash.")]
        done = prepared.scenario == "full" and case.fault.kind == "cut" and case.point.call.number > writes[-1]
        if gone := (prepared.kept_after if done else prepared.kept_before) - found:
            problems.append(f"lost from flash: {sorted(gone)}")
    else:
        if len(gaps := missing(found)) > dropped:
            problems.append(f"lost: {sorted(gaps)}")
        if len(found) + dropped < taken:
            problems.append(f"{taken} readings taken, {len(found)} delivered, {dropped} dropped: {sorted(found)}")
    for reading in readings:
        air = reading.get("air", {}).get("temperature_c", 20)
        if not _TEMPERATURE[0] < air < _TEMPERATURE[1]:
            problems.append(f"invented: {reading}")
    return problems


def survivors(prepared: Prepared, chip: int, listener: Listener, interpreter: str, after: bool) -> set[Key]:
    """The readings that are delivered when the power fails before the wake, or after it. chip: as for run()."""
    name = name_of(chip)
    listener.follow(name)
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        copy(prepared.folder, Path(folder) / "board")
        node = opened(prepared.board, Path(folder) / "board", chip, {}, interpreter)
        try:
            if after:
                run_wake(node)
            node.power_cycle()
            _recover(node, prepared, listener, name, len(prepared.delivered) + 99)
        finally:
            node.close()
    # The wakes after the power failed have another boot number, or these numbers again.
    old = {(1, seq) for seq in range(1, prepared.taken + 1 + after)}
    return old & (prepared.delivered | keys(listener.forget(name)))

