"""What retained memory still holds at the start of a wake: the newest whole state, and every whole reading.

The readings come first and their room never changes, so that a firmware with another state finds those of the one before it.
"""

from micropython import const

from node import fields, record
from node.memory import Memory
from power import retained, rtc, whole
from power.cause import cause

_ROOM = const(256)  # bytes of readings, at the beginning of retained memory: the same in every firmware
_LARGE_ROOM = const(512)  # where there are 2 KiB and more
def load(board, config):
    """(node.memory.Memory, the newest key in its readings). A state that is torn, foreign or of another version is a cold boot,
    whose boot is 0 as yet. settle() must follow; here flash is neither read nor written. board: the profile.
    """
    found = board.retained_read()
    frame = retained.HEADER + fields.size()
    # Where two have room they take turns, and a torn one leaves the one before it. An ESP8266 has no such room: a reset within
    # the microseconds of the copy is a cold boot there, which keeps the readings.
    large = board.RETAINED_BYTES >= 2048
    room = _LARGE_ROOM if large else _ROOM
    slots = 2 if large else 1
    image = found
    if isinstance(found, bytes):
        image = bytearray(room + slots * frame)
        found = found[: len(image)]
        image[: len(found)] = found
    else:
        image = image[: room + slots * frame]
    newest = -1
    for slot in range(slots):
        at = room + slot * frame
        turn = whole.turn(image, at, fields.VERSION, frame - retained.HEADER)
        if turn >= 0 and (newest < 0 or (turn - newest & 0xFF) < 0x80):
            newest = turn
    at = room + max(0, newest) % slots * frame + retained.HEADER
    kept = memoryview(image)[at : at + frame - retained.HEADER]
    if slots > 1:
        # The next turn is the other one's.
        kept = bytearray(kept)
    if newest < 0:
        kept[:] = bytes(len(kept))
    state = fields.State(kept)
    memory = Memory(board, config, state, kept, image, room, max(0, newest))
    last = 0
    for rec in record.scan(memory.ram(room)):
        last = rec[0]
        memory.used += record.HEADER + len(rec[3])
    if last <= state.acked:
        memory.used = 0
    return memory, last


def settle(memory, last):
    """Count a cold boot; else let the state take up what a reset or a power cut kept from it. memory, last: of load()."""
    state = memory.state
    if not state.boot:
        _count(memory, last)
    elif cause() != "deepsleep":
        last = max(last, _in_flash())
    if last >> 16 == state.boot:
        # A reading was stored, and then came no state that knows of it: its number is taken.
        state.seq = max(state.seq, last & 0xFFFF)
    if cause() == "power" and state.seq and rtc.read() < (state.fixed_at or 0xFFFFFFFF):
        # A state outlived a power cut and the clock did not (Pyboard D, retained in a file or fed by a cell): what was taken
        # before cannot be dated by it, nor what comes by the fix. So this is another boot, which remembers all else.
        _count(memory, last)
        state.fixed_at = state.born_at = 0


def _count(memory, last):
    last = max(last, _in_flash())
    from node import files

    state = memory.state
    files.count_boot(state, last >> 16)
    state.seq = 0
    state.base_s = rtc.read()


def _in_flash():
    """The newest key in the outbox's files."""
    last = 0
    for path in ("outbox.old", "outbox.new"):
        try:
            with open(path, "rb") as f:
                for rec in record.scan(f, last):
                    last = rec[0]
        except OSError:
            pass
    return last
