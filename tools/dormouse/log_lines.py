"""A serial port's bytes as lines: what the node printed, what the chip's loader did, and noise."""

from __future__ import annotations

import re
from typing import NamedTuple

# What the loaders in ROM and ESP-IDF's print at each start: ESP-IDF "Boot messages", esp8266/Arduino doc/boards.rst.
_BOOT = re.compile(
    r"ets [A-Z][a-z]{2} +\d|ESP-ROM:|Build:[A-Z]|rst:0x|rst cause:|Saved PC:|SPIWP:|mode:[A-Z]+, ?clock div|load[: ]0x|entry 0x"
    r"|configsip:|clk_drv:|tail \d+( room|$)|chksum 0x|csum 0x|ho \d+ tail|~ld|I \(\d+\) "
)
_RESET = re.compile(r"rst:0x\w+ \((\w+)\)|rst cause:(\d+)")
# What the node and the firmware begin their lines with.
_KNOWN = re.compile(
    r"delivered \d|upload failed: |sensor \S+ failed: |Traceback \(most|MPY: |MicroPython v|  File \""
    r"|\w+(Error|Interrupt)(: |$)"
)
# A line that somebody wrote, as far as noise can be told from it: words with a space between, one of three letters at least.
_WORDS = re.compile(r"(?=.*[A-Za-z]{3})[\w'\"(.,:=/-]+( [\w'\"().,:=/-]+)+$")
_LONGEST = 4096  # bytes without an end of line: noise, or no text at all


class Line(NamedTuple):
    """A line that came. kind: "text", "boot" (the chip's loader), "noise". reset: why it started, where the loader says it."""

    kind: str
    text: str
    reset: str = ""


class Lines:
    """Takes bytes, gives lines.

    An ESP8266's loader speaks at 74880 baud (its clock is divided for a crystal of 40 MHz, and there is one of 26): at 115200
    that is noise, which may end in the middle of the program's first line.
    """

    def __init__(self) -> None:
        self._held = b""
        self._noisy = False

    def feed(self, data: bytes) -> list[Line]:
        """Take what came. Returns the lines that are complete."""
        self._held += data
        *whole, self._held = self._held.split(b"\n")
        if len(self._held) > _LONGEST:
            whole.append(self._held)
            self._held = b""
        return [line for line in map(self._line, whole) if line is not None]

    def rest(self) -> list[Line]:
        """What has no end of line, when nothing more comes: a prompt, or the line that the sleep cut off."""
        held, self._held = self._held, b""
        line = self._line(held)
        return [line] if line else []

    def _line(self, data: bytes) -> Line | None:
        text = data.rstrip(b"\r").decode("utf-8", "replace")
        bad = max((at for at, letter in enumerate(text) if _is_noise(letter)), default=-1)
        if bad < 0 and not text.strip():
            return None
        self._noisy = self._noisy or bad >= 0
        text = text[bad + 1 :]
        if self._noisy:
            known = _KNOWN.search(text) or _BOOT.search(text)
            if known:
                text = text[known.start() :]
            elif not _WORDS.match(text):
                # Noise has letters in it too, and ends of lines.
                return Line("noise", "")
        if _BOOT.match(text):
            reset = _RESET.search(text)
            return Line("boot", text, (reset[1] or f"cause {reset[2]}") if reset else "")
        self._noisy = False
        return Line("text", text)


def _is_noise(letter: str) -> bool:
    return letter == "\ufffd" or letter == "\x7f" or (letter < " " and letter not in "\t\x1b\x04")
