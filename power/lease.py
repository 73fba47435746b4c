"""What the node remembers of its link from one wake to the next: access point, address, broker. Pure.

The 30 bytes of node.state's `link`, little-endian; all zero: nothing is known.
0 mark of the configuration, 2 minute of the clock at which the address came, 4 uses since the scan (0: no access point),
5 signal in the scan, dBm (0: not known), 6 channel, and 16 times the place among the networks, 7 bits of the net mask
(0: no address; 128 more: one from the configuration, and the broker is to be asked for), 8 BSSID (zeros: any, for a hidden
network), 14 address, 18 gateway, 22 name server, 26 broker.

How long it is believed:
- The address, and the broker's that was resolved with it, 2 hours by the clock. No port tells how long a lease lasts; an hour
  or two is the shortest that routers give by default, and a server offers a lease that ran out to its old owner first (RFC
  2131, 4.3.1). So no interval costs more than 12 DHCP exchanges a day.
- The access point 96 uploads, fewer when its signal falls: a mesh must not pin the node to a weak one.
- After one failed upload address and broker are asked for anew: they may be another's now. After a second one in a row, and
  then after every fourth, the access point too; not after all, or a broker that is down for days would cost a scan each time.

Names here are those of other modules where they fit: a new one costs heap for the whole wake.
"""

from micropython import const

_AGE_MIN = const(120)
_MOST_USES = const(96)
_FALL_DB = const(10)  # beyond what a door or a person in the way does
_STALE = const(128)


def check(kept, mark, now, fails, limit):
    """Forget what must not be used in this wake.

    kept: the bytes above. mark: of the configuration, 16 bits. now: minutes of the clock. fails: failed uploads in a row.
    limit: number of networks in the credentials.
    """
    if kept[0] | kept[1] << 8 != mark:
        kept[:] = bytes(30)
        kept[0] = mark & 255
        kept[1] = mark >> 8
    if kept[4] > _MOST_USES or fails & 3 == 2 or kept[6] >> 4 >= limit or kept[8] & 1:
        kept[4] = 0
    aged = now - (kept[2] | kept[3] << 8) & 0xFFFF > _AGE_MIN
    bits = kept[7]
    ip = int.from_bytes(kept[14:18], "big")
    gateway = int.from_bytes(kept[18:22], "big")
    right = 8 <= bits <= 30 and ip != gateway and (ip ^ gateway) >> (32 - bits) == 0 and 0 < kept[14] < 224
    if not kept[4] or fails == 1 or aged or not right:
        kept[7] = 0


def choice(kept):
    """What to join: (place among the networks, BSSID or None, channel); None when nothing is known."""
    if not kept[4]:
        return None
    return kept[6] >> 4, bytes(kept[8:14]) if any(kept[8:14]) else None, kept[6] & 15


def learn(kept, at, bssid, channel, rssi):
    """What a search found. at: place among the networks. bssid: 6 bytes; None when a scan did not show it: then channel and
    rssi are 0.
    """
    kept[4] = 1
    kept[5] = rssi & 255 if rssi < 0 else 0
    # A channel that does not fit (5 GHz) the port finds by itself.
    kept[6] = at << 4 | (channel if channel < 16 else 0)
    kept[8:14] = bssid or bytes(6)


def used(kept, rssi):
    """The access point did its service once more. rssi: dBm, 0 when it is not known."""
    kept[4] += 1
    if kept[5] and rssi < kept[5] - 256 - _FALL_DB:
        # The next wake looks for a better one.
        kept[4] = 255


def address(kept):
    """What WLAN.ifconfig() takes: (address, mask, gateway, name server); None for DHCP."""
    bits = kept[7] & ~_STALE
    if not bits:
        return None
    mask = (0xFFFFFFFF << (32 - bits) & 0xFFFFFFFF).to_bytes(4, "big")
    return text(kept[14:18]), text(mask), text(kept[18:22]), text(kept[22:26])


def keep(kept, address):
    """Remember an address. address: as WLAN.ifconfig() gives it; or ("192.168.1.50/24", gateway) of the configuration, whose
    gateway answers for names too, as it does in a home network.
    """
    ip, slash, bits = address[0].partition("/")
    if slash:
        # Whether address and broker are still good is not the address's to say.
        kept[7] = int(bits) | (0 if kept[7] else _STALE)
    else:
        kept[7] = sum([bin(byte).count("1") for byte in packed(address[1])])
    kept[14:26] = packed(ip) + packed(address[len(address) // 2]) + packed(address[-1])


def broker(kept):
    """The broker's address as text, "" when it is not known."""
    return text(kept[26:]) if any(kept[26:]) else ""


def put(kept, address):
    """Remember the broker's address. address: text."""
    kept[26:] = packed(address)


def text(ip):
    """4 bytes as "192.168.1.10"."""
    return ".".join([str(byte) for byte in ip])


def packed(ip):
    """The reverse of text(). Raises ValueError."""
    return bytes([int(part) for part in ip.split(".")])
