"""Which readings of a node came, by the numbers that the node gives them: each counts once, and gaps show. Pure."""

from __future__ import annotations

_BITS = 0x10000  # seq has 16 bits (node.record's key)
_MOST = 4096  # numbers of one power-up that are remembered one by one; far more than any store holds
_BOOTS = 4


class Seen:
    """The numbers of one power-up. Attribute: gaps, how many between the first and the last that came are missing."""

    def __init__(self) -> None:
        self._first = self._last = -1
        self._missing: set[int] = set()
        self._early: set[int] = set()
        self._given_up = 0

    @property
    def gaps(self) -> int:
        return len(self._missing) + self._given_up

    def add(self, seq: int) -> bool:
        """Take a number. Returns whether it is new. Before the first one that came, nothing is missed."""
        if self._last < 0:
            self._first = self._last = seq + _BITS  # room for what is older
            return True
        number = self._last + ((seq - self._last + _BITS // 2) % _BITS - _BITS // 2)
        if number > self._last:
            self._missing.update(range(max(self._last + 1, number - _MOST), number))
            self._given_up += max(0, number - self._last - 1 - _MOST)
            self._last = number
            self._forget()
            return True
        if number in self._missing:
            self._missing.discard(number)
            return True
        if number < self._first and number not in self._early:
            if len(self._early) >= _MOST:
                self._early.discard(max(self._early))
            self._early.add(number)
            return True
        return False

    def _forget(self) -> None:
        old = [number for number in self._missing if number < self._last - _MOST]
        self._missing.difference_update(old)
        self._given_up += len(old)


class Numbers:
    """The numbers of a node, power-up by power-up. Attributes: new, twice: how many came once, and how many again."""

    def __init__(self) -> None:
        self.new = self.twice = 0
        self._boots: dict[int, Seen] = {}
        self._closed = 0

    @property
    def gaps(self) -> int:
        """Readings that are missing between others."""
        return self._closed + sum(seen.gaps for seen in self._boots.values())

    def add(self, boot: int, seq: int) -> bool:
        """Take a reading's numbers. Returns whether it is new."""
        if boot not in self._boots:
            if len(self._boots) >= _BOOTS:
                self._closed += self._boots.pop(next(iter(self._boots))).gaps
            self._boots[boot] = Seen()
        fresh = self._boots[boot].add(seq)
        self.new += fresh
        self.twice += not fresh
        return fresh
