# micropython-lib micropython/drivers/bus/onewire/onewire.py, frozen into every port: the stub leaves the values out.
from _port_onewire import *
from _port_onewire import OneWire as _OneWire

class OneWire(_OneWire):
    SEARCH_ROM: int = 0xF0
    MATCH_ROM: int = 0x55
    SKIP_ROM: int = 0xCC
