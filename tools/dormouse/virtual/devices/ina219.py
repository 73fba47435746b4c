"""TI INA219 at register level.

Source: Texas Instruments SBOS448G, INA219 datasheet (December 2015). Where it says nothing, the model takes the harsher answer,
and the comment says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dormouse.virtual.devices import Nack
from dormouse.virtual.devices.i2c_part import I2CPart
from dormouse.virtual.devices.scene import Scene

RESET = 0x399F  # 8.6.2.1
SAMPLE_MS = {0: 0.093, 1: 0.163, 2: 0.304, 3: 0.586}  # 7.5, the longest, by resolution
RECOVERY_MS = 0.04  # 8.4, from power-down
_CONFIG, _SHUNT, _BUS, _POWER, _CURRENT, _CALIBRATION = range(6)


class INA219(I2CPart):
    """One INA219.

    now_ms: the virtual board's monotonic milliseconds. scene: gives supply_v and current_ma; its failure "ina219" is "nack"
    (not there), "busy" (never done converting) or "stuck" (SDA held low). address: 0x40 to 0x4f. shunt_milliohm: the resistor.
    """

    addresses = range(0x40, 0x50)

    def __init__(self, now_ms: Callable[[], float], scene: Scene, address: int = 0x40, shunt_milliohm: float = 100) -> None:
        self._milliohm = shunt_milliohm
        super().__init__(now_ms, scene, address)

    def power_up(self) -> None:
        """It measures again and again, from zeros."""
        self._reset()

    def take(self, data: bytes) -> None:
        """Set the pointer, and the register behind it."""
        self._finish()
        self._pointer = data[0]
        if len(data) < 3:
            return
        word = int.from_bytes(data[1:3], "big")
        if self._pointer == _CONFIG and word & 0x8000:
            self._reset()
        elif self._pointer == _CONFIG:
            asleep = not self.registers[_CONFIG] & 3
            self.registers[_CONFIG] = word & 0x3FFF
            self._configured(RECOVERY_MS if asleep else 0)
        elif self._pointer == _CALIBRATION:
            self.registers[_CALIBRATION] = word & 0xFFFE  # bit 0 is always 0 (8.6.4.1)

    def give(self, n: int) -> bytes:
        """The register behind the pointer, again and again."""
        self._finish()
        if self._pointer > _CALIBRATION:
            raise Nack  # not mentioned
        word = self.registers[self._pointer] & 0xFFFF
        if self._pointer == _POWER:
            self.registers[_BUS] &= ~2
        return (word.to_bytes(2, "big") * n)[:n]

    def _reset(self) -> None:
        self.registers = [RESET, 0, 0, 0, 0, 0]
        self._pointer = 0
        self._configured(0)

    def _configured(self, recovery_ms: float) -> None:
        # Writing a mode that measures clears CNVR (8.6.3.2) and begins anew.
        config = self.registers[_CONFIG]
        self._done_ms: float | None = None
        if config & 3:
            self.registers[_BUS] &= ~2
            shunt_ms = _conversion_ms(config >> 3) if config & 1 else 0
            bus_ms = _conversion_ms(config >> 7) if config & 2 else 0
            self._done_ms = self.now_ms() + recovery_ms + shunt_ms + bus_ms

    def _finish(self) -> None:
        if self._done_ms is None or self.now_ms() < self._done_ms or self.fails("busy"):
            return
        config = self.registers[_CONFIG]
        if config & 1:
            full = 4000 << (config >> 11 & 3)  # table 4, in units of 10 uV
            shunt = round(self.scene.value("current_ma") * self._milliohm / 10)
            self.registers[_SHUNT] = min(full, max(-full, shunt))
        if config & 2:
            most = 8000 if config & 0x2000 else 4000
            bus = min(most, max(0, round(self.scene.value("supply_v") / 0.004)))
            self.registers[_BUS] = bus << 3 | 2
        current = self.registers[_SHUNT] * self.registers[_CALIBRATION] // 4096  # 8.5.1, equations 4 and 5
        power = abs(current) * (self.registers[_BUS] >> 3) // 5000
        if not -32768 <= current <= 32767 or power > 0xFFFF:
            self.registers[_BUS] |= 1
        self.registers[_CURRENT], self.registers[_POWER] = current, power
        if not config & 4:
            self._done_ms = None


def make(now_ms: Callable[[], float], scene: Scene, options: Mapping[str, Any]) -> INA219:
    """The part that a sensor's entry in config.py describes."""
    return INA219(now_ms, scene, options.get("address", 0x40), options.get("shunt_milliohm", 100))


def _conversion_ms(code: int) -> float:
    # Table 5: samples by powers of two, each of 12 bits, or one of less.
    return SAMPLE_MS[3] * (1 << (code & 7)) if code & 8 else SAMPLE_MS[code & 3]
