# I2C: the buses and what is on them are in the supervisor (i2c.py), which says how each port fails. Sources: for the methods
# extmod/machine_i2c.c (those of _mem take keywords, with these names; the others take none), for the rest
# ports/*/machine_i2c.c.
from struct import pack, unpack

import _wire


def open_bus(kind, id, scl, sda, timeout):
    return _wire.call(b"i2c.open", "{},{},{},{},{}".format(kind, id, _pin(scl), _pin(sda), timeout).encode())[0]


def _pin(pin):
    if pin is None or (isinstance(pin, str) and pin in _wire.model["pins"]):
        return pin
    if isinstance(pin, int) and _wire.model["platform"] == "rp2":
        return pin  # machine_pin.c, machine_pin_find
    if not hasattr(pin, "_id"):
        raise ValueError("expecting a pin")
    return pin._id


def _address(memaddr, addrsize):
    if addrsize & 7 or addrsize > 32:
        raise ValueError("invalid addrsize")
    return (memaddr & (1 << addrsize) - 1).to_bytes(addrsize // 8, "big")


class Bus:
    def _transfer(self, addr, data, n):
        # Only 7 bits of an address go out, whatever it is.
        flags = self._bus << 1 | (data is not None)
        return _wire.call(b"i2c", pack("<BHB", addr & 127, n, flags) + (data or b""))

    def scan(self):
        return list(_wire.call(b"i2c.scan", bytes((self._bus,))))

    def writeto(self, _addr, _buf, _stop=True):
        data = bytes(memoryview(_buf))
        acks = self._transfer(_addr, data, 0)
        return unpack("<H", acks)[0] if acks else len(data)

    def writevto(self, _addr, _vector, _stop=True):
        return self.writeto(_addr, b"".join([bytes(memoryview(v)) for v in _vector]))

    def readfrom(self, _addr, _nbytes, _stop=True):
        return self._transfer(_addr, None, _nbytes)

    def readfrom_into(self, _addr, _buf, _stop=True):
        memoryview(_buf)[:] = self._transfer(_addr, None, len(_buf))

    def readfrom_mem(self, addr, memaddr, arg, *, addrsize=8):
        return self._transfer(addr, _address(memaddr, addrsize), arg)

    def readfrom_mem_into(self, addr, memaddr, arg, *, addrsize=8):
        memoryview(arg)[:] = self.readfrom_mem(addr, memaddr, len(arg), addrsize=addrsize)

    def writeto_mem(self, addr, memaddr, arg, *, addrsize=8):
        self._transfer(addr, _address(memaddr, addrsize) + bytes(memoryview(arg)), 0)


class SoftI2C(Bus):
    def __init__(self, scl, sda, *, freq=400000, timeout=50000):
        self._bus = open_bus("soft", None, scl, sda, timeout)

    init = __init__
