"""Readings on their way: retained memory first, and behind it two flash files that take turns.

New records go to retained memory, which costs nothing. When it is full they move to flash together, in one write. When the
younger file is full it takes the older one's place: the oldest readings are dropped first, and counted.

The functions work on a store: an object with the attributes ram (bytes of records in retained memory), room (bytes that they
may grow to) and state (its acked: the key up to which all is delivered; its dropped: how many were lost).
"""

import io
import os

from node import record

PATH = "outbox"  # of the two files, without their endings; where a board starts (/flash on the Pyboard D)
FLASH_BYTES = 32768  # the most that both take together


def append(store, packed):
    """Keep a record of record.pack()."""
    if len(store.ram) + len(packed) > store.room:
        _spill(store)
    store.ram += packed
    if len(store.ram) > store.room:
        # Larger than retained memory has room for: straight to flash.
        _spill(store)


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
    """Take delivered records out. sent: what pending() gave. flags: for each, true when it was acknowledged."""
    gone = set()
    whole = True
    state = store.state
    for i, rec in enumerate(sent):
        if flags[i]:
            gone.add(rec[0])
        else:
            whole = False
        if whole:
            state.acked = rec[0]
    start = 0  # of the record in ram
    ram = store.ram
    for rec in record.scan(io.BytesIO(ram)):
        size = record.HEADER + len(rec[3])
        if rec[0] in gone or rec[0] <= state.acked:
            # Taken out of the middle when an older one was not acknowledged; most often it is the first.
            ram = ram[:start] + ram[start + size :] if start else ram[size:]
        else:
            start += size
    store.ram = ram
    if not _stored(state.acked):
        for path in _paths():
            if _size(path):
                os.remove(path)


def _paths():
    return PATH + ".old", PATH + ".new"


def _all(store):
    last = store.state.acked
    for path in _paths():
        for rec in _scan_file(path):
            # A reset between a move to flash and the next save leaves a record in both places.
            if rec[0] > last:
                last = rec[0]
                yield rec
    for rec in record.scan(io.BytesIO(store.ram)):
        if rec[0] > last:
            last = rec[0]
            yield rec


def _stored(acked):
    for path in _paths():
        for rec in _scan_file(path):
            if rec[0] > acked:
                return True
    return False


def _spill(store):
    if not store.ram:
        return
    new = _paths()[1]
    try:
        size = _size(new)
        if size and (size + len(store.ram) > FLASH_BYTES // 2 or _whole_bytes(new) < size):
            # Full; or a power cut left a torn tail, behind which nothing would be found.
            _turn(store.state)
        with open(new, "ab") as f:
            f.write(store.ram)
        store.ram = b""
    except OSError:
        # A full or broken file system: the oldest reading goes, the newest stays.
        records = list(record.scan(io.BytesIO(store.ram)))
        store.state.dropped += 1
        store.ram = b"".join([record.pack(*rec) for rec in records[1:]])


def _turn(state):
    old, new = _paths()
    if _size(old):
        for rec in _scan_file(old):
            if rec[0] > state.acked:
                state.dropped += 1
        # FAT does not rename over a file that is there.
        os.remove(old)
    os.rename(new, old)


def _size(path):
    try:
        return os.stat(path)[6]
    except OSError:
        return 0


def _scan_file(path):
    if _size(path):
        with open(path, "rb") as f:
            for rec in record.scan(f):
                yield rec


def _whole_bytes(path):
    return sum([record.HEADER + len(rec[3]) for rec in _scan_file(path)])
