"""What node.state needs of `uctypes`, for CPython: the pure tests and the soak run there too.

Descriptors as in MicroPython's extmod/moductypes.c: an integer (type and offset), or a tuple for an array of bytes.
"""

import struct as _struct

LITTLE_ENDIAN = 0
_TYPE = 27  # bits below the type
UINT8, INT8, UINT16, INT16, UINT32, INT32 = [number << _TYPE for number in range(6)]
ARRAY = -0x40000000
_CODES = "BbHhIi"


def addressof(buffer):
    """A board gives the address; here the buffer stands for it."""
    return buffer


class struct:
    """Attributes over a bytearray: written values are cut to their field, as in C."""

    def __init__(self, address, layout, _order):
        self.__dict__.update(_address=address, _layout=layout)

    def _place(self, name):
        if name not in self._layout:
            raise AttributeError(name)  # KeyError on a board
        kind = self._layout[name]
        if isinstance(kind, tuple):
            return None, kind[0] - ARRAY, kind[1] - UINT8
        return _CODES[kind >> _TYPE], kind & (1 << _TYPE) - 1, 0

    def __getattr__(self, name):
        code, at, size = self._place(name)
        if code is None:
            return memoryview(self._address)[at : at + size]
        return _struct.unpack_from("<" + code, self._address, at)[0]

    def __setattr__(self, name, value):
        code, at, _ = self._place(name)
        if code is None:
            raise TypeError("an array is written into, not replaced")
        size = _struct.calcsize(code)
        self._address[at : at + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")

    def __bytes__(self):
        return bytes(self._address)
