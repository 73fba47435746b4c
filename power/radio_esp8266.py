"""The ESP8266's radio: on, associate, off.

Source: MicroPython ports/esp8266/network_wlan.c.
"""

import time

import network

from micropython import const

from power import awake

_ACCESS_POINT = const(1)
_CONNECTING = const(1)
_LEAVE_MS = const(100)


def on():
    """The Wi-Fi station, switched on. The access point, on by default, is switched off.

    The SDK keeps both in its flash and writes it at every call, so each is called only when it changes something.
    """
    access_point = network.WLAN(_ACCESS_POINT)
    if access_point.active():
        access_point.active(False)
    wlan = network.WLAN()
    if not wlan.active():
        wlan.active(True)
    # Awake for a second: waiting for beacons between packets would cost more than it saves. PM_NONE is 0.
    wlan.config(pm=0)
    return wlan


def join(wlan, ssid, key, bssid, _):
    """Start associating. ssid, key: text. bssid: 6 bytes, or None for any. _: the channel; this port's connect() takes none.

    The SDK keeps network and bssid in flash, where connect() writes them, and joins by itself at boot: what it has under way
    then is what the last connect() said.
    """
    if not wlan.isconnected() and not (wlan.config("ssid") == ssid and wlan.status() == _CONNECTING):
        wlan.connect(ssid, key, bssid=bssid)


def failed(wlan):
    """Why the association failed, in a word for the report; None while it may still succeed."""
    return {3: "no_ap", 2: "password", 4: "refused"}.get(wlan.status())


def reset(forget):
    """End an attempt, ready for a scan or another one. forget: an address is set, and DHCP shall give one.

    Returns the station.
    """
    wlan = network.WLAN()
    # Whatever the SDK joins by itself: a scan fails meanwhile.
    wlan.disconnect()
    time.sleep_ms(_LEAVE_MS * awake.MS_PER_S // 1000)
    if forget:
        wlan.ifconfig("dhcp")
    return wlan


def off():
    """Leave the network. Deep sleep itself stops the radio here; active(False) would be written to flash in every wake."""
    network.WLAN().disconnect()
