"""The Wi-Fi link of one wake: first as it was last time, then from nothing, all of it within the awake budget."""

import time

import network

from micropython import const

from power import awake, lease, rtc

_POLL_MS = const(5)
_QUICK_S = const(3)  # for an access point that is known
_DHCP_S = const(3)  # and more when it must give an address
_BLAMED = (0, 1, 3, 8)  # what the link may be to blame for: nothing told, backoff.LINK, NETWORK, BUDGET


class LinkError(OSError):
    """The link did not come up. args[0]: a word for the report: "no_ap", "password", "refused", "handshake", "timeout"."""


def start(radio, networks, static_ip, country, state):
    """Radio on and, where the access point is known, the association under way: it goes on while the sensors convert.

    radio: the port's module of power/. networks: ((ssid, key), ...), at least one. static_ip: ("192.168.1.50/24",
    "192.168.1.1") or None for DHCP. country: two letters or None. state: node.state.State; what its `link` must not be used for
    any more is forgotten. Raises OSError as the port's radio does.
    """
    cache = state.link
    mark = state.config_mark
    fails = state.fails if state.failure in _BLAMED else 0
    lease.review(cache, (mark ^ mark >> 16) & 0xFFFF, rtc.read() // 60, fails, len(networks))
    if country:
        network.country(country)
    wlan = radio.on()
    four = _four(*static_ip) if static_ip else lease.address(cache)
    if four:
        wlan.ifconfig(four)
    known = lease.access_point(cache)
    if known:
        radio.join(wlan, *networks[known[0]], *known[1:])


def up(radio, networks, static_ip, cache, broken):
    """Wait until the link carries packets; what start() tried having failed, look for the networks and join the best.

    radio, networks, static_ip: of start(). cache: node.state's `link`. broken: whether start() failed.
    Returns whether address and name server are new, so that the broker's address is to be asked for. Raises LinkError.
    """
    wlan = network.WLAN(network.STA_IF)
    had = cache[7]
    seconds = _QUICK_S if had or static_ip else _QUICK_S + _DHCP_S
    if not broken and lease.access_point(cache) and not wait(radio, wlan, awake.cap_ms(seconds), None):
        lease.used(cache, signal(wlan) if cache[5] else 0)
    else:
        from node import search

        reason = search.run(radio, networks, cache, had and not static_ip, wait)
        if reason:
            raise LinkError(reason)
        had = False
    if had:
        return False
    lease.keep_address(cache, wlan.ifconfig())
    return True


def wait(radio, wlan, ms, before):
    """Wait for the link. ms: at most. before: status() right after this attempt began, None for the first one.

    Returns None, or a word that says why not. ESP32 shows the last failure until the next success, whether a new attempt is
    under way or not (network_wlan.c; micropython #17339): such a status tells nothing of this one.
    """
    end = time.ticks_add(time.ticks_ms(), ms)
    while not wlan.isconnected():
        failed = None if wlan.status() == before else radio.failed(wlan)
        if failed or time.ticks_diff(end, time.ticks_ms()) <= 0:
            return failed or "timeout"
        time.sleep_ms(_POLL_MS)
    return None


def signal(wlan):
    """The signal of the access point that is joined, dBm; 0 where the port does not tell."""
    try:
        return wlan.status("rssi")
    except (OSError, ValueError):
        return 0


def _four(network_text, gateway):
    ip, _, bits = network_text.partition("/")
    # The gateway answers DNS in a home network.
    return ip, lease.text(lease.mask(int(bits))), gateway, gateway
