"""`make soak`: the large soak with its progress shown; ARGS="--help" tells the options."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """The command line."""
    root = Path(__file__).resolve().parents[2]
    sys.path[:0] = [str(root / folder) for folder in ("tools", "tests/support", "src", ".", "tests/host_stubs")]
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn
    from soak_run import NODES, repeat, soak

    parser = argparse.ArgumentParser(description="Virtual nodes at once against mosquitto, with outages, resets, power cuts.")
    parser.add_argument("--wakes", type=int, default=10000, help="of all nodes together (10000)")
    parser.add_argument("--nodes", type=int, default=NODES, help=f"at once ({NODES})")
    parser.add_argument("--seed", type=int, default=None, help="of what happens to them (random, and printed)")
    parser.add_argument("--node", type=int, default=None, help="run only the one with this number")
    chosen = parser.parse_args()
    if not 1 <= chosen.nodes <= 256 or chosen.wakes < 1 or not 0 <= (chosen.node or 0) < chosen.nodes:
        parser.error("--nodes is 1 to 256, --wakes 1 or more, --node below --nodes")
    seed = random.randrange(10**6) if chosen.seed is None else chosen.seed
    print(f"seed {seed}", flush=True)
    console = Console()
    columns = ("wakes", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    total = -(-chosen.wakes // chosen.nodes) * (chosen.nodes if chosen.node is None else 1)
    done = iter(range(1, 10**9))
    shown = console.is_terminal
    with (
        tempfile.TemporaryDirectory(prefix="dormouse-soak-") as folder,
        Progress(*columns, console=console, disable=not shown, transient=True) as bar,
    ):
        task = bar.add_task("", total=total)

        def stepped() -> None:
            bar.advance(task)
            count = next(done)
            if not shown and count % max(1, total // 20) == 0:
                print(f"{count} of {total} wakes", flush=True)

        try:
            result = soak(chosen.wakes, seed, Path(folder), chosen.nodes, chosen.node, stepped)
        except RuntimeError as error:
            print(error)
            return 1
        except KeyboardInterrupt:
            print("interrupted")
            return 130
    print(result.line())
    for text in result.problems:
        print(repeat(text, chosen.wakes, seed, chosen.nodes))
    print("failed" if result.problems else "passed")
    return bool(result.problems)


if __name__ == "__main__":
    sys.exit(main())
