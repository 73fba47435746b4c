#!/usr/bin/env python3
"""Give the MQTT decoder broken packets: `fuzz.py [--inputs 1000000] [--seed N] [--case N]`, or `make fuzz`.

Blocks of cases go in turn to CPython and to MicroPython, two processes at a time or as many as there are processors. Each
case is made from its seed and number (fuzz_case.py), so that what fails once fails again. Exit status 1 when one does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
sys.path.insert(0, str(_ROOT / "tests" / "support"))

from programs import find_micropython  # noqa: E402

_BLOCK = 10_000
_BLOCK_S = 90  # a block takes 2 s
_CASE_S = 2


@dataclass
class Result:
    """Of all blocks. inputs, refused: cases; by: cases for each interpreter; given, came: of each "version/type" of packet,
    how many went in, broken ones included, and how many events came out. failures: text.
    """

    inputs: int = 0
    refused: int = 0
    by: Counter[str] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)
    came: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def worker(interpreter: str | None, *args: object) -> tuple[list[str], dict[str, str]]:
    """The command and environment of a fuzz_worker.py. interpreter: MicroPython's, None for this Python."""
    folders = [str(_HERE), str(_ROOT / "src")]
    folders.append(".frozen" if interpreter else str(_ROOT / "tests" / "host_stubs"))
    path = os.pathsep.join(folders)
    environment = {**os.environ, "MICROPYPATH": path, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return [interpreter or sys.executable, str(_HERE / "fuzz_worker.py"), *map(str, args)], environment


def run_block(interpreter: str | None, seed: int, first: int, count: int, timeout_s: float = _BLOCK_S) -> tuple[bool, str]:
    """Run some cases; return whether they ended in time, and what was printed."""
    command, environment = worker(interpreter, seed, first, count)
    try:
        done = subprocess.run(
            command, env=environment, cwd=_ROOT, timeout=timeout_s, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        return True, (done.stdout + done.stderr).decode(errors="replace")
    except subprocess.TimeoutExpired as late:
        return False, (late.stdout or b"").decode(errors="replace")


def hanging(interpreter: str | None, seed: int, output: str) -> str:
    """Say which case a block stopped at."""
    signs = [line for line in output.splitlines() if line.startswith("at ")]
    start = int(signs[-1].split()[1]) if signs else 0
    for number in range(start, start + 100):
        if not run_block(interpreter, seed, number, 1, _CASE_S)[0]:
            return f"FAILED --seed {seed} --case {number}: it hangs"
    return f"FAILED --seed {seed}: a block that stopped after case {start} hangs"


def run(
    inputs: int,
    seed: int,
    micropython: str | None,
    progress: Callable[[Result], object] = lambda _: None,
    block: int = _BLOCK,
) -> Result:
    """Run cases 0 to inputs - 1, block by block, the interpreters in turn; stop at the first failure."""
    result = Result()
    lock = threading.Lock()
    turns = [None, micropython] if micropython else [None]
    blocks = [(turns[i % len(turns)], first) for i, first in enumerate(range(0, inputs, block))]

    def work() -> None:
        while True:
            with lock:
                if not blocks or result.failures:
                    return
                interpreter, first = blocks.pop(0)
            count = min(block, inputs - first)
            ended, output = run_block(interpreter, seed, first, count)
            lines = output.splitlines()
            with lock:
                try:
                    end = json.loads(lines[-1]) if ended else None
                except (IndexError, ValueError):
                    end = None
                name = "MicroPython" if interpreter else "CPython"
                if not isinstance(end, dict):
                    text = hanging(interpreter, seed, output) if not ended else output[output.find("FAILED") :]
                    result.failures.append(f"{name}: {text}")
                    return
                result.inputs += end["inputs"]
                result.refused += end["refused"]
                result.by[name] += end["inputs"]
                result.given.update(end["given"])
                result.came.update(end["came"])
                progress(result)

    threads = [threading.Thread(target=work) for _ in range(max(2, os.cpu_count() or 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, help="another for each run, unless given")
    parser.add_argument("--case", type=int, help="only this one, on both interpreters")
    options = parser.parse_args()
    seed = int(time.time()) % 1_000_000 if options.seed is None else options.seed
    micropython = find_micropython()
    if options.case is not None:
        outputs = [run_block(interpreter, seed, options.case, 1)[1] for interpreter in {None, micropython}]
        print("\n".join(outputs))
        return int(any("inputs" not in output for output in outputs))

    start = time.monotonic()

    def progress(result: Result) -> None:
        seconds = time.monotonic() - start
        print(f"\r{result.inputs:,} of {options.inputs:,} inputs, {seconds:.0f} s ", end="", flush=True)

    print(f"seed {seed}" + ("" if micropython else ", CPython only: no MicroPython interpreter here"))
    result = run(options.inputs, seed, micropython, progress)
    print()
    for failure in result.failures:
        print(failure)
    by = ", ".join(f"{count:,} on {name}" for name, count in result.by.items())
    print(f"{result.inputs:,} inputs ({by}), {result.refused:,} refused, {len(result.failures)} failures")
    return int(bool(result.failures))


if __name__ == "__main__":
    sys.exit(main())
