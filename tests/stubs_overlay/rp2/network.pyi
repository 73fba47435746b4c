# The stub's connect() and ifconfig() are the documentation's.
from typing import Any

from _port_network import *
from _port_network import WLAN as _WLAN

class WLAN(_WLAN):
    def connect(  # extmod/network_cyw43.c, network_cyw43_connect: allowed_args
        self,
        ssid: str | bytes,
        key: str | bytes | None = None,
        *,
        auth: int = -1,
        security: int = -1,
        bssid: bytes | None = None,
        channel: int = -1,
    ) -> None: ...
    def ifconfig(self, config: Any = ..., /) -> Any: ...  # network_cyw43_ifconfig: a tuple, or "dhcp"
