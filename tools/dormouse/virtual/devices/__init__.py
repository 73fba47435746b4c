"""Parts on the virtual board's buses, modelled at the level that a driver sees: bytes on the wire, time, failures."""

from __future__ import annotations


class Nack(Exception):
    """No acknowledge on the bus: nobody at this address, or a part that is busy."""


class I2CDevice:
    """One part on an I2C bus. Its 7-bit address is `address`."""

    address: int

    def write(self, data: bytes) -> None:
        """Take what the master writes, b"" for an address probe. Raises Nack."""
        raise NotImplementedError

    def read(self, n: int) -> bytes:
        """Give the master n bytes. Raises Nack."""
        raise NotImplementedError

    def power(self, on: bool) -> None:
        """The part's supply is switched: off, it acknowledges nothing and forgets everything."""
        raise NotImplementedError
