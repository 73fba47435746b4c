"""An Espressif chip in its boot loader, on a pseudo-terminal: what the real esptool finds when it flashes a virtual board.

The ROM's commands, and those of esptool's own helper ("stub") once that was loaded into RAM whole and started; its code is not
run. Source: Espressif, esptool documentation, "Serial protocol" (framing, commands, status bytes, what ROM and helper differ
in), and what esptool 5.6 expects (loader.py). A pseudo-terminal has no DTR and RTS: the chip is in its loader from the start,
or never.
"""

from __future__ import annotations

import hashlib
import os
import select
import struct
import termios
import threading
import tty
import zlib
from dataclasses import dataclass
from types import TracebackType

FLASH_BEGIN, FLASH_DATA, FLASH_END, MEM_BEGIN, MEM_END, MEM_DATA, SYNC, WRITE_REG, READ_REG = range(0x02, 0x0B)
SPI_SET_PARAMS, SPI_ATTACH, CHANGE_BAUD, DEFL_BEGIN, DEFL_DATA, DEFL_END, MD5, SECURITY = 0x0B, 0x0D, *range(0x0F, 0x15)
ERASE_FLASH, ERASE_REGION = 0xD0, 0xD1
_ESP8266_ROM = frozenset(range(0x02, 0x0B))
_ESP32_ROM = _ESP8266_ROM | {SPI_SET_PARAMS, SPI_ATTACH, CHANGE_BAUD, DEFL_BEGIN, DEFL_DATA, DEFL_END, MD5}
_HELPER = _ESP32_ROM | {SECURITY, ERASE_FLASH, ERASE_REGION}
_SYNC_DATA = b"\x07\x07\x12\x20" + 32 * b"\x55"
_MAGIC_REGISTER = 0x40001000  # a word of ROM that differs from chip to chip
_SECTOR = 0x1000
_INVALID, _BAD_SUM, _FAILED = 0x05, 0x07, 0x06
_RDID, _SFDP = 0x9F, 0x5A
_MAKER = 0xEF4000  # JEDEC: Winbond, W25Q; the last byte is the size's exponent


@dataclass(frozen=True)
class _Rom:
    """What tells one chip's loader from another's."""

    magic: int
    security: int | None  # length of GET_SECURITY_INFO's answer; None: no such command
    chip_id: int
    spi: int  # the flash controller's base, and offsets from it
    usr2: int
    w0: int
    status: int  # bytes of status at the end of an answer
    commands: frozenset[int]
    ram_block: int  # the longest MEM_DATA: USB-OTG takes 2 KiB
    high_address: bool  # whether the controller's address register holds the address in its upper bits


ROMS = {
    "esp8266": _Rom(0xFFF0C101, None, 0, 0x60000200, 0x24, 0x40, 2, _ESP8266_ROM, 0x1800, True),
    "esp32": _Rom(0x00F01D83, None, 0, 0x3FF42000, 0x24, 0x80, 4, _ESP32_ROM, 0x1800, True),
    "esp32s2": _Rom(0x000007C6, 12, 2, 0x3F402000, 0x20, 0x58, 4, _ESP32_ROM | {SECURITY}, 0x800, False),
    "esp32c3": _Rom(0x6921506F, 20, 5, 0x60002000, 0x20, 0x58, 4, _ESP32_ROM | {SECURITY}, 0x1800, False),
}


