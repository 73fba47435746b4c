"""The Wi-Fi link of one wake: first as it was last time, then from nothing, all of it within the awake budget."""

import time

import network

from micropython import const

from power import awake, lease, rtc

_POLL_MS = const(5)
_QUICK_S = const(3)  # for an access point that is known
_DHCP_S = const(3)  # and more when it must give an address
_STALE = const(128)  # power.lease


class LinkError(OSError):
    """The link did not come up. args[0]: a word for the report: "no_ap", "password", "refused", "handshake", "timeout"."""


def start(radio, networks, static_ip, country, state):
    """Radio on and, where the access point is known, the association under way: it goes on while the sensors convert.

    radio: the port's module of power/. networks: ((ssid, key), ...), at least one. static_ip: ("192.168.1.50/24",
    "192.168.1.1") or None for DHCP. country: two letters or None. state: node.state.State; what its `link` must not be used for
    any more is forgotten. Raises OSError as the port's radio does.
    """
    kept = state.link
    mark = state.config_mark
    # backoff.LINK, NETWORK, BUDGET, or nothing told: what the link may be to blame for.
    fails = state.fails if state.failure in (0, 1, 3, 8) else 0
    lease.check(kept, (mark ^ mark >> 16) & 0xFFFF, rtc.read() // 60, fails, len(networks))
    if country:
        network.country(country)
    wlan = radio.on()
    if static_ip:
        lease.keep(kept, static_ip)
    address = lease.address(kept)
    if address:
        wlan.ifconfig(address)
    choice = lease.choice(kept)
    if choice:
        radio.join(wlan, *networks[choice[0]], *choice[1:])


def up(radio, networks, static_ip, kept, error):
    """Wait until the link carries packets; what start() tried having failed, look for the networks and join the best.

    radio, networks, static_ip: of start(). kept: node.state's `link`. error: what start() raised, or None.
    Returns whether address and name server are new, so that the broker's address is to be asked for. Raises LinkError.
    """
    wlan = network.WLAN()
    had = kept[7]
    ms = awake.cap_ms(_QUICK_S if had else _QUICK_S + _DHCP_S)
    if not error and lease.choice(kept) and not wait(radio, wlan, ms, None):
        rssi = 0
        if kept[5]:
            try:
                rssi = wlan.status("rssi")
            except (OSError, ValueError):
                pass  # the CYW43's port tells it since 1.20
        lease.used(kept, rssi)
    else:
        from node import search

        reason = search.run(radio, networks, kept, had and not static_ip, wait)
        if reason:
            raise LinkError(reason)
        had = 0
    if 0 < had < _STALE:
        return False
    lease.keep(kept, wlan.ifconfig())
    return True


def wait(radio, wlan, ms, before):
    """Wait for the link. ms: at most. before: status() right after this attempt began, None for the first one.

    Returns None, or a word that says why not. ESP32 shows the last failure until the next success, whether a new attempt is
    under way or not (network_wlan.c; micropython #17339): such a status tells nothing of this one.
    """
    end = time.ticks_add(time.ticks_ms(), ms)
    while True:
        late = time.ticks_diff(end, time.ticks_ms()) <= 0
        if wlan.isconnected():
            return None
        failed = None if wlan.status() == before else radio.failed(wlan)
        if failed or late:
            return failed or "timeout"
        time.sleep_ms(_POLL_MS)
