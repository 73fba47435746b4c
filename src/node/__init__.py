"""One wake of the node: the story (cycle) and its parts, each loaded when its turn comes and dropped after it."""

import gc
import sys


def drop(*names):
    """Forget modules that have done their part, so that the next ones find room. names: "node.link", "sensors"."""
    for gone in names:
        for name in [n for n in sys.modules if n == gone or n.startswith(gone + ".")]:
            del sys.modules[name]
            package, _, leaf = name.rpartition(".")
            if package in sys.modules:
                # A package keeps its submodules alive as attributes.
                delattr(sys.modules[package], leaf)
    gc.collect()
