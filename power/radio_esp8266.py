"""The ESP8266's radio: on, associate, off.

Source: MicroPython ports/esp8266/network_wlan.c.
"""

import network


def on():
    """The Wi-Fi station, switched on. The access point, on by default, is switched off.

    The SDK keeps both in its flash and writes it at every call, so each is called only when it changes something.
    """
    access_point = network.WLAN(network.AP_IF)
    if access_point.active():
        access_point.active(False)
    wlan = network.WLAN(network.STA_IF)
    if not wlan.active():
        wlan.active(True)
    return wlan


def join(wlan, ssid, key):
    """Start associating. ssid, key: text. The SDK joins its stored network by itself at boot: connect() rewrites flash."""
    if not wlan.isconnected() and not (wlan.config("ssid") == ssid and wlan.status() == network.STAT_CONNECTING):
        wlan.connect(ssid, key)


def failed(wlan):
    """Why the association failed, in a word for the report; None while it may still succeed."""
    return {
        network.STAT_NO_AP_FOUND: "no_ap",
        network.STAT_WRONG_PASSWORD: "password",
        network.STAT_CONNECT_FAIL: "refused",
    }.get(wlan.status())


def off():
    """Leave the network. Deep sleep itself stops the radio here; active(False) would be written to flash in every wake."""
    network.WLAN(network.STA_IF).disconnect()
