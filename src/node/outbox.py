"""Readings on their way: retained memory first, and behind it two flash files that take turns.

New records go to retained memory, which costs nothing. When it is full they move to flash together, in one write. When the
younger file is full it takes the older one's place: the oldest readings are dropped first, and counted. In retained memory a
record stays where it was written until all are delivered or in flash, and newer ones begin where it began: a write that a
reset stops leaves the older ones whole.

Wear: littlefs moves to other blocks with each write, so that the whole file system wears evenly, and a power cut leaves the
file as it was before the write or after it. FAT, a Pyboard D's own, writes its table and folder in the same place each time,
and the chip erases 4 KiB for that (ports/stm32/spibdev.c): a power cut in that moment can cost the file system, whatever the
program does. A Pyboard D in the field is better formatted with littlefs (os.VfsLfs2.mkfs(pyb.Flash(start=0))).

The functions work on a store: an object with image (retained memory, readings first), used (bytes of them), room (bytes that
they may grow to), ram(n) (the first n as a stream), save() and state (acked: the key up to which all is delivered or dropped;
dropped: how many were lost; flash_writes).
"""

import os

from micropython import const

from node import record

PATH = "outbox"  # of the two files, without their endings; where a board starts (/flash on the Pyboard D)
FLASH_BYTES = 32768  # the most that both take together
_FULL = const(256)  # node.state's flag
_ENOSPC = const(28)


def append(store, packed):
    """Keep a record of record.pack()."""
    size = len(packed)
    state = store.state
    if store.used + size > store.room:
        there = _spill(store, b"" if size <= store.room else packed)
        if size > store.room:
            if not there:
                state.dropped += 1
            return
    while store.used + size > store.room:
        # A broken or full file system: the oldest reading goes, the newest stays.
        rec = next(record.scan(store.ram(store.used)))
        gone = record.HEADER + len(rec[3])
        state.dropped += rec[0] > state.acked
        store.used -= gone
        store.image[: store.used] = bytes(memoryview(store.image)[gone : gone + store.used])
    store.image[store.used : store.used + size] = packed
    store.used += size


def pending(store, limit_bytes):
    """Undelivered records, oldest first, as a list of (key, time, flags, body) whose bodies sum to limit_bytes or a little
    more; at least one when there is one.
    """
    found = []
    for rec in _all(store):
        found.append(rec)
        limit_bytes -= len(rec[3])
        if limit_bytes <= 0:
            break
    return found


def ack(store, sent, flags):
    """Take delivered records out, up to the first that is not. sent: what pending() gave. flags: for each, true when it was
    acknowledged; one behind a gap goes again, with the same key.
    """
    state = store.state
    for i, rec in enumerate(sent):
        if not flags[i]:
            break
        state.acked = rec[0]
    for _ in record.scan(store.ram(store.used), state.acked):
        break
    else:
        _empty(store)
    for path in _paths():
        for _ in _scan_file(path, state.acked):
            return
    state.flags &= ~_FULL
    for path in _paths():
        if _size(path):
            try:
                os.remove(path)
            except OSError:
                pass  # what is in it is known to be delivered
            state.flash_writes += 1


def _paths():
    return PATH + ".old", PATH + ".new"


def _all(store):
    # A reset between a move to flash and the next save leaves a record in both places.
    after = store.state.acked
    for path in _paths():
        for rec in _scan_file(path, after):
            after = rec[0]
            yield rec
    yield from record.scan(store.ram(store.used), after)


def _spill(store, more):
    """Move what is in retained memory to flash, and more. Returns whether it is there."""
    state = store.state
    try:
        for again in (False, True):
            try:
                return _write(store, state, more, again)
            except OSError as error:
                # Others have filled the file system: the oldest readings make room.
                if again or error.errno != _ENOSPC or not _size(_paths()[0]):
                    raise
    except OSError:
        return False


def _write(store, state, more, turn):
    new = _paths()[1]
    size = _size(new)
    after = state.acked
    end = 0
    for rec in _scan_file(new):
        after = max(after, rec[0])
        end += record.HEADER + len(rec[3])
    data = b"".join([record.pack(*rec) for rec in record.scan(store.ram(store.used), after)]) + more
    if turn or (size and (size + len(data) > FLASH_BYTES // 2 or end < size)):
        # Full; or a power cut left a torn tail, behind which nothing would be found.
        _turn(store, state)
        size = 0
    if data:
        with open(new, "ab") as f:
            f.write(data)
        state.flash_writes += 1
    if size + 2 * len(data) > FLASH_BYTES // 2 and _size(_paths()[0]):
        # The next turn drops readings.
        state.flags |= _FULL
    _empty(store)
    return True


def _empty(store):
    # No record is that long: who has lost the state does not send them again.
    store.image[10:12] = b"\xff\xff"
    store.used = 0


def _turn(store, state):
    old, new = _paths()
    if _size(old):
        for rec in _scan_file(old, state.acked):
            state.dropped += 1
            state.acked = rec[0]
        # First what is lost, then the loss: whatever stops it in between, none is counted twice or never.
        store.save()
        from node import files

        files.keep_counts(state)
        # FAT does not rename over a file that is there.
        os.remove(old)
    if _size(new):
        os.rename(new, old)
    state.flash_writes += 1


def _size(path):
    try:
        return os.stat(path)[6]
    except OSError:
        return 0


def _scan_file(path, after=0):
    if _size(path):
        with open(path, "rb") as f:
            yield from record.scan(f, after)
