"""Runs on MicroPython: `store_cuts.py littlefs|fat`. The outbox's real files on a file system in memory, the power cut after
each byte that is written (littlefs) or each sector (FAT), and what is left looked at. Prints how many cuts there were.
"""

import io
import os
import sys
import vfs

from node import files, outbox, record

_BLOCK = {"littlefs": 4096, "fat": 512}
_BLOCKS = {"littlefs": 12, "fat": 192}
_EACH = 72  # bytes of a record
_ROOM = 3 * _EACH
_RING = 16 * _EACH


class Chip:
    """left: bytes (littlefs) or sectors (FAT) until the power fails; None: never."""

    def __init__(self, kind, data=None):
        self.kind = kind
        self.size = _BLOCK[kind]
        self.data = bytearray(data) if data else bytearray(self.size * _BLOCKS[kind])
        self.left = None
        self.off = False
        self.written = 0

    def readblocks(self, n, buf, off=0):
        at = n * self.size + off
        buf[:] = memoryview(self.data)[at : at + len(buf)]

    def writeblocks(self, n, buf, off=None):
        size = len(buf) if off is not None else 1  # a sector is written whole or not at all
        fits = size if self.left is None else min(size, self.left)
        self.off = self.off or fits < size
        self.written += size
        if self.left is not None:
            self.left -= fits
        take = fits if off is not None else fits * len(buf)
        at = n * self.size + (off or 0)
        self.data[at : at + take] = memoryview(buf)[:take]

    def ioctl(self, op, arg):
        if op == 4:
            return len(self.data) // self.size
        if op == 5:
            return self.size
        if op == 6:
            if not self.off:
                self.data[arg * self.size : (arg + 1) * self.size] = b"\xff" * self.size
            return 0


def mount(chip, make=False):
    kind = vfs.VfsLfs2 if chip.kind == "littlefs" else vfs.VfsFat
    if make:
        kind.mkfs(chip)
    vfs.mount(kind(chip), "/x")
    os.chdir("/x")


def umount():
    os.chdir("/")
    vfs.umount("/x")


class State:
    acked = dropped = flash_writes = flags = 0
    boot = 1

    def __init__(self, other=None):
        for name in ("acked", "dropped", "flash_writes", "flags", "boot"):
            setattr(self, name, getattr(other or State, name))


class Store:
    """What node.outbox works on. saved: what retained memory holds after a reset."""

    room = _ROOM

    def __init__(self, chip, other=None):
        self.chip = chip
        self.image = bytearray(other.image if other else _ROOM)
        self.used = other.used if other else 0
        self.state = State(other.state if other else None)
        self.saved = None
        self.save()

    def ram(self, size):
        return io.BytesIO(memoryview(self.image)[:size])

    def save(self):
        if not self.chip.off:
            self.saved = self.image[:], self.used, State(self.state)

    def restored(self):
        self.image, self.used, self.state = self.saved
        return self


def take(store, key):
    outbox.append(store, record.pack(key, 1795214385, 1, b"x" * (_EACH - record.HEADER)))
    store.save()


def pending(store):
    return [rec[0] for rec in outbox.pending(store, 1000000)]


def cuts(kind, before, drops):
    """Take the reading that comes after `before` others, with the power cut at each place. drops: how many readings are dropped
    when it is not. Returns how many places there are.
    """
    chip = Chip(kind)
    mount(chip, True)
    store = Store(chip)
    files.keep_counts(store.state)
    for key in range(1, before + 1):
        take(store, key)
    lost = store.state.dropped
    empty = Store(chip)
    empty.state.acked = store.state.acked
    held = set(pending(empty))
    umount()
    image = bytes(chip.data)
    left = 0
    while True:
        chip = Chip(kind, image)
        mount(chip)
        chip.left = left
        after = Store(chip, store)
        take(after, before + 1)
        cut = chip.off
        chip.off = False
        chip.left = None
        umount()
        mount(chip)
        # A reset: retained memory is as it was saved last.
        kept = after.restored()
        found = pending(kept)
        assert found == sorted(set(found)), (left, found)
        old = [key for key in found if key <= before]
        assert len(old) + kept.state.dropped == before, ("reset", left, found, kept.state.dropped)
        # A power cut: what flash holds is all there is, and the count of what was dropped from it.
        cold = Store(chip)
        files.count_boot(cold.state)
        found = set(pending(cold))
        assert cold.state.boot == 2
        assert len(held - found) == cold.state.dropped - lost, ("power", left, held - found, cold.state.dropped, lost)
        # And it goes on.
        take(cold, 1 << 20)
        assert (1 << 20) in pending(cold)
        umount()
        left += 1
        if not cut:
            assert kept.state.dropped - lost == drops, kept.state.dropped
            return left


def main(kind):
    outbox.FLASH_BYTES = _RING
    vfs_root = os.getcwd()
    # A move to flash; one that turns for the first time; one whose turn drops what is oldest.
    for before, drops in ((3, 0), (9, 0), (15, 6)):
        print(kind, cuts(kind, before, drops))
    os.chdir(vfs_root)


main(sys.argv[1])
