# The flash chip: a file on the host. Reads are direct; writes go through the supervisor, which counts them and can cut
# the power.
from struct import pack

import _wire


class Flash:
    def __init__(self, fd, blocks):
        self._f = open(fd, "rb")
        self._blocks = blocks

    def readblocks(self, n, buf, offset=0):
        self._f.seek(n * 4096 + offset)
        self._f.readinto(buf)

    def writeblocks(self, n, buf, offset=None):
        if offset is None:
            self.ioctl(6, n)
            offset = 0
        _wire.call(b"flash.write", pack("<IH", n, offset) + buf)

    def ioctl(self, op, arg):
        if op == 4:
            return self._blocks
        if op == 5:
            return 4096
        if op == 6:
            _wire.call(b"flash.erase", pack("<I", arg))
            return 0
