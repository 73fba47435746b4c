"""The Pyboard D: checking a DfuSe file, and writing it with dfu-util.

dfu-util and not Python: it is packaged everywhere with the USB library that it needs, and what there is in Python,
MicroPython's tools/pydfu.py, is no package. The file's form: ST UM0391, "DfuSe file format specification", and micropython
tools/dfu.py, which makes it.
"""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import threading
import zlib
from pathlib import Path

from dormouse.errors import DormouseError
from dormouse.flashing import firmware
from dormouse.flashing.firmware import Facts
from dormouse.flashing.steps import Set, Steps

USB_ID = "0483:df11"  # mboot's: micropython ports/stm32/Makefile, BOOTLOADER_DFU_USB_VID and _PID
_PREFIX = struct.Struct("<5sBIB")  # "DfuSe", 1, the length without suffix, targets
_TARGET = struct.Struct("<6sBI255sII")  # "Target", alternate setting, named, name, length, elements
_ELEMENT = struct.Struct("<II")  # address, length
_SUFFIX = struct.Struct("<HHHH3sBI")  # device, product, vendor, version, "UFD", its own length, CRC
# Where a firmware of this board may be: after mboot's 32 KiB, and in the second serial flash; the first is the file system.
# micropython ports/stm32/boards/PYBD_SF2/mpconfigboard.mk (TEXT0_ADDR, TEXT1_ADDR), mpconfigboard.h; 2 MiB inside: the SF6's.
_PLACES = {"pyboard_d": (range(0x08008000, 0x08200000), range(0x90000000, 0x90200000))}
_LIST_S, _WRITE_S = 15, 300
_INSTALL = "apt install dfu-util, brew install dfu-util, or dfu-util.sourceforge.net (Windows: with Zadig's WinUSB driver)"


def check(path: Path, data: bytes, board: Facts) -> bytes:
    """Check a .dfu before anything is erased.

    Arguments: path, to name it; data, the file; board, its board.toml.
    Returns what it holds for the flash, headers taken off.
    Raises DormouseError for a damaged or cut file, another USB device's, and one whose addresses are not this board's.
    """
    try:
        return _elements(data, _PLACES.get(board["name"]))
    except (ValueError, struct.error) as error:
        why = str(error) if isinstance(error, ValueError) else "it is cut off"
        raise firmware.wrong(path, why, board) from error


def _elements(data: bytes, places: tuple[range, ...] | None) -> bytes:
    if data[:5] != b"DfuSe":
        raise ValueError("this is no DfuSe file")
    _, product, vendor, _, mark, length, crc = _SUFFIX.unpack(data[-_SUFFIX.size :])
    if mark != b"UFD" or length != _SUFFIX.size:
        raise ValueError("it is cut off: its suffix is missing")
    if zlib.crc32(data[:-4]) ^ 0xFFFFFFFF != crc:
        raise ValueError("it is damaged: its CRC is not that of its bytes")
    _, version, size, targets = _PREFIX.unpack_from(data)
    if version != 1 or size != len(data) - _SUFFIX.size or not targets:
        raise ValueError("its prefix is wrong")
    if f"{vendor:04x}:{product:04x}" != USB_ID:
        raise ValueError(f"it is for the USB device {vendor:04x}:{product:04x}, not for {USB_ID}")
    found, at = b"", _PREFIX.size
    for _ in range(targets):
        name, setting, _, _, length, elements = _TARGET.unpack_from(data, at)
        at += _TARGET.size
        if name != b"Target" or setting:
            raise ValueError("its target is not the flash (alternate setting 0)")
        end = at + length
        for _ in range(elements):
            address, count = _ELEMENT.unpack_from(data, at)
            at += _ELEMENT.size
            if at + count > end or end > size:
                raise ValueError("its lengths do not agree")
            if places is not None and not any(address in place and address + count <= place.stop for place in places):
                raise ValueError(f"it writes to {address:#x}, where this board's firmware is not: it is another board's")
            found += data[at : at + count]
            at += count
        if at != end:
            raise ValueError("its lengths do not agree")
    if at != size:
        raise ValueError("its lengths do not agree")
    return found


def command(tool: str, path: Path) -> list[str]:
    """dfu-util's command line. The file itself says the addresses: -s is not for DfuSe files (dfu-util(1))."""
    return [tool, "-d", USB_ID, "-a", "0", "-D", str(path)]


def write(path: Path, board: Facts, steps: Steps, wait_s: float) -> None:
    """Write a checked file.

    Arguments: wait_s, how long to wait for the board in its boot loader.
    Raises DormouseError when dfu-util is missing or fails, and when there is no board (with how to enter the boot loader).
    """
    tool = shutil.which("dfu-util")
    if tool is None:
        raise DormouseError(f"dfu-util is missing: install it, {_INSTALL}. It is run as: {' '.join(command('dfu-util', path))}")
    how = f"{board['title']}: {board['flash']['enter']}"
    if steps.wait_for(lambda: _there(tool), wait_s, how) is None:
        raise DormouseError(f"no {board['title']} in its boot loader was found ({USB_ID}). {board['flash']['enter']}")
    with steps.bar(f"erase and write {path.name}") as done:
        status, text = _run(command(tool, path), done)
    if status:
        raise DormouseError(f"{_reason(text, status)}; run this again to its end, the boot loader (mboot) stays")
    steps.say("dfu-util wrote it; it does not read it back. Press RST")


def _there(tool: str) -> bool | None:
    try:
        done = subprocess.run([tool, "-l"], capture_output=True, text=True, timeout=_LIST_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DormouseError(f"dfu-util does not run: {error}") from error
    return True if f"Found DFU: [{USB_ID}]" in done.stdout else None


def _run(words: list[str], done: Set) -> tuple[int, str]:
    """Run dfu-util and follow its percentages. Returns its status and what it said."""
    said = b""
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        late = threading.Timer(_WRITE_S, process.kill)
        late.start()
        try:
            assert process.stdout is not None
            while chunk := process.stdout.read1(4096):  # type: ignore[attr-defined]
                said += chunk
                if shares := re.findall(rb"Download\s.*?(\d+)%", said[-400:]):
                    done(int(shares[-1]) / 100)
        except KeyboardInterrupt:
            process.kill()
            raise
        finally:
            late.cancel()
    return process.returncode, said.decode(errors="replace")


def _reason(text: str, status: int) -> str:
    if "LIBUSB_ERROR_ACCESS" in text or "Cannot open DFU device" in text:
        return "not allowed to open the board: Linux needs a udev rule (dfu-util's page has it), Windows Zadig's WinUSB"
    lines = [line.strip() for line in text.replace("\r", "\n").splitlines() if line.strip()]
    return f"dfu-util ended with status {status}: {lines[-1] if lines else 'it said nothing'}"
