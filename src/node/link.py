"""The Wi-Fi link of one wake: associate, get an address, both within the awake budget."""

import time

import network

from micropython import const

from power import awake

_POLL_MS = const(20)


class LinkError(OSError):
    """The link did not come up. args[0]: a word for the report: "no_ap", "password", "refused", "handshake", "timeout"."""


def start(radio, networks, static_ip, country):
    """Radio on and the first association under way: it goes on while the sensors convert.

    radio: the port's module of power/. networks: ((ssid, key), ...), at least one. static_ip: ("192.168.1.50/24",
    "192.168.1.1") or None for DHCP. country: two letters or None. Raises OSError as the port's radio does.
    """
    if country:
        network.country(country)
    wlan = radio.on()
    if static_ip:
        wlan.ifconfig(_four(*static_ip))
    radio.join(wlan, *networks[0])


def up(radio, networks, seconds):
    """Wait until the link carries packets, trying the networks in turn.

    radio, networks: of start(). seconds: the most to spend on each network. Raises LinkError.
    """
    wlan = radio.on()
    for i, (ssid, key) in enumerate(networks):
        if i:
            wlan.disconnect()
            radio.join(wlan, ssid, key)
        end = time.ticks_add(time.ticks_ms(), awake.cap_ms(seconds))
        reason = "timeout"
        while time.ticks_diff(end, time.ticks_ms()) > 0:
            if wlan.isconnected():
                return
            failed = radio.failed(wlan)
            if failed:
                reason = failed
                break
            time.sleep_ms(_POLL_MS)
    raise LinkError(reason)


def _four(network_text, gateway):
    ip, _, bits = network_text.partition("/")
    mask = 0xFFFFFFFF << (32 - int(bits)) & 0xFFFFFFFF
    # The gateway answers DNS in a home network.
    return ip, ".".join([str(mask >> shift & 255) for shift in (24, 16, 8, 0)]), gateway, gateway
