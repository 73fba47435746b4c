#!/usr/bin/env python3
"""Let every fault happen at every point of a wake: `campaign.py [--board NAME] [--sample N] [--jobs N]`, or `make campaign`.

The points are the calls of the hardware in traced wakes (campaign_nodes.SCENARIOS), so a new step in the wake brings its own.
`campaign.py --board esp8266 --point 123 --fault reset` repeats one and prints what the board wrote. `--list` runs none.
Exit status 1 when one fails.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
sys.path[:0] = [str(_ROOT / "tests" / "support"), str(_ROOT / "tools"), str(_HERE)]

from campaign_nodes import BOARDS, SCENARIOS, Listener, Prepared, prepare  # noqa: E402
from campaign_run import Case, Outcome, cases, run, survivors  # noqa: E402

from brokers import Mosquitto  # noqa: E402
from programs import find_micropython, find_program  # noqa: E402

_TRIALS = 3
_worker: dict[str, Listener] = {}


def _listener(port: int) -> Listener:
    if "listener" not in _worker:
        _worker["listener"] = Listener(port)
    return _worker["listener"]


def _prepare(board: str, every: int, folder: Path, port: int, chip: int, only: tuple[str, ...]) -> list[Prepared]:
    interpreter = find_micropython() or ""
    for trial in range(_TRIALS):
        here = folder / f"{board}-{every}-{trial}"
        here.mkdir()
        try:
            found = prepare(board, every, here, port, chip + 20 * trial, interpreter, only=only)
            break
        except AssertionError:  # a busy machine made an undisturbed wake late
            if trial == _TRIALS - 1:
                raise
    chip += 20 * _TRIALS
    for i, p in enumerate(found):
        p.kept_before = set(p.delivered)
        if len(p.delivered) < p.taken:
            p.kept_before = survivors(p, chip + 2 * i + 1, _listener(port), interpreter, after=False)
        if p.scenario == "full":
            p.kept_after = survivors(p, chip + 2 * i + 2, _listener(port), interpreter, after=True)
    return found


def _run(prepared: Prepared, case: Case, chip: int) -> Outcome:
    try:
        return run(prepared, case, chip, _listener(prepared.port), find_micropython() or "")
    except Exception as error:  # noqa: BLE001  the supervisor's own: it is a finding, not the end of the campaign
        return Outcome(case, [f"the virtual board: {error!r}"], 0)


class Campaign:
    """Nodes and processes to run their cases. folder: for the nodes. jobs: processes."""

    def __init__(self, folder: Path, jobs: int) -> None:
        program = find_program("mosquitto")
        assert program, "mosquitto is not installed"
        self._broker = Mosquitto(program, folder, ("set_tcp_nodelay true", "max_queued_messages 10000"), anonymous=True).start()
        self._chip = 1
        self.second = 0  # cases that were good at their second trial
        context = multiprocessing.get_context("spawn")
        self._pool = concurrent.futures.ProcessPoolExecutor(jobs, mp_context=context)
        self._folder = folder
        self.prepared: list[Prepared] = []
        self.cases: list[Case] = []

    def prepare(self, boards: tuple[str, ...], only: tuple[str, ...]) -> None:
        """Make the nodes and the cases. only: names of scenarios."""
        waiting = []
        for board in boards:
            for every in dict.fromkeys(SCENARIOS[s] for s in only):
                args = board, every, self._folder, self._broker.port, self._next(100), only
                waiting.append(self._pool.submit(_prepare, *args))
        self.prepared = [p for w in waiting for p in w.result(120)]
        self.cases = cases(self.prepared)

    def _next(self, count: int) -> int:
        self._chip += count
        return self._chip - count

    def run(self, wanted: list[Case]) -> Iterator[Outcome]:
        """Run cases; the outcomes come as they are there."""
        by = {(p.board, p.scenario): p for p in self.prepared}
        jobs = [self._pool.submit(_run, by[c.board, c.point.scenario], c, self._next(1)) for c in wanted]
        again: list[Outcome] = []
        for job in concurrent.futures.as_completed(jobs):
            outcome = job.result()
            if outcome.problems:
                again.append(outcome)
            else:
                yield outcome
        # Many boards at once make one another late: what failed is tried again, alone, and may fail no more than once.
        for outcome in again:
            case = outcome.case
            alone = self._pool.submit(_run, by[case.board, case.point.scenario], case, self._next(1)).result()
            self.second += not alone.problems
            yield outcome if alone.problems else alone

    def close(self) -> None:
        """End processes and broker."""
        self._pool.shutdown(cancel_futures=True)
        self._broker.stop()


@contextmanager
def campaign(boards: tuple[str, ...], jobs: int) -> Iterator[Campaign]:
    """A campaign in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        made = Campaign(Path(folder), jobs)
        try:
            made.prepare(boards, tuple(SCENARIOS))
            yield made
        finally:
            made.close()


