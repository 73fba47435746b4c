"""The virtual world's time server: UDP on a loopback port, answering with the virtual time. Packet format: ntplib."""

from __future__ import annotations

import socket
from collections.abc import Callable

import ntplib

from .world import NtpWorld

_TO_1900 = ntplib.NTP.NTP_DELTA


class NtpServer:
    """Answers requests. now_s: the virtual time in seconds since 1970. Attributes: sock (non-blocking), port."""

    def __init__(self, world: NtpWorld, now_s: Callable[[], float]) -> None:
        self._world = world
        self._now = now_s
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.setblocking(False)
        self.port: int = self.sock.getsockname()[1]

    def serve(self) -> None:
        """Answer what has arrived."""
        while True:
            try:
                data, address = self.sock.recvfrom(512)
            except BlockingIOError:
                return
            self._world.requests += 1
            if len(data) >= 48 and self._world.mode != "silent":
                self.sock.sendto(self._answer(data), address)

    def _answer(self, data: bytes) -> bytes:
        now = self._now() + self._world.offset_s + _TO_1900
        packet = ntplib.NTPPacket(version=data[0] >> 3 & 7, mode=4)
        packet.stratum = 1
        packet.precision = -20
        packet.ref_id = int.from_bytes(b"GPS\0", "big")
        if self._world.mode == "kiss":  # RFC 5905 section 7.4
            packet.stratum, packet.leap, packet.ref_id = 0, 3, int.from_bytes(b"RATE", "big")
        elif self._world.mode == "unsynchronised":
            packet.stratum, packet.leap = 16, 3
        packet.ref_timestamp = packet.recv_timestamp = packet.tx_timestamp = now
        out = bytearray(packet.to_data())
        out[24:32] = data[40:48]  # originate: the request's transmit time, bit for bit
        return bytes(out)

    def close(self) -> None:
        self.sock.close()
