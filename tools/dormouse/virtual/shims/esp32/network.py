# network of the ESP32 port. Source: ports/esp32/network_wlan.c.
from _wlan import AP_IF, STA_IF, country, hostname
import _wlan

STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_BEACON_TIMEOUT = 200
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202
STAT_ASSOC_FAIL = STAT_CONNECT_FAIL = 203
STAT_HANDSHAKE_TIMEOUT = 204
STAT_NO_AP_FOUND_W_COMPATIBLE_SECURITY = 210
STAT_NO_AP_FOUND_IN_AUTHMODE_THRESHOLD = 211
STAT_NO_AP_FOUND_IN_RSSI_THRESHOLD = 212
AUTH_OPEN = 0
AUTH_WPA2_PSK = 3


class WLAN(_wlan.Base):
    IF_STA = 0
    IF_AP = 1
    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2
    SEC_OPEN = 0
    SEC_WPA2 = 3
    _GOT_IP = STAT_GOT_IP
    _READ = ("mac", "ssid", "essid", "channel", "hostname", "dhcp_hostname", "reconnects", "txpower", "pm", "protocol")
    _WRITE = ("mac", "channel", "hostname", "dhcp_hostname", "reconnects", "txpower", "pm", "protocol")
    _AP_READ = ("hidden", "security", "authmode")
    _AP_WRITE = ("ssid", "essid", "hidden", "security", "authmode", "key", "password")

    def connect(self, _ssid=None, _key=None, *, bssid=None):
        # The real port rebuilds its configuration from nothing: a channel set before is lost.
        _wlan.ask("connect", ssid=_ssid and _wlan.text(_ssid), key=_key and _wlan.text(_key), bssid=_wlan.mac(bssid))
