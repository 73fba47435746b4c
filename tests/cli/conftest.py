"""The command as a user runs it: in a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def root() -> Path:
    """The template's folder."""
    return ROOT


@pytest.fixture
def dormouse() -> Run:
    """Run ``dormouse WORDS...`` in the template (or cwd=...), at most timeout seconds; gives status, stdout, stderr."""

    def run(*words: str, cwd: Path = ROOT, timeout: float = 90, **env: str) -> subprocess.CompletedProcess[str]:
        paths = os.pathsep.join(filter(None, (str(ROOT / "tools"), os.environ.get("PYTHONPATH"))))
        return subprocess.run(
            [sys.executable, "-m", "dormouse", *words],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "120", **env},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run
