"""Single lives of a virtual board, for benches: each must end in the node's own deep sleep."""

from __future__ import annotations

from collections.abc import Callable

from dormouse.errors import DormouseError
from dormouse.virtual.board import VirtualBoard, Wake

_MOST = 400  # a day has fewer


def life(board: VirtualBoard, speed: int) -> Wake:
    """The next life at a speed. Raises DormouseError when it does not end in deep sleep."""
    board.speed = speed
    wake = board.run_wake()
    if (wake.ended, wake.by) != ("deepsleep", "node"):
        raise DormouseError(f"the virtual {board.model.name} did not go to sleep: {wake.ended} {wake.reason}\n{wake.output}")
    return wake


def wake(board: VirtualBoard, speed: int) -> Wake:
    """The next life that measures: a sleep beyond the board's longest is made of several. Raises DormouseError."""
    for _ in range(_MOST):
        found = life(board, speed)
        if measures(found):
            return found
    raise DormouseError(f"the virtual {board.model.name} takes no reading")


def measures(found: Wake) -> bool:
    """Whether a life takes a reading; others are the middle of a long sleep, or spread a fleet after a power cut."""
    return any(name == "measure" for name, _, _ in found.phases)


def cpu_ms(run: Callable[[VirtualBoard, int], Wake], board: VirtualBoard, speed: int) -> float:
    """CPU time of a life, in ms: that of this process's children that end meanwhile."""
    import resource  # not on every system

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(board, speed)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
