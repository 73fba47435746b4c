# The stubs describe a WLAN without an interface argument and without the methods of the Pyboard D's CYW43.
from typing import Any

from _port_network import *

# ports/stm32/mpconfigport.h, MICROPY_HW_NIC_CYW43; the numbers are cyw43.h's, CYW43_LINK_*
STAT_IDLE: int = 0
STAT_CONNECTING: int = 1
STAT_WRONG_PASSWORD: int = -3
STAT_NO_AP_FOUND: int = -2
STAT_CONNECT_FAIL: int = -1
STAT_GOT_IP: int = 3

class WLAN:
    PM_NONE: int = 0x10  # extmod/network_cyw43.c: locals_dict; the numbers are cyw43-driver's, cyw43.h
    PM_PERFORMANCE: int = 0xA11142  # the same
    PM_POWERSAVE: int = 0xA11C82  # the same
    IF_STA: int = 0  # the same
    IF_AP: int = 1  # the same
    SEC_OPEN: int = 0  # the same
    SEC_WPA_WPA2: int = 0x00400006  # the same
    def __init__(self, interface: int = 0, /) -> None: ...  # network_cyw43_make_new: 0 or 1 argument, no keywords
    def active(self, on: bool = ..., /) -> bool: ...  # network_cyw43_active: 1 or 2 arguments
    def connect(  # network_cyw43_connect: allowed_args
        self,
        ssid: str | bytes,
        key: str | bytes | None = None,
        *,
        auth: int = -1,  # the old name of security
        security: int = -1,
        bssid: bytes | None = None,
        channel: int = -1,  # cyw43_ll_wifi_join: only together with bssid
    ) -> None: ...
    def disconnect(self) -> None: ...  # network_cyw43_disconnect
    def isconnected(self) -> bool: ...  # network_cyw43_isconnected: link status 3, an address included
    def ifconfig(self, config: Any = ..., /) -> Any: ...  # network_cyw43_ifconfig
    def ipconfig(self, *args: str, **kwargs: Any) -> Any: ...  # network_cyw43_ipconfig, since 1.24
    def status(self, param: str = ..., /) -> Any: ...  # network_cyw43_status
    def config(self, *args: str, **kwargs: Any) -> Any: ...  # network_cyw43_config
    def scan(self, *, passive: bool = False, ssid: Any = None, bssid: Any = None) -> list[Any]: ...  # network_cyw43_scan
    def deinit(self) -> None: ...  # network_cyw43_deinit: powers the chip down
