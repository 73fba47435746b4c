"""What the node remembers of its link from one wake to the next: access point, address, broker. Pure.

The 30 bytes of node.state's `link`, little-endian; all zero: nothing is known.
0 mark of the configuration, 2 minute of the clock at which the address came, 4 uses since the scan (0: no access point),
5 signal in the scan, dBm (0: not known), 6 channel, and 16 times the place among the networks, 7 bits of the net mask
(0: no address), 8 BSSID (zeros: any, for a hidden network), 14 address, 18 gateway, 22 name server, 26 broker.

How long it is believed:
- The address, and the broker's that was resolved with it, 2 hours by the clock. No port tells how long a lease lasts; an hour
  or two is the shortest that routers give by default, and a server offers a lease that ran out to its old owner first (RFC
  2131, 4.3.1). So no interval costs more than 12 DHCP exchanges a day.
- The access point 96 uploads, fewer when its signal falls: a mesh must not pin the node to a weak one.
- After one failed upload address and broker are asked for anew: they may be another's now. After a second one in a row, and then
  in every fourth, the access point too; not in all of them, or a broker that is down for days would cost a scan in each wake.
"""

from micropython import const

_AGE_MIN = const(120)
_MOST_USES = const(96)
_FALL_DB = const(10)  # beyond what a door or a person in the way does


def review(cache, mark, minute, fails, networks):
    """Forget what must not be used in this wake.

    cache: the bytes above. mark: of the configuration, 16 bits. minute: of the clock, any start. fails: failed uploads in a row.
    networks: number of networks in the credentials.
    """
    if cache[0] | cache[1] << 8 != mark:
        cache[:] = bytes(30)
        cache[0] = mark & 255
        cache[1] = mark >> 8
    if cache[4] > _MOST_USES or fails & 3 == 2 or cache[6] >> 4 >= networks or cache[8] & 1:
        cache[4] = 0
    aged = (minute - (cache[2] | cache[3] << 8)) & 0xFFFF > _AGE_MIN
    if not cache[4] or fails == 1 or aged or not _is_address(cache):
        cache[7] = 0


def _is_address(cache):
    bits = cache[7]
    ip = int.from_bytes(cache[14:18], "big")
    gateway = int.from_bytes(cache[18:22], "big")
    return 8 <= bits <= 30 and ip != gateway and (ip ^ gateway) >> (32 - bits) == 0 and 0 < cache[14] < 224


def access_point(cache):
    """(place among the networks, BSSID or None, channel) to join; None when there is nothing to go by."""
    if not cache[4]:
        return None
    return cache[6] >> 4, bytes(cache[8:14]) if any(cache[8:14]) else None, cache[6] & 15


def address(cache):
    """What WLAN.ifconfig() takes: (address, mask, gateway, name server); None for DHCP."""
    return cache[7] and tuple([text(part) for part in (cache[14:18], mask(cache[7]), cache[18:22], cache[22:26])]) or None


def used(cache, rssi):
    """The access point did its service once more. rssi: dBm, 0 when it is not known."""
    cache[4] += 1
    known = cache[5] - 256 if cache[5] else 0
    if known and rssi < known - _FALL_DB:
        # The next wake looks for a better one.
        cache[4] = 255


def keep_access_point(cache, place, bssid, channel, rssi):
    """What a search found. bssid: 6 bytes, or None when the scan did not show it; then channel and rssi are 0."""
    cache[4] = 1
    cache[5] = rssi & 255 if rssi < 0 else 0
    # Where a channel does not fit (5 GHz), the port looks for itself.
    cache[6] = place << 4 | (channel if channel < 16 else 0)
    cache[8:14] = bssid or bytes(6)


def keep_address(cache, four):
    """What DHCP gave. four: as WLAN.ifconfig() gives it."""
    cache[14:26] = b"".join([packed(four[i]) for i in (0, 2, 3)])
    cache[7] = sum([bin(byte).count("1") for byte in packed(four[1])])


def broker(cache):
    """The broker's address as text, "" when it is not known."""
    return text(cache[26:]) if any(cache[26:]) else ""


def keep_broker(cache, ip):
    """What the broker's name was resolved to. ip: text."""
    cache[26:] = packed(ip)


def stamp(cache, minute):
    """Address and broker are as old as this. minute: of the clock."""
    cache[2] = minute & 255
    cache[3] = minute >> 8 & 255


def mask(bits):
    """A net mask as 4 bytes."""
    return (0xFFFFFFFF << (32 - bits) & 0xFFFFFFFF).to_bytes(4, "big")


def text(four):
    """4 bytes as "192.168.1.10"."""
    return ".".join([str(byte) for byte in four])


def packed(ip):
    """The reverse of text(). Raises ValueError."""
    return bytes([int(part) for part in ip.split(".")])
