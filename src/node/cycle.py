"""The story of one wake: measure, keep, join, publish, listen, leave, sleep.

Every wait takes its time from the awake budget; every path ends in sleep. Failures lengthen the sleep, never the wake.
Each step is loaded when its turn comes and forgotten after it: a small heap holds one at a time, not all. Nothing here waits
for two things at once, so there is no event loop; what overlaps (conversions, association) the hardware does.
"""

import gc
import sys

import node.memory  # noqa: F401  stays for the whole wake
from micropython import const

from node import drop
from power import awake

_SCARCE = const(40000)  # bytes of free heap
_LEAF = ("*",)  # for __import__: give the module named last, not the first


def attempt(call, *args):
    """Run something that may be anybody's code. Returns (result, None), or (None, the exception)."""
    try:
        return call(*args), None
    except Exception as error:
        return None, error


def run():
    """One wake, from the configuration to sleep. Does not return; raises ValueError for a configuration that is wrong."""
    if gc.mem_free() < _SCARCE:
        # The names in all modules, laid together: where they are met one by one, they leave the heap in pieces. Only a deploy
        # makes this one.
        attempt(__import__, "node.names")
        drop("node.names")
    _load()
    memory = _step("node.begin", _expired)
    error = came_to = None
    if not memory.state.remaining_s:
        _, error = attempt(_step, "node.reading", memory, attempt)
        if memory.uploads:
            settings = None
            if not error:
                settings, error = attempt(_step, "node.join", memory)
            # What is left of the wake has no use for them, the client for their room.
            drop("config", "credentials", "boards")
            if settings:
                _, error = attempt(_step, "node.upload", memory, *settings)
            awake.mark("finish")
            attempt(_step, "node.leave", memory)
        came_to = attempt(_step, "node.outcome", memory, error, attempt)[0]
    _step("node.finish", memory, error, came_to, attempt)


def _load():
    """What several steps need. The heap is never emptier: source, unlike .mpy, needs room to be compiled."""
    import config

    # A missing file is the upload's failure.
    attempt(__import__, "credentials")
    __import__("boards." + config.BOARD + ".profile")
    awake.mark("start")


def _step(name, *args):
    """One step of the wake, its run(*args). It and whatever it loaded is forgotten when it returns."""
    before = list(sys.modules)
    try:
        return _run(name, *args)
    finally:
        drop(but=before)


def _run(name, *args):
    # A function of its own: what its frame has touched is free when it returns.
    return __import__(name, None, None, _LEAF).run(*args)


def _expired(_):
    """The deadline's last word, out of the timer: nothing can be said of memory now, so only sleep."""
    try:
        board = __import__("boards." + awake.board_name + ".profile", None, None, _LEAF)
        board.rails(False)
        board.deepsleep(min(awake.sleep_ms, board.MAX_SLEEP_MS))
    finally:
        awake.give_up(awake.sleep_ms)
