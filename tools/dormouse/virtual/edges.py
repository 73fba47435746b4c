"""Interrupts of pins: something outside moves an input while the board is awake, and Pin.irq() watches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .devices import DigitalDevice

if TYPE_CHECKING:
    from .life import Life

RISING, FALLING = 1, 2


class Edges:
    """The pins that one life watches.

    An edge comes from a part on the pin (DigitalDevice), else from World.edges. While the interrupts are off a pin remembers
    one edge, however many there are: it has one flag.
    """

    def __init__(self, life: Life) -> None:
        self._life = life
        self._watched: dict[str, tuple[int, int]] = {}  # key on the timers' pipe, which edges
        self._seen_ms: dict[str, float] = {}  # edges up to here have been looked at
        self._flags: list[str] = []

    def watch(self, pin: str, key: int, trigger: int) -> None:
        """Pin.irq(). pin: as the chip names it. key: what the board's process is told. trigger: RISING | FALLING, or 0."""
        self._watched.pop(pin, None)
        self._flags = [flag for flag in self._flags if flag != pin]
        if trigger:
            self._watched[pin] = key, trigger
            self._seen_ms[pin] = self._life.host_ms()

    def clear(self) -> None:
        """The interpreter starts anew."""
        self._watched.clear()
        self._flags.clear()

    def next_due(self) -> float | None:
        """Host milliseconds of the next edge that interrupts; None: none will."""
        times = [edge[0] for edge in map(self._next, self._watched) if edge]
        return min(times, default=None)

    def due(self, now_ms: int, interrupts: bool) -> bytes:
        """The keys of the interrupts that came up to now, in their order. interrupts: whether they are switched on."""
        came = []
        for pin in self._watched:
            while (edge := self._next(pin)) and edge[0] <= now_ms:
                self._seen_ms[pin] = edge[0]
                came.append((edge[0], pin))
        pins = [pin for _, pin in sorted(came)]
        if not interrupts:
            self._flags = list(dict.fromkeys(self._flags + pins))
            return b""
        flags, self._flags = self._flags, []
        return bytes(self._watched[pin][0] for pin in flags + pins)

    def level(self, pin: str, otherwise: int) -> int | None:
        """The level that a part gives a pin now; None: no part is on it. otherwise: where it does not drive."""
        device = self._device(pin)
        return None if device is None else device.level(self._life.host_ms(), otherwise)

    def _next(self, pin: str) -> tuple[float, int] | None:
        # The next edge that the pin's trigger wants: when, and the level from then on.
        wanted, after_ms = self._watched[pin][1], self._seen_ms[pin]
        device = self._device(pin)
        for _ in range(2):  # edges alternate
            edge = self._from_world(pin, after_ms) if device is None else device.next_edge(after_ms)
            if edge is None or wanted & (RISING if edge[1] else FALLING):
                return edge
            after_ms = edge[0]
        return None

    def _from_world(self, pin: str, after_ms: float) -> tuple[float, int] | None:
        life = self._life
        edges = life.board.world.edges.get(pin, ())
        if not edges:
            return None
        # Two clocks of whole milliseconds: an edge may seem to come a little later than it did.
        begin_ms = life.host_ms() - life.board.now_s * 1000
        level = None
        for at_s, to in edges:
            at_ms = at_s * 1000 + begin_ms
            if at_ms > after_ms + 2 and to != level:
                return at_ms, to
            level = to
        return None

    def _device(self, pin: str) -> DigitalDevice | None:
        model = self._life.board.model
        for device in self._life.board.devices:
            if isinstance(device, DigitalDevice) and pin == str(model.pins.get(device.pin, device.pin)):
                return device
        return None
