"""Wi-Fi networks with more to them than one access point."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from .world import WifiWorld


@dataclass(frozen=True)
class AccessPoint:
    """One access point. rssi: dBm at the board. ssid, password: None for the world's own."""

    bssid: bytes
    channel: int
    rssi: int
    ssid: str | None = None
    password: str | None = None


@dataclass(frozen=True)
class Attempt:
    """A board began to associate. at_ms: of its life's clock. bssid, channel: what it was told of them."""

    at_ms: int
    ssid: str | None
    bssid: bytes | None
    channel: int


@dataclass
class WifiMesh(WifiWorld):
    """A network with more to it. others: further access points, there whether the first is or not. dead: addresses under which
    nothing passes, since another machine has them. hidden: the world's own name is not in the beacons.

    What happened in it: scans; leases, given by the DHCP server; attempts to associate.
    """

    others: list[AccessPoint] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    hidden: bool = False
    scans: int = 0
    leases: int = 0
    attempts: list[Attempt] = field(default_factory=list)


def routed(address: str, mask: str, gateway: str) -> bool:
    """Whether packets come back to an address: it and its gateway are two hosts of one network.

    lwIP sends from any address, but nobody on the network answers one that is not of it.
    """
    try:
        net = ipaddress.IPv4Interface(f"{address}/{mask}").network
    except ValueError:
        return False
    edges = (net.network_address, net.broadcast_address)
    pair = (ipaddress.IPv4Address(address), ipaddress.IPv4Address(gateway))
    return pair[0] != pair[1] and all(ip in net and ip not in edges for ip in pair)
