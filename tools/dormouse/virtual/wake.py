"""What one life of the board comes to, and its serial output made the board's own."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Wake:
    """What one life came to. Times in milliseconds by the supervisor's clock, from power applied.

    ended: "deepsleep", "soft_reset", "reset", "watchdog", "repl", "killed" or "crashed". by: "node", or "supervisor" when the
    life was cut short. reason: why, for "killed" and "crashed". sleep_ms: asked for, None without a timer (for ever).
    heap_low: lowest number of free bytes seen at a mark, after a collection; -1 without marks. waited_ms: how long the board's
    process stood in line for the host's processor. pins: each change of an output: when, by the host's monotonic clock, the
    pin as the chip names it, and its level, None: not driven any more.
    """

    number: int
    reset_cause: str
    ended: str = ""
    by: str = "node"
    reason: str = ""
    awake_ms: int = 0
    sleep_ms: int | None = None
    phases: list[tuple[str, int, int]] = field(default_factory=list)
    output: str = ""
    heap_low: int = -1
    retained_writes: int = 0
    flash_writes: int = 0
    waited_ms: int = 0
    pins: list[tuple[int, str, int | None]] = field(default_factory=list)


class TracebackFilter:
    """Takes the shims' lines out of tracebacks: what is a module of C on the board leaves no line there."""

    _LINE = b'  File "_vboard/'

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Take output, give what can be shown of it; the beginning of a line in question is held back."""
        data = self._held + data
        self._held = b""
        if data.rfind(b"\n") < len(data) - 1:
            tail = data[data.rfind(b"\n") + 1 :]
            if tail.startswith(self._LINE) or self._LINE.startswith(tail):
                self._held, data = tail, data[: len(data) - len(tail)]
        if self._LINE not in data:
            return data
        return b"".join(line for line in data.splitlines(keepends=True) if not line.startswith(self._LINE))
