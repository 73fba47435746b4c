# network of the rp2 port: a CYW43 (Pico W) or a NINA-W102 (Nano RP2040 Connect). Sources: extmod/network_cyw43.c,
# extmod/network_ninaw10.c, modnetwork.c.
from _wlan import AP_IF, STA_IF, country, hostname
import _wire

if _wire.model["radio"] == "nina":
    from _nina import WLAN
else:
    from _cyw43 import STAT_CONNECT_FAIL, STAT_CONNECTING, STAT_GOT_IP, STAT_IDLE, STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD
    from _cyw43 import Cyw43 as _Cyw43

    class WLAN(_Cyw43):
        PM_POWERSAVE = 17
        SEC_WPA3 = 0x01000004
        SEC_WPA2_WPA3 = 0x01400004
