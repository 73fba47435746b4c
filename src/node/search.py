"""The link from nothing: a scan, the strongest access point of the first network that is there, an address by DHCP."""

import time

from micropython import const

from power import awake, lease

_JOIN_S = const(10)
_SCAN_MS = const(300)  # at least
_SCAN_ROOM_S = const(6)  # a scan takes up to 2.5 s, and then there is still an upload to do


def run(radio, networks, kept, forget, wait):
    """Join the best network.

    radio: the port's module of power/. networks: ((ssid, key), ...). kept: node.state's `link`, which learns what was found.
    forget: whether an address is set that must go. wait: of node.link. Returns None, or a word that says why not.
    """
    last = kept[6] >> 4
    kept[4] = kept[7] = 0
    wlan = radio.reset(forget)
    reason = "no_ap"
    found = _around(wlan, networks, last)
    for i in range(len(found)):
        at, bssid, channel, rssi = found[i]
        if i:
            radio.reset(False)
        radio.join(wlan, *networks[at], bssid, channel)
        share_ms = awake.left_ms() // (len(found) - i)
        reason = wait(radio, wlan, min(awake.cap_ms(_JOIN_S), share_ms), wlan.status())
        if not reason:
            lease.learn(kept, at, bssid, channel, rssi)
            return None
    return reason


def _around(wlan, networks, last):
    # What to try, in order: (place among the networks, BSSID or None, channel, dBm).
    every = [(at, None, 0, 0) for at in range(len(networks))]
    if last < len(every):
        every.insert(0, every.pop(last))
    if awake.left_ms() < _SCAN_ROOM_S * awake.MS_PER_S:
        return every
    began_ms = time.ticks_ms()
    try:
        heard = wlan.scan()
    except (OSError, MemoryError):
        return every
    if not heard and time.ticks_diff(time.ticks_ms(), began_ms) < _SCAN_MS * awake.MS_PER_S // 1000:
        return every  # the port did not scan: ESP32 gives an empty list then (network_wlan.c)
    found = []
    hidden = False
    for at in range(len(networks)):
        ssid = networks[at][0].encode()
        best = None
        for point in heard:
            if point[0] == ssid:
                if best is None or point[3] > best[3]:
                    best = point
            elif not point[0].strip(b"\0"):
                hidden = True
        if best:
            found.append((at, bytes(best[1]), best[2], best[3]))
    if hidden:
        # A network that keeps its name to itself answers to it when it is joined, on every port.
        seen = [entry[0] for entry in found]
        found += [entry for entry in every if entry[0] not in seen]
    return found
