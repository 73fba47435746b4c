"""The emulated boot loader has the real one's limits; spoken to by esptool's own low-level commands."""

from __future__ import annotations

import pytest
from esptool import cmds
from esptool.util import FatalError, UnsupportedCommandError

from dormouse.flashing.esptool_log import silent
from dormouse.virtual import loader
from dormouse.virtual.loader import Loader

SECTOR = 0x1000


@pytest.mark.parametrize("chip", ["esp8266", "esp32", "esp32s2", "esp32c3"])
def test_the_rom_alone_does_not_know_the_helpers_commands(chip: str) -> None:
    with silent(), Loader(chip) as board, cmds.detect_chip(board.path) as rom:
        assert rom.CHIP_NAME.replace("-", "").lower() == chip
        with pytest.raises(UnsupportedCommandError):
            rom.check_command("erase flash", loader.ERASE_FLASH)
    assert set(board.flash) == {0x5A}


def test_the_helper_starts_only_whole_and_at_its_own_address() -> None:
    with silent(), Loader("esp32c3") as board, cmds.detect_chip(board.path) as rom:
        rom._port.timeout = 0.2
        rom.mem_begin(8, 2, 4, 0x4037C000)
        rom.mem_block(b"1234", 0)
        rom.mem_finish(0x4037C000)  # the second block is missing
        with pytest.raises(FatalError):
            rom.read()
        rom.flush_input()
        rom.mem_begin(8, 1, 8, 0x4037C000)
        rom.mem_block(b"12345678", 0)
        rom.mem_finish(0x40000000)  # nothing was loaded there
        with pytest.raises(FatalError):
            rom.read()


def test_usb_otg_takes_2_kib_at_once() -> None:
    with silent(), Loader("esp32s2") as board, cmds.detect_chip(board.path) as rom:
        assert rom.ESP_RAM_BLOCK == 0x800  # esptool knows, or cannot rule it out
        rom.mem_begin(0x900, 1, 0x900, 0x40028000)
        with pytest.raises(FatalError, match="write to target RAM"):
            rom.mem_block(bytes(0x900), 0)


def test_a_speed_that_was_not_agreed_is_noise() -> None:
    with silent(), Loader("esp32c3") as board, cmds.detect_chip(board.path) as rom:
        rom._port.baudrate = 460800
        with pytest.raises(FatalError, match="stream stopped"):
            rom.read_reg(0x40001000, timeout=0.2)
        rom._port.baudrate = 115200
        rom.flush_input()
        assert rom.read_reg(0x40001000) == 0x6921506F
        rom.change_baud(460800)
        assert rom.read_reg(0x40001000) == 0x6921506F


def test_flash_is_erased_by_sectors_and_written_by_clearing_bits() -> None:
    with silent(), Loader("esp32c3") as board, cmds.detect_chip(board.path) as rom:
        helper = cmds.run_stub(rom)
        with pytest.raises(FatalError):
            helper.erase_region(100, SECTOR)
        helper.erase_region(SECTOR, SECTOR)
        assert set(board.flash[SECTOR : 2 * SECTOR]) == {0xFF}
        assert set(board.flash[:SECTOR]) == set(board.flash[2 * SECTOR : 3 * SECTOR]) == {0x5A}
        helper.flash_begin(10, 2 * SECTOR)
        helper.flash_block(b"0123456789".ljust(helper.FLASH_WRITE_SIZE, b"\xff"), 0)
        assert board.flash[2 * SECTOR : 2 * SECTOR + 10] == b"0123456789"
        helper.flash_block(b"more than was announced", 1)
        assert board.flash[2 * SECTOR + 10 : 3 * SECTOR] == b"\xff" * (SECTOR - 10)
        with pytest.raises(FatalError):
            helper.flash_begin(SECTOR, len(board.flash))
