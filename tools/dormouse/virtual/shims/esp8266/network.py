# network of the ESP8266 port. Source: ports/esp8266/network_wlan.c.
from _wlan import AP_IF, STA_IF, country, hostname
import _wlan

STAT_IDLE = 0
STAT_CONNECTING = 1
STAT_WRONG_PASSWORD = 2
STAT_NO_AP_FOUND = 3
STAT_CONNECT_FAIL = 4
STAT_GOT_IP = 5
AUTH_OPEN = 0
AUTH_WPA2_PSK = 3


class WLAN(_wlan.Base):
    IF_STA = 0
    IF_AP = 1
    PM_NONE = 0
    PM_POWERSAVE = 1
    PM_PERFORMANCE = 2
    SEC_OPEN = 0
    SEC_WPA2 = 3
    # Its channel a station can neither set nor read.
    _READ = ("mac", "ssid", "essid", "hostname", "dhcp_hostname", "pm", "protocol")
    _WRITE = ("mac", "hostname", "dhcp_hostname", "txpower", "pm", "protocol")
    _AP_READ = ("channel", "hidden", "security", "authmode")
    _AP_WRITE = ("channel", "ssid", "essid", "hidden", "security", "authmode", "key", "password")

    def _check(self, number):
        if number not in (0, 1):
            raise ValueError

    def connect(self, _ssid=None, _key=None, *, bssid=None):
        _wlan.ask("connect", ssid=_ssid and _wlan.text(_ssid), key=_key and _wlan.text(_key), bssid=_wlan.mac(bssid))
