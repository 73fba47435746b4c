"""TI ADS1115 at register level.

Source: Texas Instruments SBAS444D, ADS111x datasheet (January 2018). Where it says nothing, the model takes the harsher answer,
and the comment says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dormouse.virtual.devices.i2c_part import I2CPart
from dormouse.virtual.devices.scene import Scene

POWER_UP: tuple[int, ...] = (0x0000, 0x8583, 0x8000, 0x7FFF)  # conversion, config, Lo_thresh, Hi_thresh (9.6.2 to 9.6.4)
RATES = (8, 16, 32, 64, 128, 250, 475, 860)  # 9.6.3
RANGES_V = (6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256)
SLOWER = 1.1  # 7.5: the rate may be 10 % less
WAKE_MS = 0.025  # 9.4.2.1
_PAIRS = ((0, 1), (0, 3), (1, 3), (2, 3), (0, None), (1, None), (2, None), (3, None))
_SHARES = (1.0, 0.5, 0.25, 0.0)  # of the scene's signal_v, on the four inputs: made up
_CONFIG = 1


class ADS1115(I2CPart):
    """One ADS1115.

    now_ms: the virtual board's monotonic milliseconds. scene: gives signal_v, which input 0 sees whole, 1 half, 2 a quarter of,
    while 3 is at ground; its failure "ads1115" is "nack" (not there), "busy" (never done converting) or "stuck" (SDA held low).
    address: 0x48 to 0x4b.
    """

    addresses = range(0x48, 0x4C)

    def __init__(self, now_ms: Callable[[], float], scene: Scene, address: int = 0x48) -> None:
        super().__init__(now_ms, scene, address)

    def power_up(self) -> None:
        """Its registers are those of POWER_UP again."""
        self.registers: list[int] = list(POWER_UP)
        self._pointer = 0
        self._done: tuple[float, int] | None = None

    def volts(self, i: int | None) -> float:
        """What is on input i; None: ground."""
        return 0.0 if i is None else self.scene.value("signal_v") * _SHARES[i]

    def take(self, data: bytes) -> None:
        """Set the pointer, and the register behind it."""
        self._finish()
        self._pointer = data[0] & 3
        if len(data) < 3 or not self._pointer:
            return
        word = int.from_bytes(data[1:3], "big")
        if self._pointer != _CONFIG:
            self.registers[self._pointer] = word
            return
        self.registers[_CONFIG] = word & 0x7FFF
        if not word & 0x0100:
            raise NotImplementedError("continuous conversion")
        if word & 0x8000 and self._done is None:
            code = self._convert(word)
            self._done = self.now_ms() + WAKE_MS + 1000 * SLOWER / RATES[word >> 5 & 7], code

    def give(self, n: int) -> bytes:
        """The register behind the pointer, again and again."""
        self._finish()
        word = self.registers[self._pointer]
        if self._pointer == _CONFIG and self._done is None:
            word |= 0x8000
        return (word.to_bytes(2, "big") * n)[:n]

    def _convert(self, config: int) -> int:
        plus, minus = _PAIRS[config >> 12 & 7]
        code = round((self.volts(plus) - self.volts(minus)) * 32768 / RANGES_V[config >> 9 & 7])
        return min(32767, max(-32768, code)) & 0xFFFF  # table 5

    def _finish(self) -> None:
        if self._done and self.now_ms() >= self._done[0] and not self.fails("busy"):
            self.registers[0], self._done = self._done[1], None


def make(now_ms: Callable[[], float], scene: Scene, options: Mapping[str, Any]) -> ADS1115:
    """The part that a sensor's entry in config.py describes."""
    return ADS1115(now_ms, scene, options.get("address", 0x48))
