"""The ESP32 family's radio: on, associate, off.

Source: MicroPython ports/esp32/network_wlan.c (status codes, reconnects).
"""

import time

import network

from micropython import const

from power import awake

_IDLE = const(1000)
_LEAVE_MS = const(100)


def on():
    """The Wi-Fi station, switched on.

    Once in a life: while it associates the port refuses settings (Wifi Internal State Error).
    """
    wlan = network.WLAN()
    wlan.active(True)
    # Without a limit the port retries for ever and status() never shows why it fails.
    wlan.config(reconnects=1)
    # Awake for a second: waiting for beacons between packets would cost more than it saves. PM_NONE is 0.
    wlan.config(pm=0)
    return wlan


def join(wlan, ssid, key, bssid, _):
    """Start associating. ssid, key: text. bssid: 6 bytes, or None for any. _: the channel; this port's connect() takes none."""
    wlan.connect(ssid, key, bssid=bssid)


def failed(wlan):
    """Why the association failed, in a word for the report; None while it may still succeed."""
    # esp_wifi_types.h: 210 to 212 are networks that are there, but not safe or strong enough.
    return {201: "no_ap", 210: "no_ap", 211: "no_ap", 212: "no_ap", 202: "password", 203: "refused", 204: "handshake"}.get(
        wlan.status()
    )


def reset(forget):
    """End an attempt, ready for a scan or another one. forget: an address is set, and DHCP shall give one.

    Returns the station.
    """
    wlan = network.WLAN()
    if wlan.status() != _IDLE:
        wlan.disconnect()
        # It is over when the driver's task has seen it; before, a scan finds nothing and connect() is refused.
        time.sleep_ms(_LEAVE_MS * awake.MS_PER_S // 1000)
    if forget:
        wlan.ifconfig("dhcp")
    return wlan


def off():
    """Radio down. Left on in deep sleep it can cost 1.4 mA (micropython #5418)."""
    network.WLAN().active(False)
