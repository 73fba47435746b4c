"""Addresses and names: the node's own, the broker's, the time server's."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from dormouse.checking import ERROR, WARNING, Finding, Node, rule

_TLS_PORT, _PLAIN_PORT = "8883", "1883"


def address(node: Node) -> ipaddress.IPv4Interface | None:
    """STATIC_IP's own part with its network."""
    return ipaddress.IPv4Interface(node["STATIC_IP"][0]) if node["STATIC_IP"] else None


def host_of(node: Node, setting: str) -> str:
    """The host in BROKER or NTP, in small letters; "" for none."""
    return (node[setting] or "").partition(":")[0].lower()


@rule(
    "local-name", ERROR, "a name that ends in `.local` where the firmware does not ask for such", "finds no broker, or no time"
)
def local_name(node: Node) -> Iterator[Finding]:
    for setting in ("BROKER", "NTP"):
        if host_of(node, setting).endswith(".local") and not node.board["network"]["local_names"]:
            text = (
                f"is {node[setting]!r}, which {node['BOARD']} cannot find; allowed: an address, or a name that the router knows"
            )
            yield Finding(setting, text)


@rule(
    "static-ip",
    ERROR,
    "an address or gateway that is no host's, or not in the same network",
    "joins the network, and no answer comes",
)
def static_ip(node: Node) -> Iterator[Finding]:
    own = address(node)
    if own is None:
        return
    gateway = ipaddress.IPv4Address(node["STATIC_IP"][1])
    net = own.network
    first, last = net.network_address + 1, net.broadcast_address - 1
    allowed = f"allowed in {net}: {first} to {last}"
    if own.ip in (net.network_address, net.broadcast_address) or _no_host(own.ip):
        yield Finding("STATIC_IP", f"has the address {own.ip}, which is no host's; {allowed}")
    elif gateway not in net or gateway in (net.network_address, net.broadcast_address):
        yield Finding("STATIC_IP", f"has the gateway {gateway}; {allowed}")
    elif gateway == own.ip:
        yield Finding("STATIC_IP", f"has {gateway} for the node and for the gateway; {allowed}, two of them")


@rule(
    "own-address", ERROR, "the broker or the time server at the node's own address", "connects to itself, where nobody answers"
)
def own_address(node: Node) -> Iterator[Finding]:
    own = address(node)
    for setting in ("BROKER", "NTP"):
        if own and host_of(node, setting) == str(own.ip):
            yield Finding(setting, f"is {node[setting]!r}, the node's own STATIC_IP; allowed: another machine's")


@rule("this-machine", WARNING, "the broker or the time server at 127.0.0.1 or `localhost`", "works on the virtual board only")
def this_machine(node: Node) -> Iterator[Finding]:
    for setting in ("BROKER", "NTP"):
        host = host_of(node, setting)
        if host == "localhost" or (_is_address(host) and ipaddress.IPv4Address(host).is_loopback):
            yield Finding(setting, f"is {node[setting]!r}: on a board that is the node itself; give the machine's address")


@rule("broker-address", ERROR, "a broker's or time server's address that no host has", "connects to nobody")
def broker_address(node: Node) -> Iterator[Finding]:
    own = address(node)
    for setting in ("BROKER", "NTP"):
        host = host_of(node, setting)
        if _is_address(host):
            ip = ipaddress.IPv4Address(host)
            edges = (own.network.network_address, own.network.broadcast_address) if own else ()
            if _no_host(ip) or ip in edges:
                yield Finding(setting, f"is {node[setting]!r}, which is no host's address; allowed: host or host:port")


@rule(
    "port-tls", WARNING, "port 1883 with `TLS`, or 8883 without", "fails with most brokers: they speak the other on that port"
)
def port_tls(node: Node) -> Iterator[Finding]:
    port = node["BROKER"].partition(":")[2]
    if port == (_PLAIN_PORT if node["TLS"] else _TLS_PORT):
        with_tls = "with TLS, for which brokers have 8883" if node["TLS"] else "without TLS, which brokers speak there"
        yield Finding("BROKER", f"is {node['BROKER']!r}: port {port} {with_tls}")


def _is_address(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def _no_host(ip: ipaddress.IPv4Address) -> bool:
    # 0.0.0.0 to 0.255.255.255, multicast, and what is reserved, broadcast among it.
    return ip.is_multicast or ip.is_reserved or int(ip) >> 24 == 0
