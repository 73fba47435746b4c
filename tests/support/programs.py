"""The programs that tests start: found beside this Python, on PATH, or in sbin, which a user's PATH may lack."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def find_program(name: str) -> str | None:
    """Return the path of a program: or None."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"])
    return shutil.which(name, path=path)


def find_micropython() -> str | None:
    """Return the MicroPython interpreter: $MICROPYTHON, else the one installed with the project."""
    named = os.environ.get("MICROPYTHON")
    return shutil.which(named) if named else find_program("micropython")
