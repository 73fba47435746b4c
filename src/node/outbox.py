"""Readings on their way: retained memory first, and behind it two flash files that take turns.

New records go to retained memory, which costs nothing. When it is full they move to flash together, in one write. When the
younger file is full it takes the older one's place: the oldest readings are dropped first, and counted.
"""

import io
import os

from node import record


class Outbox:
    """The store.

    ram: bytes of records from retained memory. room: bytes that they may grow to. acked: key up to which all is delivered.
    flash_bytes: the most that both files take together. path: of the files, without their endings.
    """

    def __init__(self, ram, room, acked, flash_bytes=32768, path="/outbox"):
        self.ram = ram
        self.room = room
        self.acked = acked
        self.dropped = 0  # records lost to a full store since this object was made
        self._half = flash_bytes // 2
        self._old = path + ".old"
        self._new = path + ".new"

    def append(self, packed):
        """Keep a record of record.pack()."""
        if len(self.ram) + len(packed) > self.room:
            self._spill()
        self.ram += packed
        if len(self.ram) > self.room:
            # Larger than retained memory has room for: straight to flash.
            self._spill()

    def pending(self, limit_bytes):
        """Undelivered records, oldest first, as a list of (key, time, flags, body) whose bodies sum to limit_bytes or a
        little more; at least one when there is one.
        """
        found = []
        for rec in self._all():
            found.append(rec)
            limit_bytes -= len(rec[3])
            if limit_bytes <= 0:
                break
        return found

    def ack(self, sent, flags):
        """Take delivered records out. sent: what pending() gave. flags: for each, true when it was acknowledged."""
        gone = set()
        whole = True
        for i, rec in enumerate(sent):
            if flags[i]:
                gone.add(rec[0])
            else:
                whole = False
            if whole:
                self.acked = rec[0]
        kept = b""
        for rec in record.scan(io.BytesIO(self.ram)):
            if rec[0] not in gone and rec[0] > self.acked:
                kept += record.pack(*rec)
        self.ram = kept
        if not self._stored():
            for path in (self._old, self._new):
                if _size(path):
                    os.remove(path)

    def _all(self):
        last = self.acked
        for path in (self._old, self._new):
            for rec in _scan_file(path):
                # A reset between a move to flash and the next save leaves a record in both places.
                if rec[0] > last:
                    last = rec[0]
                    yield rec
        for rec in record.scan(io.BytesIO(self.ram)):
            if rec[0] > last:
                last = rec[0]
                yield rec

    def _stored(self):
        for path in (self._old, self._new):
            for rec in _scan_file(path):
                if rec[0] > self.acked:
                    return True
        return False

    def _spill(self):
        if not self.ram:
            return
        try:
            size = _size(self._new)
            if size and (size + len(self.ram) > self._half or _whole_bytes(self._new) < size):
                # Full; or a power cut left a torn tail, behind which nothing would be found.
                self._turn()
            with open(self._new, "ab") as f:
                f.write(self.ram)
            self.ram = b""
        except OSError:
            # A full or broken file system: the oldest reading goes, the newest stays.
            records = list(record.scan(io.BytesIO(self.ram)))
            self.dropped += 1
            self.ram = b"".join([record.pack(*rec) for rec in records[1:]])

    def _turn(self):
        if _size(self._old):
            for rec in _scan_file(self._old):
                if rec[0] > self.acked:
                    self.dropped += 1
            # FAT does not rename over a file that is there.
            os.remove(self._old)
        os.rename(self._new, self._old)


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
