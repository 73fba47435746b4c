"""The flash ring survives a power cut at any byte that is written: the real outbox on littlefs and on FAT.

littlefs is what the ESP boards have, and what a Pyboard D can be given. Its own file system is FAT: there a sector is taken to
be written whole or not at all, which the chip's erased 4 KiB blocks do not promise (ports/stm32/spibdev.c): a power cut amid
one may cost the file system, and no program above it can help that.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("kind", "least"), [("littlefs", 300), ("fat", 5)])
def test_a_power_cut_anywhere_in_a_spill_or_a_turn(micropython: str, kind: str, least: int) -> None:
    environment = dict(os.environ, MICROPYPATH=os.pathsep.join((f"{_ROOT}/src", str(_ROOT), ".frozen")))
    command = [micropython, str(_ROOT / "tests" / "virtual" / "scripts" / "store_cuts.py"), kind]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = [int(line.split()[1]) for line in done.stdout.splitlines()]
    assert len(counts) == 3 and min(counts) >= least, counts
