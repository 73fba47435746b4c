"""The Pyboard D's radio: on, associate, off.

Source: MicroPython extmod/network_cyw43.c; cyw43-driver: active(False) drops the interface, deinit() powers the radio down.
"""

import network


def on():
    """The Wi-Fi station, switched on."""
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    return wlan


def join(wlan, ssid, key):
    """Start associating. ssid, key: text."""
    wlan.connect(ssid, key)


def failed(wlan):
    """Why the association failed, in a word for the report; None while it may still succeed. CYW43: -1 failed, -2 no
    network of that name, -3 wrong password (cyw43.h).
    """
    return {-1: "refused", -2: "no_ap", -3: "password"}.get(wlan.status())


def off():
    """Radio down: active(False) alone leaves the chip powered."""
    wlan = network.WLAN(network.STA_IF)
    wlan.active(False)
    wlan.deinit()
