"""One wake of the node: the story (cycle) and its parts, each loaded when its turn comes and dropped after it."""

import gc
import sys


def drop(*names, but=()):
    """Forget modules that have done their part, and what lies below them, so that the next ones find room.

    names: "node.link", "sensors". but: with it, all modules that are not in it too. Takes no memory: there may be none left.
    """
    gone = True
    while gone:
        gone = None
        for name in sys.modules:
            if but and name not in but:
                gone = name
            for part in names:
                if name.startswith(part) and name[len(part) :][:1] in ("", "."):
                    gone = name
        if gone:
            del sys.modules[gone]
            package, _, leaf = gone.rpartition(".")
            if package in sys.modules:
                # A package keeps its submodules alive as attributes.
                delattr(sys.modules[package], leaf)
    gc.collect()
