"""The world around a virtual board: the access point, the name server, the time server, the weather."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .devices import Part
from .devices.scene import Scene


@dataclass
class WifiWorld:
    """The access point. Times in milliseconds; None takes the board's own from its board.toml."""

    ssid: str = "dormouse"
    password: str = "sleep-tight"
    ap_present: bool = True
    dhcp_answers: bool = True
    associate_ms: int | None = None
    dhcp_ms: int | None = None
    rssi: int = -61  # dBm
    bssid: bytes = b"\x02\x1a\x2b\x3c\x4d\x5e"
    channel: int = 6
    address: tuple[str, str, str, str] = ("192.168.1.57", "255.255.255.0", "192.168.1.1", "192.168.1.1")
    drops_after_ms: int | None = None  # the link is lost so long after it came up


@dataclass
class DnsWorld:
    """The name server. table: name to address; a name that is not in it fails, after fail_ms. fails: every name does."""

    table: dict[str, str] = field(default_factory=lambda: {"pool.ntp.org": "127.0.0.1"})
    ms: int = 30
    fail_ms: int = 5000
    fails: bool = False


@dataclass
class NtpWorld:
    """The time server behind UDP port 123. mode: "good", "silent", "kiss" (kiss-of-death RATE), "unsynchronised"."""

    mode: str = "good"
    offset_s: float = 0.0  # how far its time is from the virtual world's
    requests: int = 0  # answered or not


@dataclass
class World:
    """Everything that a virtual board meets. One world may serve several boards.

    scene: the weather; None: the board makes one from its clock. drift: relative error of the sleep clock, None for the
    board's own. devices: makes the parts, given now_ms and the scene; None: those that config.SENSORS names. inputs: level by
    pin, for pins that something outside drives. edges: by pin, what comes after that: (seconds since 1970, level from then
    on), in order.
    """

    wifi: WifiWorld = field(default_factory=WifiWorld)
    dns: DnsWorld = field(default_factory=DnsWorld)
    ntp: NtpWorld = field(default_factory=NtpWorld)
    scene: Scene | None = None
    drift: float | None = None
    devices: Callable[[Callable[[], float], Scene], Sequence[Part]] | None = None
    inputs: dict[str, int] = field(default_factory=dict)
    edges: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
