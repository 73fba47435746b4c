"""The command as a user runs it: in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


def environment(**more: str) -> dict[str, str]:
    """This process's environment, with the tools to be found and a terminal of 120 columns."""
    paths = os.pathsep.join(filter(None, (str(ROOT / "tools"), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": paths, "COLUMNS": "120", **more}


def run(*words: str, cwd: Path = ROOT, timeout: float = 90, **env: str) -> Done:
    """Run ``dormouse WORDS...`` in the template (or cwd), at most timeout seconds."""
    return subprocess.run(
        [sys.executable, "-m", "dormouse", *words],
        cwd=cwd,
        env=environment(**env),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def trace_of(path: Path, event: str) -> list[dict[str, Any]]:
    """The lines of a trace that are of this event: "phase" or "wake"."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in lines if line["event"] == event]
