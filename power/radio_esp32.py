"""The ESP32 family's radio: on, associate, off.

Source: MicroPython ports/esp32/network_wlan.c (status codes, reconnects).
"""

import time

import network

from micropython import const

from power import awake

_LEAVE_MS = const(100)


def on():
    """The Wi-Fi station, switched on. Once in a life: while it associates the port refuses settings (Wifi Internal State Error)."""
    wlan = network.WLAN(network.WLAN.IF_STA)
    wlan.active(True)
    # Without a limit the port retries for ever and status() never shows why it fails.
    wlan.config(reconnects=1)
    # Awake for a second: waiting for beacons between packets would cost more than it saves.
    wlan.config(pm=network.WLAN.PM_NONE)
    return wlan


def join(wlan, ssid, key, bssid, channel):
    """Start associating. ssid, key: text. bssid: 6 bytes, or None for any. channel: this port's connect() takes none."""
    wlan.connect(ssid, key, bssid=bssid)


def failed(wlan):
    """Why the association failed, in a word for the report; None while it may still succeed."""
    status = wlan.status()
    if 210 <= status <= 212:
        return "no_ap"  # none that is safe enough, or strong enough
    return {
        network.STAT_NO_AP_FOUND: "no_ap",
        network.STAT_WRONG_PASSWORD: "password",
        network.STAT_ASSOC_FAIL: "refused",
        network.STAT_HANDSHAKE_TIMEOUT: "handshake",
    }.get(status)


def anew(forget):
    """End an attempt; ready for a scan or another one. forget: an address is set, and DHCP shall give one. Returns the station."""
    wlan = network.WLAN(network.WLAN.IF_STA)
    if wlan.status() != network.STAT_IDLE:
        wlan.disconnect()
        # It is over when the driver's task has seen it; before, a scan finds nothing and connect() is refused.
        time.sleep_ms(_LEAVE_MS * awake.MS_PER_S // 1000)
    if forget:
        wlan.ifconfig("dhcp")
    return wlan


def off():
    """Radio down. Left on in deep sleep it can cost 1.4 mA (micropython #5418)."""
    network.WLAN(network.WLAN.IF_STA).active(False)
