"""The firmware's heap: how large it is asked for, and what the shims need on top of it."""

from __future__ import annotations

import functools
import re
import subprocess

# Tables for the names that a node's firmware adds: 10 + 20 + 40 + 80 + 160 + 320 entries (py/qstr.c: each is twice the one
# before; a node has 311 to 630 names of its own), of a pointer, a 16-bit hash and a length each.
NAMES_BYTES = 630 * (8 + 2 + 1)

_SIZE = re.compile(r"(\d+)(w?)([KkMm]?)")


def size(text: str) -> int:
    """Bytes of a size as -X heapsize takes it: "48K", "49152" or "24wK", where w scales 32-bit words to this machine's.

    Raises ValueError.
    """
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError(f"heap {text!r}: a number of bytes, 48K, or 24wK for words")
    number, words, unit = match.groups()
    return int(number) * {"": 1, "k": 1 << 10, "m": 1 << 20}[unit.lower()] * (2 if words else 1)


@functools.cache
def bare(command: tuple[str, ...]) -> int:
    """Bytes of heap that the interpreter uses when it has done nothing."""
    program = "import gc\ngc.collect()\nprint(gc.mem_alloc())"
    return int(subprocess.run([*command, "-c", program], capture_output=True, timeout=30, check=True).stdout)
