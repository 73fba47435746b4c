"""Corrections of the stub: the fields of a structure can be assigned (extmod/moductypes.c, uctypes_struct_attr)."""

from typing import Any

from _port_uctypes import *
from _port_uctypes import struct as _struct

class struct(_struct):
    def __getattr__(self, a: str) -> Any: ...
    def __setattr__(self, a: str, value: Any) -> None: ...
