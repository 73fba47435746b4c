"""A module that holds nothing but the names of the others.

A name, once met, stays in the interpreter's memory (MicroPython, py/qstr.c). Modules that come and go leave theirs between one
another, and a small heap ends in pieces. Loaded first, this one lays them together where the heap begins; then it is
forgotten. A node runs without it too, in a heap about 2 KiB larger (`dormouse size`).
"""

from __future__ import annotations

import keyword
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dormouse import mpy

PATH = "/lib/node/names.mpy"
# What an ordinary wake does not load: tests/wakes/test_names_first.py.
SELDOM = (
    "about", "aioheard", "chores", "discovery", "errors", "files", "grants", "hearsay", "log", "reasons", "schema", "search",
    "skip", "spread", "throttle", "twin",
)  # fmt: skip
_HEADER_BYTES = 4  # "M", version, flags, bits of a small int: docs/reference/mpyfiles.rst


def of(module: bytes) -> list[str]:
    """The names in a .mpy file, in its order; those that every firmware has built in are only numbers there."""
    at = _HEADER_BYTES

    def number() -> int:
        nonlocal at
        value = 0
        while True:
            value = value << 7 | module[at] & 127
            at += 1
            if module[at - 1] < 128:
                return value

    count = number()
    number()  # of objects
    found = []
    for _ in range(count):
        length = number()
        if not length & 1:
            found.append(module[at : at + length // 2].decode())
            at += length // 2 + 1
    return found


def module(files: Mapping[str, bytes]) -> bytes:
    """The .mpy with the names of others. files: path on the board to content; only what ends in .mpy is looked at."""
    names: set[str] = set()
    for path, content in files.items():
        if path.endswith(".mpy") and Path(path).stem not in SELDOM:
            names.update(of(content))
    lines = ["def _():"]
    for name in sorted(names):
        parts = name.split(".")
        if all(part.isidentifier() and not keyword.iskeyword(part) for part in parts):
            # Never run: to be in the code is enough.
            lines.append(f"    {'import ' if len(parts) > 1 else ''}{name}")
    with tempfile.TemporaryDirectory(prefix="dormouse-names-") as folder:
        source = Path(folder, "names.py")
        source.write_text("\n".join(lines) + "\n", "utf-8")
        return mpy.compile_module(source, "node.names")