def sample(all_cases: list[Case], count: int, seed: int) -> list[Case]:
    """So many cases, drawn evenly from every board, scenario and kind of fault."""
    dice = random.Random(seed)
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in all_cases:
        groups.setdefault((case.board, case.fault.kind), []).append(case)
    lists = [dice.sample(group, len(group)) for group in groups.values()]
    found: list[Case] = []
    while len(found) < count and any(lists):
        for group in lists:
            if group and len(found) < count:
                found.append(group.pop())
    return found


def verdict(outcome: Outcome) -> str:
    """What to say of an outcome: "" when it is as it should be."""
    if outcome.problems:
        return f"{outcome.case}\n    at {outcome.case.point}: " + "; ".join(outcome.problems)
    return ""


def _show(done: int, total: int, bad: int, started: float) -> None:
    if sys.stdout.isatty() or done % 200 == 0 or done == total:
        end = "\r" if sys.stdout.isatty() and done < total else "\n"
        print(f"{done} of {total} cases, {bad} failed, {time.monotonic() - started:.0f} s", end=end, flush=True)


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--board", choices=BOARDS, action="append")
    parser.add_argument("--scenario", choices=SCENARIOS, action="append", help="changes no number")
    parser.add_argument("--point", type=int, help="number of a point, with one --board")
    parser.add_argument("--fault", help="kind, or kind:value; with --point or for all points")
    parser.add_argument("--sample", type=int, help="only so many cases, drawn evenly")
    parser.add_argument("--seed", type=int, default=1, help="of --sample")
    parser.add_argument("--jobs", type=int, default=8 * (os.cpu_count() or 2), help="boards at once; they mostly wait")
    parser.add_argument("--list", action="store_true", help="print the cases")
    args = parser.parse_args()
    started = time.monotonic()
    with campaign(tuple(args.board or BOARDS), args.jobs) as made:
        wanted = [
            case
            for case in made.cases
            if args.point in (None, case.point.number)
            and args.fault in (None, str(case.fault), case.fault.kind)
            and (not args.scenario or case.point.scenario in args.scenario)
        ]
        if args.sample:
            wanted = sample(wanted, args.sample, args.seed)
        if args.list:
            for case in wanted:
                print(case, "at", case.point)
            return 0
        points = len({(case.board, case.point.number) for case in wanted})
        looked = sum(p.looked for p in made.prepared)
        print(f"{len(wanted)} cases at {points} points; writes of flash stopped at {looked} bytes; "
              f"prepared in {time.monotonic() - started:.0f} s", flush=True)
        return _all(made, wanted, started, args.point is not None)


def _all(made: Campaign, wanted: list[Case], started: float, talk: bool) -> int:
    bad = wakes = 0
    kinds: Counter[str] = Counter()
    for done, outcome in enumerate(made.run(wanted), 1):
        wakes += outcome.wakes
        kinds[outcome.case.fault.kind] += 1
        if said := verdict(outcome):
            bad += 1
            print(said, flush=True)
        if talk:
            print(f"{outcome.case} at {outcome.case.point}: {'; '.join(outcome.problems) or 'good'}\n{outcome.output}")
        _show(done, len(wanted), bad, started)
    print(", ".join(f"{kind} {count}" for kind, count in kinds.items()), end="; ")
    print(f"{wakes} wakes; {made.second} cases were good at the second trial")
    if bad:
        print(f"{bad} failed; repeat one: python tests/campaign/campaign.py with the options in its line")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
