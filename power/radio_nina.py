"""The Arduino Nano RP2040 Connect's radio: a u-blox NINA-W102 on SPI. On, associate, off.

Source: MicroPython extmod/network_ninaw10.c, drivers/ninaw10/nina_wifi_drv.c and nina_bsp.c. It looks for the network's name by
itself and takes no access point; status() says connected or not, never why not; ifconfig() knows no "dhcp". Reading the
signal's strength breaks the link (micropython-mqtt README, range_ex.py).
"""

import network


class _Station:
    """What node.search needs of the station. Its scan tells no signal, so that nobody asks for it later."""

    def __init__(self, nina):
        self._nina = nina
        self.isconnected = nina.isconnected
        self.status = nina.status
        self.connect = nina.connect

    def scan(self):
        return [point[:3] + (0,) + point[4:] for point in self._nina.scan()]


def on():
    """The Wi-Fi station, switched on: a reset of the module, 850 ms. Raises OSError for firmware that is too old."""
    wlan = network.WLAN()
    wlan.active(True)
    return wlan


def join(wlan, ssid, key, _bssid, _channel):
    """Start associating. ssid, key: text. _bssid, _channel: not for this radio."""
    wlan.connect(ssid, key or None)


def failed(_):
    """Why the association failed: this radio does not say."""
    return None


def reset(forget):
    """End an attempt, ready for a scan or another one. forget: an address is set, and DHCP shall give one: only a new start
    of the module does that.

    Returns the station.
    """
    if forget:
        off()
        return _Station(on())
    wlan = network.WLAN()
    wlan.disconnect()
    return _Station(wlan)


def off():
    """Radio down: the module is held in reset."""
    network.WLAN().active(False)
