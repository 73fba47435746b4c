# The stubs know ifconfig() with nothing and with a tuple.
from typing import Any

from _port_network import *
from _port_network import WLAN as _WLAN

class WLAN(_WLAN):
    def ifconfig(self, config: Any = ..., /) -> Any: ...  # ports/esp8266/network_wlan.c, esp_ifconfig: a tuple, or "dhcp"
