# network of the ESP8266 port. Source: ports/esp8266/network_wlan.c.
from _wlan import AP_IF, STA_IF, Base, ask, country, hostname, mac, text

STAT_IDLE = 0
STAT_CONNECTING = 1
STAT_WRONG_PASSWORD = 2
STAT_NO_AP_FOUND = 3
STAT_CONNECT_FAIL = 4
STAT_GOT_IP = 5
AUTH_OPEN = 0
AUTH_WPA2_PSK = 3


class WLAN(Base):
    IF_STA = 0
    IF_AP = 1
    PM_NONE = 0
    PM_POWERSAVE = 1
    PM_PERFORMANCE = 2
    SEC_OPEN = 0
    SEC_WPA2 = 3
    # channel and the like are the access point's: on a station they write a field of the wrong union (boards facts).
    _READ = (
        "mac", "ssid", "essid", "channel", "hostname", "dhcp_hostname", "txpower", "pm", "protocol", "hidden",
        "security", "authmode",
    )
    _WRITE = (
        "mac", "hostname", "dhcp_hostname", "txpower", "pm", "protocol",
    )

    def connect(self, ssid=None, key=None, *, bssid=None):
        ask("connect", ssid=ssid and text(ssid), key=key and text(key), bssid=mac(bssid))
