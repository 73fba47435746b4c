"""The Pyboard D's radio: on, associate, off.

Source: MicroPython extmod/network_cyw43.c; cyw43-driver: active(False) drops the interface, deinit() powers the radio down.
"""

import network

from micropython import const

_PM_NONE = const(0x10)  # CYW43_PM_NONE, cyw43.h


def on():
    """The Wi-Fi station, switched on."""
    wlan = network.WLAN()
    wlan.active(True)
    # Awake for a second: waiting for beacons between packets would cost more than it saves. After active(), which sets the
    # driver's default (cyw43_wifi_set_up).
    wlan.config(pm=_PM_NONE)
    return wlan


def join(wlan, ssid, key, bssid, channel):
    """Start associating. ssid, key: text. bssid: 6 bytes, or None for any. channel: of the bssid, 0 when it is not known."""
    if bssid and channel:
        wlan.connect(ssid, key, bssid=bssid, channel=channel)
    else:
        wlan.connect(ssid, key, bssid=bssid)


def failed(wlan):
    """Why the association failed, in a word for the report; None while it may still succeed. CYW43: -1 failed, -2 no
    network of that name, -3 wrong password (cyw43.h).
    """
    return {-1: "refused", -2: "no_ap", -3: "password"}.get(wlan.status())


def reset(forget):
    """End an attempt, ready for a scan or another one. forget: an address is set, and DHCP shall give one.

    Returns the station.
    """
    wlan = network.WLAN()
    if forget:
        # ifconfig("dhcp") waits up to 10 s for the address, link or no link (network_lwip.c); a new start has DHCP on.
        off()
        return on()
    wlan.disconnect()
    return wlan


def off():
    """Radio down: active(False) alone leaves the chip powered."""
    wlan = network.WLAN()
    wlan.active(False)
    wlan.deinit()
