"""Writing an Espressif chip's flash with esptool, as a library: its errors become one line, its progress a bar.

As a library and not as a program: progress and errors come as calls and exceptions instead of text to be read again, and an
interrupt reaches it at once. What is used is esptool's public API (its documentation, "Scripting": esptool.cmds).
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dormouse.errors import DormouseError
from dormouse.flashing.esptool_log import Listener, listening
from dormouse.flashing.firmware import Facts
from dormouse.flashing.steps import Steps

_ATTEMPTS = 7  # esptool's own number of resets and syncs, about 7 s for a port on which nobody answers
_ROM_BAUD = 115200
_QUIET_S = 3.0
_ERASE_BYTES = 1 << 20  # at once: some seconds of a slow flash, so that there is something to show
# esptool 5.6 loader.py: slip_reader, read, run_stub
_SILENT = ("No serial data", "No more data", "data stream stopped", "There was no response")
_HALF = "the board does not start now: run this again to its end (the boot loader is in the chip's ROM, it cannot be lost)"


@dataclass
class Job:
    """What to write, and how far it is.

    board, its board.toml; data, the checked file; needs, bytes of flash; port; baud, bit/s while writing; keep_files, whether
    only what the firmware covers is erased; attempts, to reach the boot loader; alike, the boards by chip.
    """

    board: Facts
    data: bytes
    needs: int
    port: str
    baud: int
    keep_files: bool = False
    attempts: int = _ATTEMPTS
    doing: str = "connecting"
    touched: bool = False  # the flash is not what it was


def write(job: Job, alike: dict[str, list[str]], steps: Steps) -> None:
    """Detect the chip, erase, write, verify, reset.

    Arguments: alike, names of boards by chip, for the message about a wrong one.
    Raises DormouseError: nobody answers (with how to enter the boot loader), another chip, no room, an unplugged cable, a
    failed comparison.
    """
    with listening() as listener, _told(job, steps):
        esp = _connect(job, alike)
        try:
            esp = _helped(esp, job, steps)
            _flash(esp, job, _room(esp, job), listener, steps)
        finally:
            _release(esp)


def _connect(job: Job, alike: dict[str, list[str]]) -> Any:
    from esptool import cmds
    from esptool.util import strip_chip_name

    esp = cmds.detect_chip(job.port, connect_attempts=job.attempts)
    esp._port.timeout = _QUIET_S  # without it a helper that does not start is waited for without end (esptool 5.6, run_stub)
    found, chip = strip_chip_name(esp.CHIP_NAME), job.board["chip"]
    if found == chip and not esp.secure_download_mode:
        return esp
    _release(esp)
    if found == chip:
        raise DormouseError(f"{job.port}: this {esp.CHIP_NAME} is locked (secure download mode): its flash cannot be written")
    fits = f" (the chip of {', '.join(alike[found])})" if found in alike else ""
    text = f"the chip on {job.port} is an {esp.CHIP_NAME}{fits}, {job.board['title']} has an {chip}"
    raise DormouseError(f"{text}; nothing was written. Is it the right --port and the right BOARD?")


def _helped(esp: Any, job: Job, steps: Steps) -> Any:
    """Start esptool's helper in the chip's RAM: the ROM alone neither erases all nor, on an ESP8266, verifies."""
    from esptool import cmds

    steps.say(f"{esp.get_chip_description()} on {job.port}")
    job.doing = "starting esptool's helper on the chip"
    helper = cmds.run_stub(esp)
    if not helper.IS_STUB:
        raise DormouseError(f"{job.port}: esptool's helper does not run on this chip (secure boot?); nothing was written")
    if job.board["usb"] != "native" and job.baud != _ROM_BAUD:
        helper.change_baud(job.baud)
    return helper


def _room(esp: Any, job: Job) -> int:
    """The size of the flash in bytes. Raises DormouseError when the firmware does not fit."""
    from esptool import cmds
    from esptool.util import flash_size_bytes

    job.doing = "looking at the flash"
    cmds.attach_flash(esp)
    size: int | None = flash_size_bytes(cmds.detect_flash_size(esp))
    if size is None:
        raise DormouseError(f"{job.port}: the flash chip does not answer; nothing was written. Try --baud {_ROM_BAUD}")
    if job.needs > size:
        text = f"the firmware needs {job.needs >> 10} KiB of flash, this board has {size >> 10} KiB"
        raise DormouseError(f"{text}; nothing was written")
    return size


def _flash(esp: Any, job: Job, size: int, listener: Listener, steps: Steps) -> None:
    from esptool import cmds

    job.doing, job.touched = "erasing", True
    if not job.keep_files:
        with steps.bar(f"erase {size >> 20} MiB") as done:
            for at in range(0, size, _ERASE_BYTES):
                cmds.erase_region(esp, at, min(_ERASE_BYTES, size - at))
                done((at + _ERASE_BYTES) / size)
    job.doing = "writing"
    esp.WRITE_FLASH_ATTEMPTS = 1  # a board that was unplugged has left its boot loader: waiting for it does not help
    offset = job.board["flash"]["offset"]
    # An ESP8266's SDK reads the flash's size from the header: micropython docs/esp8266/tutorial/intro.rst
    flash_size = "detect" if job.board["chip"] == "esp8266" else "keep"
    with steps.bar(f"write {len(job.data) >> 10} KiB at {offset:#x}") as done:
        listener.told = done
        cmds.write_flash(esp, [(offset, job.data)], flash_size=flash_size)  # compares the flash's MD5 with the file's
        listener.told = None
    job.touched = False
    steps.say("verified: the flash holds the file, by its MD5")
    job.doing = "resetting"


def _release(esp: Any) -> None:
    """Let the board run and give the port back; a board that is gone does not mind."""
    with contextlib.suppress(RuntimeError, *_port_errors()), esp:
        esp.hard_reset()


@contextlib.contextmanager
def _told(job: Job, steps: Steps) -> Iterator[None]:
    """Turn what esptool and the port raise into a line for the user."""
    try:
        yield
    except DormouseError:
        raise
    except KeyboardInterrupt:
        if job.touched:
            steps.say(f"interrupted while {job.doing}: {_HALF}")
        raise
    except (RuntimeError, struct.error, IndexError) as error:  # esptool's FatalError is a RuntimeError
        raise DormouseError(_said_by_esptool(str(error), job)) from error
    except _port_errors() as error:
        raise DormouseError(_with_state(f"{job.port} was lost while {job.doing}: was it unplugged?", job)) from error


def _said_by_esptool(text: str, job: Job) -> str:
    if "Could not open" in text:
        return _not_opened(text, job.port)
    if "Failed to connect" in text:
        why = " (it runs its program)" if "Wrong boot mode" in text else ""
        return f"{job.port}: no boot loader answers{why}. Start it, then run this again: {job.board['flash']['enter']}"
    if "MD5 of file" in text or "flash region is empty" in text:
        return _with_state(f"{job.port}: the flash does not hold what was written. Try --baud {_ROM_BAUD}, another cable.", job)
    if any(words in text for words in _SILENT):
        return _with_state(f"{job.port} fell silent while {job.doing}: was it unplugged, is the cable or the supply bad?", job)
    return _with_state(f"{job.port}: while {job.doing}, esptool says: {text.splitlines()[0].rstrip('.')}", job)


def _with_state(text: str, job: Job) -> str:
    return f"{text} {_HALF[0].upper()}{_HALF[1:]}" if job.touched else f"{text} Nothing was written"


def _not_opened(text: str, port: str) -> str:
    if "Permission denied" in text or "Errno 13" in text:
        return f"not allowed to open {port}: join its group (sudo usermod -a -G dialout $USER) and log in again"
    if "Errno 2]" in text or "FileNotFoundError" in text:
        return f"there is no port {port}: is the board plugged in? Without --port it is looked for"
    return f"cannot open {port}: another program has it, a serial monitor, Thonny or mpremote; close that"


def _port_errors() -> tuple[type[Exception], ...]:
    """What a port that goes away raises: pyserial's exceptions are OSErrors, termios (not on Windows) has its own."""
    try:
        import termios
    except ImportError:
        return (OSError,)
    return (OSError, termios.error)
