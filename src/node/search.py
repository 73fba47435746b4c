"""The link from nothing: a scan, the strongest access point of the first network that is there, an address by DHCP."""

import time

from micropython import const

from power import awake, lease

_JOIN_S = const(10)
_SCAN_MS = const(300)  # at least
_SCAN_ROOM_S = const(6)  # a scan takes up to 2.5 s, and then there is still an upload to do


def run(radio, networks, cache, forget, wait):
    """Join the best network.

    radio: the port's module of power/. networks: ((ssid, key), ...). cache: node.state's `link`, which learns what was found.
    forget: whether an address is set that must go. wait: of node.link. Returns None, or a word that says why not.
    """
    last = cache[6] >> 4
    cache[4] = cache[7] = 0
    wlan = radio.anew(forget)
    reason = "no_ap"
    found = _scan(wlan, networks, last)
    for i in range(len(found)):
        place, bssid, channel, rssi = found[i]
        if i:
            radio.anew(False)
        radio.join(wlan, *networks[place], bssid, channel)
        share_ms = awake.left_ms() // (len(found) - i)
        reason = wait(radio, wlan, min(awake.cap_ms(_JOIN_S), share_ms), wlan.status())
        if not reason:
            lease.keep_access_point(cache, place, bssid, channel, rssi)
            return None
    return reason


def _scan(wlan, networks, last):
    """What to try, in order: (place among the networks, BSSID or None, channel, dBm)."""
    every = list(range(len(networks)))
    if last in every:
        every.remove(last)
        every.insert(0, last)
    every = [(place, None, 0, 0) for place in every]
    if awake.left_ms() < _SCAN_ROOM_S * awake.MS_PER_S:
        return every
    began = time.ticks_ms()
    try:
        heard = wlan.scan()
    except (OSError, MemoryError):
        return every
    if not heard and time.ticks_diff(time.ticks_ms(), began) < _SCAN_MS * awake.MS_PER_S // 1000:
        return every  # the port did not scan: ESP32 gives an empty list then (network_wlan.c)
    found = []
    hidden = False
    for place in range(len(networks)):
        name = networks[place][0].encode()
        best = None
        for entry in heard:
            if entry[0] == name:
                if best is None or entry[3] > best[3]:
                    best = entry
            elif not entry[0].strip(b"\0"):
                hidden = True
        if best:
            found.append((place, bytes(best[1]), best[2], best[3]))
    if hidden:
        # A network that keeps its name to itself answers to it when it is joined, on every port.
        seen = [entry[0] for entry in found]
        found += [entry for entry in every if entry[0] not in seen]
    return found
