# The module that firmware carries frozen, but not that of stm32: micropython-lib, micropython/drivers/sensor/ds18x20/
# ds18x20.py. Its names, arguments and exceptions; written anew.


class DS18X20:
    def __init__(self, onewire):
        self.ow = onewire
        self.buf = bytearray(9)

    def scan(self):
        return [rom for rom in self.ow.scan() if rom[0] in (0x10, 0x22, 0x28)]

    def convert_temp(self):
        self.ow.reset(True)
        self.ow.writebyte(self.ow.SKIP_ROM)
        self.ow.writebyte(0x44)

    def read_scratch(self, rom):
        self._select(rom, 0xBE)
        self.ow.readinto(self.buf)
        if self.ow.crc8(self.buf):
            raise Exception("CRC error")
        return self.buf

    def write_scratch(self, rom, buf):
        self._select(rom, 0x4E)
        self.ow.write(buf)

    def _select(self, rom, command):
        self.ow.reset(True)
        self.ow.select_rom(rom)
        self.ow.writebyte(command)

    def read_temp(self, rom):
        low, high, _, _, _, _, remain, per_c, _ = self.read_scratch(rom)
        word = (high << 8 | low) - (high >> 7 << 16)
        if rom[0] == 0x10:
            # DS18S20: half degrees, and the counter for what is below.
            return (word >> 1) - 0.25 + (per_c - remain) / per_c
        return word / 16
