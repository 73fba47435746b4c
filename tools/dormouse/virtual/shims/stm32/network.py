# network of the STM32 port with a CYW43 radio. Source: extmod/network_cyw43.c, modnetwork.c.
from _wlan import AP_IF, STA_IF, country, hostname
from _cyw43 import STAT_CONNECT_FAIL, STAT_CONNECTING, STAT_GOT_IP, STAT_IDLE, STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD
from _cyw43 import Cyw43 as _Cyw43


class WLAN(_Cyw43):
    PM_POWERSAVE = 0xA11C82
