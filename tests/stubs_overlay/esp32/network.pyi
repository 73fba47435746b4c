# The stubs know ifconfig() with nothing and with a tuple.
from typing import Any

from _port_network import *
from _port_network import WLAN as _WLAN

class WLAN(_WLAN):
    def ifconfig(self, config: Any = ..., /) -> Any: ...  # ports/esp32/network_common.c: a tuple, or "dhcp"
