"""The ESP32 family's radio: on, associate, off.

Source: MicroPython ports/esp32/network_wlan.c (status codes, reconnects).
"""

import network


def on():
    """The Wi-Fi station, switched on."""
    wlan = network.WLAN(network.WLAN.IF_STA)
    wlan.active(True)
    # Without a limit the port retries for ever and status() never shows why it fails.
    wlan.config(reconnects=1)
    # Awake for a second: waiting for beacons between packets would cost more than it saves.
    wlan.config(pm=network.WLAN.PM_NONE)
    return wlan


def join(wlan, ssid, key):
    """Start associating. ssid, key: text."""
    wlan.connect(ssid, key)


def failed(wlan):
    """Why the association failed, in a word for the report; None while it may still succeed."""
    return {
        network.STAT_NO_AP_FOUND: "no_ap",
        network.STAT_WRONG_PASSWORD: "password",
        network.STAT_ASSOC_FAIL: "refused",
        network.STAT_HANDSHAKE_TIMEOUT: "handshake",
    }.get(wlan.status())


def off():
    """Radio down. Left on in deep sleep it can cost 1.4 mA (micropython #5418)."""
    network.WLAN(network.WLAN.IF_STA).active(False)
