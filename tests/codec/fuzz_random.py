"""Random numbers that are the same on CPython and MicroPython: a case found on one is repeated on the other."""


class Random:
    """Marsaglia's xorshift32 ("Xorshift RNGs", 2003), started anew for each case."""

    def __init__(self, seed, case=0):
        self._state = ((seed + 1) * 0x9E3779B1 + (case + 1) * 0x85EBCA77) & 0xFFFFFFFF or 1
        for _ in range(4):  # neighbouring cases begin alike
            self.below(2)

    def below(self, n):
        """A number from 0 to n - 1."""
        x = self._state
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        self._state = x
        return (x >> 3) % n

    def choice(self, items):
        return items[self.below(len(items))]

    def octets(self, n):
        """n random bytes, mostly below 128."""
        return bytes([self.below(256) >> (n & 1) for _ in range(n)])
