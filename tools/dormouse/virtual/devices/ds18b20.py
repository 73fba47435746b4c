"""Maxim DS18B20 at the level of reset and time slot.

Source: Maxim Integrated, DS18B20, 19-7487, rev. 6, 7/19. Where it says nothing, the model takes the harsher answer, and the
comment says so.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

from dormouse.virtual.devices import OneWireDevice
from dormouse.virtual.devices.scene import Scene

FAMILY = 0x28
CONVERT_MS = (93.75, 187.5, 375.0, 750.0)  # table 2, maximum, 9 to 12 bits
POWER_UP_MS = 5.0  # the datasheet gives none
EEPROM_MS = 10.0  # AC electrical characteristics, t_WR
DEFAULT = (0x50, 0x05)  # 85 C (table 1, note)
_SEARCH, _READ_ROM, _MATCH, _SKIP, _ALARM = 0xF0, 0x33, 0x55, 0xCC, 0xEC
_CONVERT, _WRITE, _READ, _COPY, _RECALL, _SUPPLY = 0x44, 0x4E, 0xBE, 0x48, 0xB8, 0xB4

# What a part does from a reset on: it gives the level that it sends in the next slot (1: it lets go), or what tells that level
# then, and is sent the bit that the master wrote. It ends where the part waits for the next reset.
Steps = Generator[int | Callable[[], int], int, None]


def crc8(data: bytes) -> int:
    """Return the CRC: x^8 + x^5 + x^4 + 1 (figure 11), from 0. On purpose another way than the firmware's: by division."""
    dividend = int.from_bytes(bytes(int(f"{byte:08b}"[::-1], 2) for byte in data), "big") << 8
    for at in range(dividend.bit_length() - 1, 7, -1):
        if dividend >> at & 1:
            dividend ^= 0x131 << at - 8
    return int(f"{dividend:08b}"[::-1], 2)


def rom_of(serial: int) -> bytes:
    """The ROM code of a part: family, 48 bits, CRC."""
    code = bytes([FAMILY]) + serial.to_bytes(6, "little")
    return code + bytes([crc8(code)])


