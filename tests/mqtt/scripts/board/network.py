# A `network` module for the examples, with ESP32's values: joins at once, and is out of range while a file `outage` exists.
import os

STA_IF = 0
STAT_GOT_IP = 1010
_NO_AP = 201


def _outage():
    try:
        os.stat("outage")
    except OSError:
        return False
    return True


class WLAN:
    """One station."""

    joined = False

    def __init__(self, interface=STA_IF):
        pass

    def active(self, on):
        print("radio", "on" if on else "off")

    def config(self, **settings):
        pass

    def connect(self, ssid, key):
        WLAN.joined = not _outage()

    def disconnect(self):
        WLAN.joined = False

    def status(self, what=None):
        if what == "rssi":
            return -57
        return STAT_GOT_IP if self.isconnected() else _NO_AP

    def isconnected(self):
        if _outage():
            WLAN.joined = False
        return WLAN.joined


class LAN:
    """A wired interface, up as soon as it is active."""

    up = False

    def active(self, on):
        self.up = on

    def isconnected(self):
        return self.up
