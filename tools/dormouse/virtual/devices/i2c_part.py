"""What the modelled I2C parts have in common: an address, a supply, and failures that the scene has under the driver's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dormouse.virtual.devices import I2CDevice, Nack
from dormouse.virtual.devices.scene import Scene


class I2CPart(I2CDevice):
    """One part. Of its failures "nack" (not there) and "stuck" (SDA held low: every bit reads 0) are dealt with here."""

    addresses: Sequence[int]

    def __init__(self, now_ms: Callable[[], float], scene: Scene, address: int) -> None:
        if address not in self.addresses:
            raise ValueError(f"{type(self).__name__} address {address:#x}: {', '.join(map(hex, self.addresses))}")
        self.address = address
        self.now_ms = now_ms
        self.scene = scene
        self._powered = False
        self.power(True)

    def power(self, on: bool) -> None:
        """Switch the supply; switched on, the part has forgotten everything."""
        if on and not self._powered:
            self.power_up()
        self._powered = on

    def write(self, data: bytes) -> None:
        """Take what the master writes. Raises Nack."""
        self.be_present()
        if self.fails("stuck"):
            return
        if data:
            self.take(data)
        else:
            self.probe()

    def read(self, n: int) -> bytes:
        """Give the master n bytes. Raises Nack."""
        self.be_present()
        return bytes(n) if self.fails("stuck") else self.give(n)

    def fails(self, how: str) -> bool:
        """Whether the scene lets it fail so."""
        return self.scene.failure(self.driver()) == how

    def be_present(self) -> None:
        """Raises Nack when nobody is at its address."""
        if not self._powered or self.fails("nack"):
            raise Nack

    def power_up(self) -> None:
        """What its supply does to it."""
        raise NotImplementedError

    def probe(self) -> None:
        """Its address was written, and nothing more. Raises Nack."""

    def take(self, data: bytes) -> None:
        """One byte or more were written. Raises Nack."""
        raise NotImplementedError

    def give(self, n: int) -> bytes:
        """n bytes are read. Raises Nack."""
        raise NotImplementedError
