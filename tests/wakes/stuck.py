"""Boards that get stuck, and boards whose power fails, at a call of the hardware."""

from __future__ import annotations

from typing import Any

from dormouse.virtual.calls import CALLS

ENDLESS = {
    "loop": b"    while True:\n        pass\n",
    "callback": b"    import micropython\n    micropython.schedule(endless, 0)\n    while True:\n        pass\n",
    "interrupts": b"    import machine\n    machine.disable_irq()\n    while True:\n        pass\n",
}


def driver(kind: str) -> dict[str, bytes]:
    """A sensor's driver that never comes back. kind: of ENDLESS."""
    head = b"FIELDS = ()\ndef endless(_):\n    while True:\n        pass\ndef start(board, options):\n"
    return {"/sensors/endless.py": head + ENDLESS[kind]}


class Stuck:
    """Every call of a name never comes back. name: of dormouse.virtual.calls.CALLS."""

    def __init__(self, name: str) -> None:
        self.name = name

    def serve(self, life: Any, request: Any) -> bytes | None:
        if request.name == self.name:
            # Where the look-up waits with callbacks, it is an answer that takes a day.
            return b"86400000 -" if self.name == "dns" and not life.board.model.dns_blocks else None
        result: bytes = CALLS[request.name](life, request.payload)
        return result


class Cut:
    """The radio pulls the supply down: power fails at its first call, but retained memory holds. cause: how the board names
    what followed, "power" or "reset".
    """

    def __init__(self, node: Any, cause: str) -> None:
        self.node = node
        self.cause = cause

    def serve(self, life: Any, request: Any) -> bytes | None:
        if request.name == "wifi":
            life.finish("reset")
            return b""
        result: bytes = CALLS[request.name](life, request.payload)
        return result

    def run_wake(self) -> Any:
        wake = self.node.run_wake()
        if wake.ended == "reset":
            self.node.cause = self.cause
        return wake


def phases(wake: Any) -> list[str]:
    return [phase[0] for phase in wake.phases]


def only_slept(wake: Any) -> bool:
    """Whether a wake went to sleep again before sensors, radio and window."""
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake
    return not {"measure", "link", "window"} & set(phases(wake))
