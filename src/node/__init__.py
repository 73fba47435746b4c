"""One wake of the node: the story (cycle) and its parts, each loaded when its turn comes and dropped after it."""

import gc
import sys


def drop(*names):
    """Forget modules that have done their part, and what lies below them. names: "node.link", "sensors"."""
    for name in list(sys.modules):
        for gone in names:
            if name == gone or name.startswith(gone + "."):
                del sys.modules[name]
                package, _, leaf = name.rpartition(".")
                if package in sys.modules:
                    # A package keeps its submodules alive as attributes.
                    delattr(sys.modules[package], leaf)
                break
    gc.collect()
