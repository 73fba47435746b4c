# WLAN of a CYW43: Pyboard D, Pico W. Source: extmod/network_cyw43.c.
import _wlan

STAT_IDLE = 0
STAT_CONNECTING = 1
STAT_WRONG_PASSWORD = -3
STAT_NO_AP_FOUND = -2
STAT_CONNECT_FAIL = -1
STAT_GOT_IP = 3


class Cyw43(_wlan.Base):
    IF_STA = 0
    IF_AP = 1
    PM_NONE = 0x10
    PM_PERFORMANCE = 0xA11142
    SEC_OPEN = 0
    SEC_WPA_WPA2 = 0x00400006
    _ONE = "must query one param"
    _BOTH = "can't specify pos and kw args"
    _GOT_IP = STAT_GOT_IP
    _READ = (
        "antenna", "channel", "ssid", "essid", "security", "authmode", "mac", "txpower", "pm", "hostname",
    )
    _WRITE = (
        "antenna", "channel", "ssid", "essid", "security", "authmode", "key", "password", "monitor", "pm", "trace",
        "txpower", "hostname",
    )

    def connect(self, ssid, key=None, *, auth=-1, security=-1, bssid=None, channel=-1):
        # channel counts only with bssid (cyw43_ll.c).
        _wlan.ask(
            "connect", ssid=_wlan.text(ssid), key=key and _wlan.text(key), bssid=_wlan.mac(bssid),
            channel=channel if bssid else -1,
        )

    def ifconfig(self, _four=None):
        found = _wlan.Base.ifconfig(self, _four)
        if _four == "dhcp":
            # network_lwip.c: it waits for the address here, link or no link.
            import time

            good, ms = _wlan.ask("renew")
            time.sleep_ms(ms)
            if not good:
                raise OSError("timeout waiting for DHCP to get IP address")
        return found

    def deinit(self):
        _wlan.ask("deinit")