class DS18B20(OneWireDevice):
    """One DS18B20.

    now_ms: the virtual board's monotonic milliseconds. scene: gives ground_c; its failure "ds18b20" is "nack" or "open" (not
    there), "crc" (a bit of the scratchpad wrong), "busy" (never done converting) or "stuck" (holds the line low). pin: as
    config.py names it. rom: 8 bytes. parasite: VDD is not connected. offset_c: how much warmer than ground_c it is here.
    """

    def __init__(
        self,
        now_ms: Callable[[], float],
        scene: Scene,
        pin: int | str,
        rom: bytes = rom_of(1),
        *,
        parasite: bool = False,
        offset_c: float = 0.0,
    ) -> None:
        if len(rom) != 8 or crc8(rom):
            raise ValueError(f"ROM code {rom.hex()}: 8 bytes, the last one their CRC")
        self.pin = str(pin)
        self.rom = rom
        self.parasite = parasite
        self.eeprom = bytes((0x4B, 0x46, 0x7F))  # as delivered: 75 C, 70 C, 12 bits
        self._offset_c = offset_c
        self._now_ms = now_ms
        self._scene = scene
        self._powered = False
        self._level: int | Callable[[], int] = 1
        self.power(True)

    def power(self, on: bool) -> None:
        """Switch the supply; switched on, the part answers after POWER_UP_MS, and its scratchpad holds the default."""
        if on and not self._powered:
            self._start_up()
        self._powered = on

    def reset(self) -> bool:
        if self._fails("stuck"):
            return True
        self._steps = None
        if not self._there():
            return False
        self._steps = self._rom_command()
        self._level = next(self._steps)
        return True

    def slot(self, bit: int) -> int:
        if self._fails("stuck"):
            return 0
        if self._steps is None or not self._there():
            return 1
        level = self._level() if callable(self._level) else self._level
        try:
            self._level = self._steps.send(bit & level)
        except StopIteration:
            self._steps = None
        return level

    # The protocol. `yield 1` takes a bit of the master's, `yield bit` gives one.

    def _rom_command(self) -> Steps:
        command = yield from self._take()
        if command == _READ_ROM:
            yield from self._give(self.rom)
        elif command == _MATCH:
            for byte in self.rom:
                for i in range(8):
                    if (yield 1) != byte >> i & 1:
                        return
        elif command == _SEARCH:
            for byte in self.rom:
                for i in range(8):
                    mine = byte >> i & 1
                    yield mine
                    yield 1 - mine
                    if (yield 1) != mine:
                        return
        elif command != _SKIP:
            return  # the alarm search among them: the harsher, no alarm
        yield from self._function()

    def _function(self) -> Steps:
        command = yield from self._take()
        if self._converting() and command != _READ:
            return  # not mentioned
        if command == _CONVERT:
            if self.parasite:
                self._start_up()  # without a strong pull-up the conversion's current takes the supply away
                return
            self._new = self._measured()
            self._done_ms = self._now_ms() + CONVERT_MS[self._bits() - 9]
            while True:
                yield lambda: 0 if self._converting() else 1
        elif command == _WRITE:
            for at in (2, 3, 4):
                value = yield from self._take()
                self._data[at] = value & 0x60 | 0x1F if at == 4 else value  # figure 10: the other bits are fixed
        elif command == _READ:
            yield from self._give(self._scratchpad())
        elif command == _COPY:
            if self.parasite:
                self._start_up()
                return
            self.eeprom = bytes(self._data[2:5])
            done_ms = self._now_ms() + EEPROM_MS
            while True:
                yield lambda: 0 if self._now_ms() < done_ms else 1
        elif command == _RECALL:
            self._data[2:5] = self.eeprom
        elif command == _SUPPLY:
            yield 0 if self.parasite else 1

    def _take(self) -> Generator[int, int, int]:
        value = 0
        for i in range(8):
            value |= (yield 1) << i
        return value

    def _give(self, data: bytes) -> Generator[int, int, None]:
        for byte in data:
            for i in range(8):
                yield byte >> i & 1

    # What it holds.

    def _start_up(self) -> None:
        self._data = bytearray((*DEFAULT, *self.eeprom, 0xFF, 0x0C, 0x10))  # figure 9
        self._new: tuple[int, int] | None = None
        self._done_ms = 0.0
        self._steps: Steps | None = None
        self._ready_ms = self._now_ms() + POWER_UP_MS

    def _bits(self) -> int:
        return 9 + (self._data[4] >> 5)

    def _measured(self) -> tuple[int, int]:
        celsius = self._scene.value("ground_c") + self._offset_c
        sixteenths = round(min(125.0, max(-55.0, celsius)) * 16)
        # The bits below the resolution are undefined (figure 4): set, where nothing says that they are not.
        word = (sixteenths & 0xFFFF) | (1 << 12 - self._bits()) - 1
        return word & 0xFF, word >> 8

    def _converting(self) -> bool:
        if self._new is None:
            return False
        if self._now_ms() < self._done_ms or self._fails("busy"):
            return True
        self._data[:2] = self._new
        self._new = None
        return False

    def _scratchpad(self) -> bytes:
        self._converting()
        data = bytes(self._data)
        data += bytes([crc8(data)])
        return bytes([data[0] ^ 1]) + data[1:] if self._fails("crc") else data

    def _there(self) -> bool:
        return self._powered and self._now_ms() >= self._ready_ms and not (self._fails("nack") or self._fails("open"))

    def _fails(self, how: str) -> bool:
        return self._scene.failure("ds18b20") == how


def make(now_ms: Callable[[], float], scene: Scene, options: Mapping[str, Any]) -> DS18B20:
    """The part that a sensor's entry in config.py describes; where it names none by "rom", it is always the same one."""
    rom = bytes.fromhex(options.get("rom") or "") or rom_of(1)
    return DS18B20(now_ms, scene, options.get("pin", ""), rom)
