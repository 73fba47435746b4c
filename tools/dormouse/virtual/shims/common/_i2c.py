# I2C: the devices are register-level models in the supervisor; here is the bus. Errors: ENODEV when the address is not
# acknowledged, EIO when a data byte is not.
from struct import pack

import _wire


class Bus:
    def _transfer(self, addr, data, n):
        if not 0 <= addr <= 127:
            raise ValueError
        return _wire.call(b"i2c", pack("<BHB", addr, n, 0 if data is None else 1) + (data or b""))

    def scan(self):
        return list(_wire.call(b"i2c.scan"))

    def writeto(self, addr, buf, stop=True):
        self._transfer(addr, bytes(buf), 0)
        return len(buf)

    def writevto(self, addr, vector, stop=True):
        return self.writeto(addr, b"".join([bytes(v) for v in vector]), stop)

    def readfrom(self, addr, nbytes, stop=True):
        return self._transfer(addr, None, nbytes)

    def readfrom_into(self, addr, buf, stop=True):
        buf[:] = self._transfer(addr, None, len(buf))

    def readfrom_mem(self, addr, memaddr, nbytes, *, addrsize=8):
        return self._transfer(addr, memaddr.to_bytes(addrsize // 8, "big"), nbytes)

    def readfrom_mem_into(self, addr, memaddr, buf, *, addrsize=8):
        buf[:] = self.readfrom_mem(addr, memaddr, len(buf), addrsize=addrsize)

    def writeto_mem(self, addr, memaddr, buf, *, addrsize=8):
        self._transfer(addr, memaddr.to_bytes(addrsize // 8, "big") + bytes(buf), 0)


class SoftI2C(Bus):
    def __init__(self, scl, sda, *, freq=400000, timeout=50000):
        pass

    def init(self, scl, sda, *, freq=400000):
        pass
