"""A board of retained memory, a clock and a reset cause, for what keeps readings: the real files on both interpreters."""

import sys

from node import drop, memory, record


class Machine:
    """Stands in for the module machine."""

    PWRON_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET, HARD_RESET = 1, 2, 3, 4, 5
    cause = DEEPSLEEP_RESET

    def reset_cause(self):
        return Machine.cause


_kept = sys.modules.get("machine")
sys.modules["machine"] = Machine()
from node import keep, restore  # noqa: E402
from power import rtc  # noqa: E402

# Others bring a machine of their own.
drop("node.keep", "node.restore", "power.rtc", "power.cause")
del sys.modules["machine"]
if _kept:
    sys.modules["machine"] = _kept
rtc.read = lambda: Board.now_s


class Torn(Exception):
    """A reset amid a write."""


class Board:
    """retained_bytes: of memory. in_place: it is written where it lies, as on a Pyboard D; else copied. Stands in for the
    profile and for config.py.
    """

    now_s = 1795214385
    BOARD = "none"
    WAKE_EVERY_S = 900
    TEST_MODE = False
    WAKE_PIN = None

    def __init__(self, retained_bytes, in_place=False):
        self.RETAINED_BYTES = retained_bytes
        self.memory = bytearray(retained_bytes if in_place else 0)
        self.in_place = in_place
        self.stop = None  # bytes after which a write is torn

    def retained_read(self):
        return memoryview(self.memory) if self.in_place else bytes(self.memory)

    def retained_write(self, image):
        if self.in_place:
            return
        if self.stop is None:
            self.memory = bytearray(image)
            return
        # The length comes after the data (esp32) or before it (esp8266); every image here has the same.
        self.memory[: self.stop] = image[: self.stop]
        raise Torn

    def wake(self, cause=Machine.DEEPSLEEP_RESET):
        """What a wake begins with: a node.memory.Memory."""
        Machine.cause = cause
        found, last = restore.load(self, self)
        restore.settle(found, last)
        return found


def add(found, text="x" * 30):
    """Keep a reading."""
    keep.add(found, text, 0)


def keys(found):
    """(boot, sequence number) of the readings that wait, oldest first."""
    return [(rec[0] >> 16, rec[0] & 0xFFFF) for rec in keep.outbox.pending(found, 1000000)]


__all__ = ["Board", "Machine", "Torn", "add", "keys", "memory", "record"]
