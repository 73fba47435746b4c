# WLAN of a NINA-W102, Arduino Nano RP2040 Connect. Sources: extmod/network_ninaw10.c, drivers/ninaw10/nina_bsp.c.
import _wire
import _wlan
import time as _time


class WLAN(_wlan.Base):
    IF_STA = 0
    IF_AP = 1
    OPEN = SEC_OPEN = 1
    WPA_PSK = SEC_WPA_WPA2 = 2
    WEP = SEC_WEP = 3

    def active(self, _on=None):
        if _on is None:
            return _wlan.ask("active")
        _wlan.ask("active", on=bool(_on))
        # nina_bsp.c waits: 100 ms in reset, 750 ms to start.
        _time.sleep_ms(_wlan.ask("ready") if _on else 100 // _wire.model["speed"])

    def isconnected(self):
        _wire.link()
        return _wire.page[1] == 1

    def status(self, _param=None):
        if _param is None:
            return self.isconnected()
        if _param == "rssi":
            return _wlan.ask("rssi")
        if _param == "stations":
            raise ValueError("AP required")
        raise ValueError("unknown status param")

    def scan(self):
        if not self.active():
            return []
        _time.sleep_ms(_wlan.ask("scan"))
        return [(n.encode(), bytes(b), c, r, s, h) for n, b, c, r, s, h in _wlan.ask("found")][:10]

    def connect(self, ssid=None, key=None, *, security=2, channel=1):
        if not ssid:
            raise OSError("SSID can't be empty!")
        if key is not None and not key:
            raise OSError("Key can't be empty!")
        if not self.active():
            raise OSError("could not connect to ssid={}, sec={}, key={}\n".format(ssid, security, key))
        _wlan.ask("connect", ssid=_wlan.text(ssid), key=key and _wlan.text(key))

    def ifconfig(self, _four=None):
        if isinstance(_four, str):
            raise TypeError("object 'str' isn't a tuple or list")
        return _wlan.Base.ifconfig(self, _four)

    def config(self, _name=None, **kwargs):
        if kwargs:
            raise ValueError("AP required")
        if _name is None:
            raise TypeError("must query one param")
        if _name in ("ssid", "essid"):
            return _wlan.ask("config", get="ssid")
        if _name in ("mac", "bssid"):
            return bytes(_wlan.ask("config", get="mac"))
        if _name == "security":
            return 4
        if _name == "fw_version":
            return (1, 5, 0)
        raise ValueError("unknown config param")

    def ioctl(self, _command, _buf):
        pass
