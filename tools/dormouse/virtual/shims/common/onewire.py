# The module that firmware carries frozen: micropython-lib, micropython/drivers/bus/onewire/onewire.py. Its names, arguments and
# exceptions; written anew.
import _onewire


class OneWireError(Exception):
    pass


class OneWire:
    SEARCH_ROM = 0xF0
    MATCH_ROM = 0x55
    SKIP_ROM = 0xCC

    def __init__(self, pin):
        self.pin = pin
        pin.init(pin.OPEN_DRAIN, pin.PULL_UP)

    def reset(self, required=False):
        present = _onewire.reset(self.pin)
        if not present and required:
            raise OneWireError
        return present

    def readbit(self):
        return _onewire.readbit(self.pin)

    def readbyte(self):
        return _onewire.readbyte(self.pin)

    def readinto(self, buf):
        for i in range(len(buf)):
            buf[i] = self.readbyte()

    def writebit(self, value):
        return _onewire.writebit(self.pin, value)

    def writebyte(self, value):
        return _onewire.writebyte(self.pin, value)

    def write(self, buf):
        for byte in buf:
            self.writebyte(byte)

    def select_rom(self, rom):
        self.reset()
        self.writebyte(self.MATCH_ROM)
        self.write(rom)

    def scan(self):
        # At most 255 codes, and no check of their CRC; a line held low gives zeros.
        found = []
        rom, branch = None, 65
        for _ in range(0xFF):
            rom, branch = self._search_rom(rom, branch)
            if rom:
                found.append(rom)
            if not branch:
                break
        return found

    def _search_rom(self, l_rom, diff):
        # One walk down the tree of codes: as the last one up to the bit `diff` (64 for the first), where it takes the 1.
        if not self.reset():
            return None, 0
        self.writebyte(self.SEARCH_ROM)
        rom = bytearray(8)
        branch = 0
        for i in range(64):
            here = 64 - i
            bit, other = self.readbit(), self.readbit()
            if bit and other:  # nobody
                return None, 0
            if not (bit or other):  # both kinds
                before = l_rom and l_rom[i >> 3] >> (i & 7) & 1
                if diff > here or (before and diff != here):
                    bit = 1
                    branch = here
            self.writebit(bit)
            rom[i >> 3] |= bit << (i & 7)
        return rom, branch

    def crc8(self, data):
        return _onewire.crc8(data)