class Loader:
    """A chip that waits to be flashed; a context manager.

    Arguments: chip, a key of ROMS; flash_bytes, a power of two; answers, False: it runs its program, not the loader;
    unplug_at and mute_at, (command, how many of them): when that one comes the port vanishes, or the chip falls silent for
    good; worn, an address of the flash whose lowest bit stays 0.
    Attributes: path, of the port; flash, all of it (full of an old program, as NOR flash a write can only clear bits); log, the
    commands so far.
    """

    def __init__(
        self,
        chip: str,
        flash_bytes: int = 4 << 20,
        *,
        answers: bool = True,
        unplug_at: tuple[int, int] | None = None,
        mute_at: tuple[int, int] | None = None,
        worn: int | None = None,
    ) -> None:
        self.rom = ROMS[chip]
        self.flash = bytearray(b"\x5a" * flash_bytes)
        self.log: list[int] = []
        self._answers, self._unplug_at, self._mute_at, self._worn = answers, unplug_at, mute_at, worn
        self._helper = False
        self._speed: int | None = None  # None: the ROM takes whatever speed the first bytes have
        self._registers = {_MAGIC_REGISTER: self.rom.magic}
        self._ram: dict[int, bytearray] = {}  # what was loaded, by address
        self._loading: tuple[int, int, int] = (0, 0, 0)  # address, length, blocks to come
        self._at = self._end = self._erased = 0  # of the write that goes on
        self._inflate: zlib._Decompress | None = None
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self._stop_reader, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Loader:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.write(self._stop, b"x")
        self._thread.join()
        self._unplug()
        os.close(self._stop)
        os.close(self._stop_reader)

    @property
    def plugged(self) -> bool:
        """Whether the port is there."""
        return self._master >= 0

    def _unplug(self) -> None:
        master, self._master = self._master, -1
        if master >= 0:
            os.close(master)
            os.close(self._slave)

    def _run(self) -> None:
        received = b""
        while self._master >= 0:
            ready, _, _ = select.select([self._master, self._stop_reader], [], [])
            if self._stop_reader in ready:
                return
            received += os.read(self._master, 65536)
            *frames, received = received.split(b"\xc0")
            for frame in frames:
                if len(frame) >= 8 and self._answers and self._master >= 0:
                    self._take(frame.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb"))

    def _send(self, *packets: bytes) -> None:
        escaped = (packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") for packet in packets)
        data = b"".join(b"\xc0" + packet + b"\xc0" for packet in escaped)
        while data:
            data = data[os.write(self._master, data) :]

    def _answer(self, command: int, value: int = 0, data: bytes = b"", error: int = 0, times: int = 1) -> None:
        status = bytes([error > 0, error]).ljust(2 if self._helper else self.rom.status, b"\0")
        self._send(*[struct.pack("<BBHI", 1, command, len(data) + len(status), value) + data + status] * times)

    def _take(self, frame: bytes) -> None:
        direction, command, length, checksum = struct.unpack_from("<BBHI", frame)
        data = frame[8:]
        if direction or length != len(data) or not self._speed_fits(command):
            return  # noise
        self.log.append(command)
        if self._unplug_at is not None and self._unplug_at == (command, self.log.count(command)):
            self._unplug()
            return
        if self._mute_at is not None and self._mute_at == (command, self.log.count(command)):
            self._answers = False
            return
        if command not in (_HELPER if self._helper else self.rom.commands):
            # A ROM answers what it does not know several times and not under the command's own number: esptool's command().
            self._answer(command if self._helper else 0, error=_INVALID, times=1 if self._helper else 8)
        elif command in (FLASH_DATA, DEFL_DATA, MEM_DATA) and _checksum(data[16:]) != checksum & 0xFF:
            self._answer(command, error=_BAD_SUM)
        else:
            self._do(command, data)

    def _speed_fits(self, command: int) -> bool:
        """Bytes at another speed than was agreed are noise."""
        speed = termios.tcgetattr(self._slave)[5]
        if command == SYNC or self._speed is None:
            self._speed = speed
        return speed == self._speed

    def _do(self, command: int, data: bytes) -> None:
        words = struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])
        if command == SYNC:
            # What is not 0 says that the ROM answers, not a helper that still runs: esptool's sync().
            self._answer(command, 0 if self._helper else 0x20120707, error=0 if data == _SYNC_DATA else _INVALID, times=8)
        elif command == READ_REG:
            self._answer(command, self._registers.get(words[0], 0))
        elif command == WRITE_REG:
            self._write_register(words[0], words[1])
            self._answer(command)
        elif command == SECURITY:
            answer = struct.pack("<IB7sII", 0, 0, bytes(7), self.rom.chip_id, 0)
            self._answer(command, 0, answer[: self.rom.security])
        elif command == CHANGE_BAUD:
            self._answer(command)
            self._speed = getattr(termios, f"B{words[0]}", self._speed)
        elif command == MD5:
            digest = hashlib.md5(self.flash[words[0] : words[0] + words[1]])
            self._answer(command, 0, digest.digest() if self._helper else digest.hexdigest().encode())
        elif command in (MEM_BEGIN, MEM_DATA, MEM_END):
            self._load(command, words, data)
        elif command in (ERASE_FLASH, ERASE_REGION):
            at, size = words[:2] if words else (0, len(self.flash))
            fits = not (at % _SECTOR or size % _SECTOR or at + size > len(self.flash))
            if fits:
                self.flash[at : at + size] = b"\xff" * size
            self._answer(command, error=0 if fits else _FAILED)
        elif command in (FLASH_BEGIN, DEFL_BEGIN, FLASH_DATA, DEFL_DATA):
            self._answer(command, error=0 if self._flash(command, words, data) else _FAILED)
        else:
            self._answer(command)  # SPI_ATTACH, SPI_SET_PARAMS, FLASH_END, DEFL_END

    def _load(self, command: int, words: tuple[int, ...], data: bytes) -> None:
        """Fill RAM, and start what is there: only esptool's helper, whole, answers then."""
        if command == MEM_BEGIN:
            size, blocks, _, at = words[:4]
            self._loading, self._ram[at] = (at, size, blocks), bytearray()
            self._answer(command)
        elif command == MEM_DATA:
            at, size, blocks = self._loading
            block, good = data[16:], len(data) - 16 == words[0] <= self.rom.ram_block and blocks > 0
            if good:
                self._ram[at] += block
                self._loading = (at, size, blocks - 1)
            self._answer(command, error=0 if good else _FAILED)
        else:
            self._answer(command)
            entry = words[1]
            started = any(at <= entry < at + len(code) for at, code in self._ram.items())
            if started and self._loading[2] == 0 and len(self._ram[self._loading[0]]) == self._loading[1]:
                self._helper = True
                self._send(b"OHAI")

    def _flash(self, command: int, words: tuple[int, ...], data: bytes) -> bool:
        if command in (FLASH_BEGIN, DEFL_BEGIN):
            size, at = words[0], words[3]
            self._at = self._erased = at
            self._end = at + size
            self._inflate = zlib.decompressobj() if command == DEFL_BEGIN else None
            return not at % _SECTOR and self._end <= len(self.flash)
        block = data[16:]
        if command == DEFL_DATA:
            if self._inflate is None:
                return False
            try:
                block = self._inflate.decompress(block)
            except zlib.error:
                return False
        self._program(block)
        return len(data) - 16 == words[0]

    def _program(self, block: bytes) -> None:
        """As NOR flash: erased by sectors, as far as the write has come; then bits only go to 0."""
        last = min(self._at + len(block), self._end)
        while self._erased < last:
            self.flash[self._erased : self._erased + _SECTOR] = b"\xff" * _SECTOR
            self._erased += _SECTOR
        block = block[: max(0, last - self._at)]
        old = int.from_bytes(self.flash[self._at : last], "little")
        self.flash[self._at : last] = (old & int.from_bytes(block, "little")).to_bytes(len(block), "little")
        if self._worn is not None and self._at <= self._worn < last:
            self.flash[self._worn] &= 0xFE
        self._at = last

    def _write_register(self, address: int, value: int) -> None:
        """The flash controller obeys at once; all other registers only keep what they are given."""
        rom = self.rom
        if address != rom.spi:
            self._registers[address] = value
            return
        order = self._registers.get(rom.spi + rom.usr2, 0) & 0xFF
        at = self._registers.get(rom.spi + 4, 0) >> (8 if rom.high_address else 0)
        answer = 0
        if order == _RDID:
            answer = (_MAKER >> 16) | (_MAKER & 0xFF00) | (len(self.flash).bit_length() - 1) << 16
        elif order == _SFDP:
            answer = int.from_bytes(b"SFDP", "little") if at == 0 else _MAKER >> 16
        self._registers[rom.spi + rom.w0] = answer


def _checksum(data: bytes) -> int:
    state = 0xEF
    for byte in data:
        state ^= byte
    return state
