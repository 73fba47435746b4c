"""What boards print on a serial port, for the tests of what reads it."""

from __future__ import annotations

from command_line import ROOT

# What an ESP8266's loader says at 74880 baud, as an adapter at 115200 reads it; its letters and ends of lines are noise too.
NOISE = b"\x00\x8cl\xde|\x00\x8cd\x8c\xe2\x02l\r\n c\x0c l`\x03\xfbo|\r\nl l\r\n\xff\x12{l$"
# An ESP32-S2's, at 115200.
BOOT = (
    b"ESP-ROM:esp32s2-rc4-20191025\r\nBuild:Oct 25 2019\r\nrst:0x5 (DSLEEP),boot:0x8 (SPI_FAST_FLASH_BOOT)\r\nSPIWP:0xee\r\n"
    b"mode:DIO, clock div:1\r\nload:0x3ffe6100,len:0x17ac\r\nentry 0x4004c190\r\n"
)
POWER = BOOT.replace(b"rst:0x5 (DSLEEP)", b"rst:0x1 (POWERON)")


def place(file: str, text: str) -> int:
    """The number of the first line with a text."""
    return next(n for n, line in enumerate((ROOT / file).read_text().splitlines(), 1) if text in line)
