# The flash chip: a file on the host. Reads are direct; writes go through the supervisor, which counts them and can cut
# the power. Where the heap is not limited, blocks are kept in it: littlefs reads 128 bytes at a time, and so many calls of
# the host's are half of a wake's processor time.
from struct import pack

import _wire


class Flash:
    def __init__(self, fd, blocks, keep):
        self._f = open(fd, "rb")
        self._blocks = blocks
        self._kept = {} if keep else None

    def readblocks(self, n, buf, offset=0):
        if self._kept is None:
            self._f.seek(n * 4096 + offset)
            self._f.readinto(buf)
            return
        kept = self._kept.get(n)
        if kept is None:
            self._kept[n] = kept = memoryview(bytearray(4096))
            self._f.seek(n * 4096)
            self._f.readinto(kept)
        buf[:] = kept[offset : offset + len(buf)]

    def writeblocks(self, n, buf, offset=None):
        if offset is None:
            error = self.ioctl(6, n)
            if error:
                return error
            offset = 0
        return self._change(b"flash.write", pack("<IH", n, offset) + buf)

    def ioctl(self, op, arg):
        if op == 4:
            return self._blocks
        if op == 5:
            return 4096
        if op == 6:
            return self._change(b"flash.erase", pack("<I", arg))

    def _change(self, name, payload):
        # STM32 returns an error to the file system (ports/stm32/storage.c, pyb_flash_writeblocks). The ESP ports raise it
        # (esp32_partition.c, check_esp_err; modesp.c, esp_flash_write) out of littlefs's middle, which may not survive it.
        if self._kept:
            self._kept.clear()
        try:
            _wire.call(name, payload)
        except OSError as e:
            if _wire.model["platform"] != "pyboard":
                raise
            return -e.errno
        return 0
